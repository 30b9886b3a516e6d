"""The seven-level condition of the market (protocol 3.2): what the index did lately, held back by VIX."""

from enum import IntEnum


class Condition(IntEnum):
    """From the best to the worst."""

    EXTREMELY_BULLISH = 0
    BULLISH = 1
    NEUTRAL_BULLISH = 2
    NEUTRAL = 3
    NEUTRAL_BEARISH = 4
    BEARISH = 5
    EXTREMELY_BEARISH = 6

    @property
    def words(self) -> str:
        """The level as a person says it."""
        return self.name.lower().replace("_", " ")

    @property
    def allows_new_puts(self) -> bool:
        """Whether puts may be opened."""
        return self < Condition.BEARISH


LEVELS = (
    (0.05, Condition.EXTREMELY_BULLISH),
    (0.02, Condition.BULLISH),
    (0.005, Condition.NEUTRAL_BULLISH),
)
FALLS = (
    (-0.05, Condition.EXTREMELY_BEARISH),
    (-0.02, Condition.BEARISH),
    (-0.005, Condition.NEUTRAL_BEARISH),
)
CAPS = (
    (25, Condition.NEUTRAL),
    (20, Condition.NEUTRAL_BULLISH),
    (15, Condition.BULLISH),
)
ONE_WORSE = 30
TWO_WORSE = 35


def condition(change: float, vix: float) -> Condition:
    """Return the level for a five-session change of the first index and a VIX."""
    level = _by_change(round(change, 9))
    if vix >= TWO_WORSE:
        return max(_worse(level, 2), Condition.BEARISH)
    if vix >= ONE_WORSE:
        return max(_worse(level, 1), Condition.NEUTRAL_BEARISH)
    cap = next((cap for above, cap in CAPS if vix > above), Condition.EXTREMELY_BULLISH)
    return max(level, cap)


def _by_change(change: float) -> Condition:
    up = next((level for least, level in LEVELS if change >= least), None)
    down = next((level for most, level in FALLS if change <= most), None)
    if up is not None:
        return up
    return Condition.NEUTRAL if down is None else down


def _worse(level: Condition, notches: int) -> Condition:
    return Condition(min(level + notches, Condition.EXTREMELY_BEARISH))
