"""Models' numbers about money: floats inside, and dollars in whole cents at the border."""
