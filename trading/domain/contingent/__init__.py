"""Orders that wait: for a price, for a condition, for one another. Values in, values out."""
