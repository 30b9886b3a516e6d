"""What a set of legs is called, what it can win and lose, and what it is worth on the way: values in, values out."""
