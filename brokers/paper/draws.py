"""Chances that can be drawn again: each is a number between 0 and 1 that its names decide.

There is no generator and so no state: the same seed, order and question have the same answer in any process, before and
after a restart. What is drawn decides a model's event, never a price of its own.
"""

import hashlib

STEPS = 2**48


def draw(seed: str, *names: object) -> float:
    """Return the number that the names decide; it is above 0 and below 1, and as good as uniform over many names."""
    text = ":".join(str(name) for name in (seed, *names))
    drawn = int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")
    return (drawn + 1) / (STEPS + 2)
