"""Orders that wait at the desk, and lists of orders that act on one another."""
