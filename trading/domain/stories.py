"""The life of a position as one story: its opening, its rolls, what was assigned, its end.

Two movements belong together if one order or event made them, if the second changes a position that the first left
open, or if the second sells a call against shares that the first left in the account. A story ends when all that it
opened is flat; what is opened later in the same contract is another story.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.instruments import Right
from allcore.kernel.money import ZERO
from trading.domain.protocol.cycles import Cause, Movement
from trading.domain.structures.legs import Leg
from trading.domain.structures.recognise import name_of, recognise
from trading.domain.structures.shapes import CUSTOM

SHARES = "shares"  # whatever the underlying's own symbol is


class Turn(StrEnum):
    """What a chapter did to the story's positions."""

    OPENED = "OPENED"
    ADDED = "ADDED"
    ROLLED = "ROLLED"
    REDUCED = "REDUCED"
    CLOSED = "CLOSED"
    ASSIGNED = "ASSIGNED"
    EXERCISED = "EXERCISED"
    EXPIRED = "EXPIRED"
    ADJUSTED = "ADJUSTED"


OF_CAUSE = {
    Cause.ASSIGNMENT: Turn.ASSIGNED,
    Cause.EXERCISE: Turn.EXERCISED,
    Cause.EXPIRY: Turn.EXPIRED,
    Cause.ADJUSTMENT: Turn.ADJUSTED,
}


NAMED = frozenset({Turn.OPENED, Turn.ADDED})  # what a roll or a closing trades is not what is held after it


@dataclass(frozen=True, slots=True)
class Chapter:
    """All that one order or event moved. `cash` in dollars, fees apart; `structure` names what was opened."""

    origin: str
    at: datetime
    turn: Turn
    movements: tuple[Movement, ...]
    structure: str

    @property
    def cash(self) -> Decimal:
        """The dollars that it brought; below zero it cost."""
        return sum((m.flow for m in self.movements), ZERO)

    @property
    def fees(self) -> Decimal:
        """The fees of it."""
        return sum((m.fee for m in self.movements), ZERO)


@dataclass(frozen=True, slots=True)
class Story:
    """Its chapters, oldest first, and what is open at the end, by symbol."""

    chapters: tuple[Chapter, ...]
    positions: dict[str, int]

    @property
    def is_open(self) -> bool:
        """Whether anything is left of it."""
        return bool(self.positions)

    @property
    def cash(self) -> Decimal:
        """The dollars that it brought so far, fees paid."""
        return sum((chapter.cash - chapter.fees for chapter in self.chapters), ZERO)

    @property
    def fees(self) -> Decimal:
        """The fees it paid."""
        return sum((chapter.fees for chapter in self.chapters), ZERO)

    @property
    def origins(self) -> frozenset[str]:
        """The orders and events that made it."""
        return frozenset(chapter.origin for chapter in self.chapters)


def stories(movements: Iterable[Movement]) -> list[Story]:
    """Return the stories of one account in one underlying, the latest to begin first; movements oldest first."""
    rows = list(movements)
    groups: dict[int, list[Movement]] = defaultdict(list)
    for movement, group in zip(rows, _groups(rows), strict=True):
        groups[group].append(movement)
    return sorted((_story(group) for group in groups.values()), key=lambda s: s.chapters[0].at, reverse=True)


def _groups(rows: Sequence[Movement]) -> list[int]:
    """Return for each movement the number of its story: the place of the first movement that belongs to it."""
    parent = list(range(len(rows)))

    def root(place: int) -> int:
        while parent[place] != place:
            place = parent[place]
        return place

    by_origin: dict[str, int] = {}
    by_symbol: dict[str, int] = {}
    held: dict[str, int] = defaultdict(int)
    for place, movement in enumerate(rows):
        known = [by_origin.get(movement.origin)]
        if held[movement.symbol]:
            known.append(by_symbol.get(movement.symbol))
        if movement.qty < 0 and movement.is_option(Right.CALL) and held[SHARES] > 0:
            known.append(by_symbol.get(SHARES))
        together = {root(n) for n in (place, *(k for k in known if k is not None))}
        for one in together:
            parent[one] = min(together)
        by_origin[movement.origin] = place
        for name in (movement.symbol, *([SHARES] if movement.contract is None else [])):
            by_symbol[name] = place
            held[name] += movement.qty
    return [root(place) for place in range(len(rows))]


def _story(rows: Sequence[Movement]) -> Story:
    by_origin: dict[str, list[Movement]] = defaultdict(list)
    for movement in rows:
        by_origin[movement.origin].append(movement)
    held: dict[str, int] = defaultdict(int)
    chapters = []
    for origin, own in by_origin.items():
        before = {symbol: qty for symbol, qty in held.items() if qty}
        for movement in own:
            held[movement.symbol] += movement.qty
        after = {symbol: qty for symbol, qty in held.items() if qty}
        turn = _turn(own, before, after)
        chapters.append(Chapter(origin, own[0].at, turn, tuple(own), _structure(own) if turn in NAMED else ""))
    return Story(tuple(chapters), {symbol: qty for symbol, qty in held.items() if qty})


def _turn(rows: Sequence[Movement], before: dict[str, int], after: dict[str, int]) -> Turn:
    other = next((OF_CAUSE[m.cause] for m in rows if m.cause in OF_CAUSE), None)
    if other is not None:
        return other
    symbols = {m.symbol for m in rows}
    grew = any(abs(after.get(s, 0)) > abs(before.get(s, 0)) for s in symbols)
    shrank = any(abs(after.get(s, 0)) < abs(before.get(s, 0)) for s in symbols)
    if grew and shrank:
        return Turn.ROLLED
    if grew:
        return Turn.ADDED if before else Turn.OPENED
    return Turn.REDUCED if after else Turn.CLOSED


def _structure(rows: Sequence[Movement]) -> str:
    code = recognise(Leg(m.contract, m.qty, m.multiplier) for m in rows)
    return "" if code == CUSTOM else name_of(code)
