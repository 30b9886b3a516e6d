"""What a decision may be, and what voids it before it is sent."""
