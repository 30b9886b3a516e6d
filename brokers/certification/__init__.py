"""What an adapter has shown that it can do, against what, and until when."""
