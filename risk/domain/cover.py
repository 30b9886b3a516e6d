"""What secures short options: cash, shares and longer longs, each used once.

A long option covers a short one of the same right if it does not expire before it. Shorts are served longest first,
so that no long is spent on a short that another could have served: longs fit for a later short fit every earlier one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.money import ZERO
from risk.domain.lines import Line, merged


@dataclass(frozen=True, slots=True)
class Requirement:
    """`cash` in dollars that short options bind if all are assigned; `naked_calls` contracts that nothing covers."""

    cash: Decimal
    naked_calls: int


NOTHING = Requirement(ZERO, 0)


@dataclass(slots=True)
class _Long:
    contract: OptionContract
    left: int


def requirement(lines: Iterable[Line]) -> Requirement:
    """Return what the lines of one underlying require."""
    given = tuple(lines)
    if not any(line.qty < 0 and line.contract is not None for line in given):
        return NOTHING  # the most common of all: no order and no position sells an option
    positions = merged(given)
    put_cash, _ = _shorts(positions, Right.PUT, shares=0)
    shares = sum(line.qty for line in positions if line.contract is None)
    call_cash, naked = _shorts(positions, Right.CALL, shares=max(shares, 0))
    return Requirement(cash=put_cash + call_cash, naked_calls=naked)


def _shorts(positions: tuple[Line, ...], right: Right, *, shares: int) -> tuple[Decimal, int]:
    """Return the cash that the shorts of one right bind, and how many contracts nothing covers."""
    ours = [(line, line.contract) for line in positions if line.contract is not None and line.contract.right is right]
    longs = [_Long(contract, line.qty) for line, contract in ours if line.qty > 0]
    shorts = sorted(
        ((c.expiry, c.strike, line, c) for line, c in ours if line.qty < 0), key=lambda s: s[:2], reverse=True
    )
    cash, naked = ZERO, 0
    for _, _, line, contract in shorts:
        left = -line.qty
        by_shares = min(left, shares // line.multiplier)
        shares -= by_shares * line.multiplier
        width, uncovered = _by_longs(contract, left - by_shares, longs)
        cash += width * line.multiplier
        if right is Right.PUT:
            cash += uncovered * contract.strike * line.multiplier
        else:
            naked += uncovered
    return cash, naked


def _by_longs(short: OptionContract, left: int, longs: list[_Long]) -> tuple[Decimal, int]:
    """Spend longs on a short; return the width paid per share, summed over contracts, and what remains uncovered."""
    width = ZERO
    for long in sorted(longs, key=lambda one: _gap(short, one.contract)):
        used = min(left, long.left) if long.contract.expiry >= short.expiry else 0
        width += used * _gap(short, long.contract)
        long.left -= used
        left -= used
    return width, left


def _gap(short: OptionContract, long: OptionContract) -> Decimal:
    """Return the most a share of the pair can lose at expiry."""
    gap = short.strike - long.strike if short.right is Right.PUT else long.strike - short.strike
    return max(gap, ZERO)
