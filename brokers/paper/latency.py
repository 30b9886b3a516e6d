"""How long a message takes to the exchange: spread like the real thing, yet the same each time for the same id."""

from datetime import timedelta
from math import exp
from statistics import NormalDist

from brokers.paper.draws import draw

SIGMA = 0.866  # of the logarithm: a median of 80 ms has its 99th percentile at 600 ms


def latency_of(message_id: str, median_ms: float, seed: str = "") -> timedelta:
    """Return the message's delay: the quantile of a lognormal that its id's draw names. A median of 0 is no delay."""
    if not median_ms:
        return timedelta(0)
    quantile = draw(seed, message_id, "latency")
    return timedelta(milliseconds=median_ms * exp(SIGMA * NormalDist().inv_cdf(quantile)))
