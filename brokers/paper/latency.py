"""How long a message takes to the exchange: spread like the real thing, yet the same each time for the same id."""

import hashlib
from datetime import timedelta
from math import exp
from statistics import NormalDist

SIGMA = 0.866  # of the logarithm: a median of 80 ms has its 99th percentile at 600 ms
STEPS = 2**32


def latency_of(message_id: str, median_ms: float) -> timedelta:
    """Return the message's delay: the quantile of a lognormal that its id's hash names. A median of 0 is no delay."""
    drawn = int.from_bytes(hashlib.sha256(message_id.encode()).digest()[:4], "big")
    quantile = (drawn + 1) / (STEPS + 2)
    return timedelta(milliseconds=median_ms * exp(SIGMA * NormalDist().inv_cdf(quantile)))
