"""Which of the lots that were named for a whole run each of its children takes."""

from collections.abc import Iterable, Sequence

from trading.domain.algos.values import WHOLE, Child, Leg

Named = tuple[int, str, int]  # the leg, the lot's name, how much of it


def lots_of(child: Child, legs: Sequence[Leg], before: Iterable[Child], named: Sequence[Named]) -> list[Named]:
    """Return what the child takes: the named lots in their order, after what its siblings fill or may yet fill.

    A leg is named by its place in the child's own order: one that trades alone is the first.
    """
    siblings = [other for other in before if other.step != child.step]
    taken: list[Named] = []
    for index, leg in enumerate(legs):
        own = _contracts(child, index, leg, child.qty)
        skip = sum(_contracts(other, index, leg, other.cum + other.leaves) for other in siblings)
        place = index if child.leg == WHOLE else 0
        taken += [(place, lot, qty) for lot, qty in _between([n for n in named if n[0] == index], skip, own)]
    return taken


def _contracts(child: Child, index: int, leg: Leg, qty: int) -> int:
    if child.leg == WHOLE:
        return qty * leg.ratio
    return qty if child.leg == index else 0


def _between(named: Iterable[Named], skip: int, count: int) -> Iterable[tuple[str, int]]:
    """Yield the `count` contracts of the named lots that follow the first `skip`."""
    for _, lot, qty in named:
        passed = min(skip, qty)
        skip -= passed
        part = min(qty - passed, count)
        count -= part
        if part:
            yield lot, part
