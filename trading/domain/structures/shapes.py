"""The named structures, each with its opposite, as a table that a trader can check.

A shape names its legs: sign, number (1 if left out), C call, P put or S a contract's worth of shares, the strike's rank
from the lowest, and after @ the expiry's rank from the nearest (1 if left out).
"""

import re
from typing import NamedTuple

CUSTOM = "CUSTOM"


class Place(NamedTuple):
    """One leg of a shape: `strike` and `expiry` are ranks from 1 (0 of shares)."""

    kind: str
    strike: int
    expiry: int
    qty: int


Shape = tuple[Place, ...]

# fmt: off
# One row: the shape, what it is called, what its opposite (each sign turned) is called.
ROWS: tuple[tuple[str, str, str], ...] = (
    ("+S", "LONG_STOCK", "SHORT_STOCK"),
    ("+C1", "LONG_CALL", "SHORT_CALL"),
    ("+P1", "LONG_PUT", "SHORT_PUT"),
    # Two options of one expiry
    ("+C1 -C2", "BULL_CALL_SPREAD", "BEAR_CALL_SPREAD"),
    ("-P1 +P2", "BEAR_PUT_SPREAD", "BULL_PUT_SPREAD"),
    ("+2C1 -C2", "CALL_ZEBRA", "SHORT_CALL_ZEBRA"),
    ("+2P2 -P1", "PUT_ZEBRA", "SHORT_PUT_ZEBRA"),
    ("+C1 +P1", "LONG_STRADDLE", "SHORT_STRADDLE"),
    ("+P1 +C2", "LONG_STRANGLE", "SHORT_STRANGLE"),
    ("+C1 +P2", "LONG_GUTS", "SHORT_GUTS"),
    ("+C1 +2P1", "LONG_STRIP", "SHORT_STRIP"),
    ("+2C1 +P1", "LONG_STRAP", "SHORT_STRAP"),
    ("+C1 -P1", "SYNTHETIC_LONG", "SYNTHETIC_SHORT"),
    ("-P1 +C2", "BULLISH_RISK_REVERSAL", "BEARISH_RISK_REVERSAL"),
    # Three options of one expiry
    ("+C1 -2C2 +C3", "LONG_CALL_BUTTERFLY", "SHORT_CALL_BUTTERFLY"),
    ("+P1 -2P2 +P3", "LONG_PUT_BUTTERFLY", "SHORT_PUT_BUTTERFLY"),
    ("+C1 -3C2 +2C3", "LONG_CALL_CHRISTMAS_TREE", "SHORT_CALL_CHRISTMAS_TREE"),
    ("+2P1 -3P2 +P3", "LONG_PUT_CHRISTMAS_TREE", "SHORT_PUT_CHRISTMAS_TREE"),
    ("+C1 -C2 -C3", "BULL_CALL_LADDER", "BEAR_CALL_LADDER"),
    ("-P1 -P2 +P3", "BEAR_PUT_LADDER", "BULL_PUT_LADDER"),
    ("-P1 +C2 -C3", "BULLISH_SEAGULL", "REVERSE_BULLISH_SEAGULL"),
    ("-P1 +P2 -C3", "BEARISH_SEAGULL", "REVERSE_BEARISH_SEAGULL"),
    ("-P1 -C2 +C3", "JADE_LIZARD", "SHORT_JADE_LIZARD"),
    ("+P1 -P2 -C3", "TWISTED_SISTER", "SHORT_TWISTED_SISTER"),
    ("-P1 -C1 +C2", "BIG_LIZARD", "SHORT_BIG_LIZARD"),
    # Four options of one expiry
    ("+P1 -P2 -C3 +C4", "IRON_CONDOR", "REVERSE_IRON_CONDOR"),
    ("+P1 -P2 -C2 +C3", "IRON_BUTTERFLY", "REVERSE_IRON_BUTTERFLY"),
    ("+C1 -C2 -C3 +C4", "LONG_CALL_CONDOR", "SHORT_CALL_CONDOR"),
    ("+P1 -P2 -P3 +P4", "LONG_PUT_CONDOR", "SHORT_PUT_CONDOR"),
    ("+C1 -P1 -C2 +P2", "LONG_BOX", "SHORT_BOX"),
    # Two expiries
    ("-C1 +C1@2", "LONG_CALL_CALENDAR", "SHORT_CALL_CALENDAR"),
    ("-P1 +P1@2", "LONG_PUT_CALENDAR", "SHORT_PUT_CALENDAR"),
    ("-C2 +C1@2", "LONG_CALL_DIAGONAL", "SHORT_CALL_DIAGONAL"),
    ("-C1 +C2@2", "LONG_CALL_DIAGONAL", "SHORT_CALL_DIAGONAL"),
    ("-P1 +P2@2", "LONG_PUT_DIAGONAL", "SHORT_PUT_DIAGONAL"),
    ("-P2 +P1@2", "LONG_PUT_DIAGONAL", "SHORT_PUT_DIAGONAL"),
    ("-C1 -P1 +C1@2 +P1@2", "LONG_CALENDAR_STRADDLE", "SHORT_CALENDAR_STRADDLE"),
    ("-P1 -C2 +P1@2 +C2@2", "LONG_DOUBLE_CALENDAR", "SHORT_DOUBLE_CALENDAR"),
    ("-P2 -C3 +P1@2 +C4@2", "LONG_DOUBLE_DIAGONAL", "SHORT_DOUBLE_DIAGONAL"),
    ("-P1 -C4 +P2@2 +C3@2", "LONG_DOUBLE_DIAGONAL", "SHORT_DOUBLE_DIAGONAL"),
    ("-C1 +P1 +C1@2 -P1@2", "LONG_JELLY_ROLL", "SHORT_JELLY_ROLL"),
    # With shares
    ("+S -C1", "COVERED_CALL", "PROTECTIVE_CALL"),
    ("+S +P1", "PROTECTIVE_PUT", "COVERED_PUT"),
    ("+S +P1 -C1", "CONVERSION", "REVERSAL"),
    ("+S +P1 -C2", "COLLAR", "SHORT_COLLAR"),
    ("+S -C1 -P1", "COVERED_STRADDLE", "SHORT_COVERED_STRADDLE"),
    ("+S -P1 -C2", "COVERED_STRANGLE", "SHORT_COVERED_STRANGLE"),
    ("+S +2P1", "SYNTHETIC_LONG_STRADDLE", "SYNTHETIC_SHORT_STRADDLE"),
    ("-S +2C1", "SYNTHETIC_LONG_STRADDLE", "RATIO_COVERED_CALL"),
    ("+S +C1 -2C2", "STOCK_REPAIR", "SHORT_STOCK_REPAIR"),
    ("+S -P1 +P2 -C3", "PUT_SPREAD_COLLAR", "SHORT_PUT_SPREAD_COLLAR"),
    ("+S +P1 -C2 +C3", "CALL_SPREAD_COLLAR", "SHORT_CALL_SPREAD_COLLAR"),
)
# fmt: on

