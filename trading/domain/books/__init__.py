"""What is held, what it cost, what it is worth: lots, postings, marks and P&L, as arithmetic."""
