"""What a structure is called, told from its shape alone: the legs' order and the number of units do not matter."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import gcd, lcm

from allcore.kernel.instruments import OptionContract
from trading.domain.structures.legs import Leg
from trading.domain.structures.shapes import BROKEN, CUSTOM, NAMED, RATIOS, Place, Shape


def recognise(legs: Iterable[Leg], *, is_cash_secured: bool = False) -> str:
    """Return the structure's code, CUSTOM where the field has no name for it.

    `is_cash_secured` says that the account puts up a short put's whole strike: then it has a name of its own.
    """
    merged = _merged(legs)
    shape = _shape(merged)
    if shape is None:
        return CUSTOM
    code = NAMED.get(shape) or _ratio(shape) or CUSTOM
    if code in BROKEN and not _has_equal_wings(merged):
        return BROKEN[code]
    return "CASH_SECURED_PUT" if code == "SHORT_PUT" and is_cash_secured else code


def name_of(code: str) -> str:
    """Return the code as a person reads it."""
    return code.replace("_", " ").capitalize().replace("Cash secured", "Cash-secured")


def _merged(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """Return one leg an instrument, flat ones left out."""
    total: dict[OptionContract | None, Leg] = {}
    for leg in legs:
        known = total.get(leg.contract)
        total[leg.contract] = leg if known is None else replace(leg, qty=leg.qty + known.qty)
    return tuple(leg for leg in total.values() if leg.qty)


def _shape(legs: Sequence[Leg]) -> Shape | None:
    """Return the legs as ranks and smallest whole numbers; None where they are not of one kind of contract."""
    options = [leg for leg in legs if leg.contract is not None]
    multipliers = {leg.multiplier for leg in options} or {1}
    roots = {leg.contract.root for leg in options if leg.contract is not None}
    if not legs or len(multipliers) > 1 or len(roots) > 1:
        return None
    lot = multipliers.pop()
    strikes = sorted({leg.contract.strike for leg in options if leg.contract is not None})
    days = sorted({leg.contract.expiry for leg in options if leg.contract is not None})
    amounts = _whole([Fraction(leg.shares, lot) for leg in legs])
    return tuple(
        sorted(
            Place("S", 0, 0, qty)
            if leg.contract is None
            else Place(
                str(leg.contract.right),
                strikes.index(leg.contract.strike) + 1,
                days.index(leg.contract.expiry) + 1,
                qty,
            )
            for leg, qty in zip(legs, amounts, strict=True)
        )
    )


def _whole(amounts: Sequence[Fraction]) -> list[int]:
    scale = lcm(*(amount.denominator for amount in amounts))
    whole = [int(amount * scale) for amount in amounts]
    common = gcd(*whole)
    return [amount // common for amount in whole]


def _ratio(shape: Shape) -> str | None:
    """Return the name of an uneven spread of one right and expiry, nearer the money on the single side."""
    if len(shape) != 2 or len({(p.kind, p.expiry) for p in shape}) > 1 or shape[0].kind == "S":
        return None
    near, far = sorted(shape, key=lambda p: p.strike, reverse=shape[0].kind == "P")
    if near.qty * far.qty >= 0 or abs(near.qty) >= abs(far.qty):
        return None
    return RATIOS[near.kind, far.qty < 0]


def _has_equal_wings(legs: Sequence[Leg]) -> bool:
    strikes: list[Decimal] = sorted({leg.contract.strike for leg in legs if leg.contract is not None})
    return strikes[1] - strikes[0] == strikes[-1] - strikes[-2]
