"""REST: parse, one call, answer."""
