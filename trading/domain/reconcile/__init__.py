"""Two sets of books held against each other."""
