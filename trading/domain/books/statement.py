"""A day's statement: what it says, where it differs from the broker's book, and the digest that vouches for it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from allcore.kernel.money import to_cents

CASH_TOLERANCE = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class Book:
    """Signed quantities by symbol, flat ones left out, and cash in dollars; None: not told."""

    positions: Mapping[str, int]
    cash: Decimal | None


def differences(ours: Book, theirs: Book) -> list[dict[str, str]]:
    """Return where the books differ: each position, and cash beyond five cents."""
    symbols = sorted(set(ours.positions) | set(theirs.positions))
    pairs = [(symbol, ours.positions.get(symbol, 0), theirs.positions.get(symbol, 0)) for symbol in symbols]
    found = [_said("POSITION", symbol, str(mine), str(other)) for symbol, mine, other in pairs if mine != other]
    if ours.cash is None or theirs.cash is None or abs(ours.cash - theirs.cash) <= CASH_TOLERANCE:
        return found
    return [*found, _said("CASH", "USD", str(to_cents(ours.cash)), str(to_cents(theirs.cash)))]


def _said(kind: str, subject: str, ours: str, theirs: str) -> dict[str, str]:
    return {"kind": kind, "subject": subject, "ours": ours, "theirs": theirs}


def digest(content: Mapping[str, object]) -> str:
    """Return the SHA-256 of the content in its one spelling: keys in order, no blanks, UTF-8."""
    spelled = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(spelled.encode()).hexdigest()
