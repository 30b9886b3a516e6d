"""The ALL-USE protocol: what may be traded when, where, how much, and what became of it. Pure."""