LEG = re.compile(r"^(?P<sign>[+-])(?P<count>\d*)(?P<kind>[CPS])(?P<strike>\d?)(?:@(?P<expiry>\d))?$")


def shape_of(text: str) -> Shape:
    """Return the shape that a row's text names."""
    return tuple(sorted(_place(word) for word in text.split()))


def _place(word: str) -> Place:
    match = LEG.match(word)
    if match is None:
        raise ValueError(f"not a leg of a shape: {word!r}")
    qty = int(match["count"] or 1) * (1 if match["sign"] == "+" else -1)
    if match["kind"] == "S":
        return Place("S", 0, 0, qty)
    return Place(match["kind"], int(match["strike"] or 1), int(match["expiry"] or 1), qty)


def opposite(shape: Shape) -> Shape:
    """Return the shape of who takes the other side."""
    return tuple(sorted(place._replace(qty=-place.qty) for place in shape))


def _named() -> dict[Shape, str]:
    named: dict[Shape, str] = {}
    for text, long, short in ROWS:
        shape = shape_of(text)
        named[shape], named[opposite(shape)] = long, short
    return named


NAMED = _named()
BROKEN = {  # with wings of unequal width
    "LONG_CALL_BUTTERFLY": "BROKEN_WING_CALL_BUTTERFLY",
    "SHORT_CALL_BUTTERFLY": "SHORT_BROKEN_WING_CALL_BUTTERFLY",
    "LONG_PUT_BUTTERFLY": "BROKEN_WING_PUT_BUTTERFLY",
    "SHORT_PUT_BUTTERFLY": "SHORT_BROKEN_WING_PUT_BUTTERFLY",
    "IRON_BUTTERFLY": "BROKEN_WING_IRON_BUTTERFLY",
    "REVERSE_IRON_BUTTERFLY": "REVERSE_BROKEN_WING_IRON_BUTTERFLY",
    "LONG_CALL_CONDOR": "BROKEN_WING_CALL_CONDOR",
    "SHORT_CALL_CONDOR": "SHORT_BROKEN_WING_CALL_CONDOR",
    "LONG_PUT_CONDOR": "BROKEN_WING_PUT_CONDOR",
    "SHORT_PUT_CONDOR": "SHORT_BROKEN_WING_PUT_CONDOR",
}
RATIOS = {  # right and whether more is sold than bought: a spread of any 1:n whose short side is out of the money
    ("C", True): "CALL_RATIO_SPREAD",
    ("C", False): "CALL_BACKSPREAD",
    ("P", True): "PUT_RATIO_SPREAD",
    ("P", False): "PUT_BACKSPREAD",
}
CODES = frozenset({*NAMED.values(), *BROKEN.values(), *RATIOS.values(), "CASH_SECURED_PUT", CUSTOM})
