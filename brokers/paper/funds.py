"""What a cash account must hold: cash behind every short put, shares or a longer call behind every short call."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.money import ZERO
from allcore.kernel.orders import PriceEffect, Side, TriggerPrice
from allcore.kernel.tickets import OrderTicket
from brokers.paper.contracts import OPTION_MULTIPLIER, option_named


@dataclass(frozen=True, slots=True)
class Demand:
    """What positions need: dollars kept aside, and how much is sold without being had (calls, and shares)."""

    cash: Decimal
    bare_calls: int
    short_shares: int


@dataclass(slots=True)
class _Lot:
    option: OptionContract
    left: int


def demand_of(positions: Mapping[str, int]) -> Demand:
    """Return what the positions need, each underlying by itself."""
    demands = [_demand_of_one(name, group) for name, group in sorted(_by_underlying(positions).items())]
    return Demand(
        cash=sum((d.cash for d in demands), ZERO),
        bare_calls=sum(d.bare_calls for d in demands),
        short_shares=sum(d.short_shares for d in demands),
    )


def refusal(
    *, cash: Decimal, positions: Mapping[str, int], working: Iterable[OrderTicket], ticket: OrderTicket, debit: Decimal
) -> str:
    """Return why the order cannot be paid for, or nothing.

    `debit` is what all of it costs at worst (below zero: brings in). Orders at work count with what they may take, not
    with what they may bring. An order that leaves a shortfall no larger than it found is let through: that is how an
    account gets out of trouble.
    """
    at_risk = dict(positions)
    spendable = cash
    for other in working:
        spendable -= max(worst_debit(other), ZERO)
        _add(at_risk, other, only_sales=not other.is_multi_leg)
    before, held = demand_of(at_risk), dict(at_risk)
    _add(held, ticket, only_sales=False)
    after = demand_of(held)
    if after.bare_calls > before.bare_calls or after.short_shares > before.short_shares:
        return "INSUFFICIENT_SHARES"
    short_before, short_after = before.cash - spendable, after.cash - (spendable - debit)
    return "INSUFFICIENT_CASH" if short_after > max(short_before, ZERO) else ""


def worst_debit(ticket: OrderTicket, net: Decimal | None = None) -> Decimal:
    """Return what the order costs in dollars at its own price, or at `net` a unit; a credit is negative."""
    price = own_price(ticket)
    unit = max(leg.multiplier for leg in ticket.legs)
    if price is None:
        return (net or ZERO) * unit * ticket.quantity
    sign = {PriceEffect.DEBIT: 1, PriceEffect.CREDIT: -1, PriceEffect.EVEN: 0}[ticket.price_effect]
    return sign * price * unit * ticket.quantity


def own_price(ticket: OrderTicket) -> Decimal | None:
    """Return the limit, or the stop if it is a price of what is traded; None if the order names neither."""
    if ticket.limit_price is not None or ticket.trigger is TriggerPrice.UNDERLYING_LAST:
        return ticket.limit_price
    return ticket.stop_price


def _add(positions: dict[str, int], ticket: OrderTicket, *, only_sales: bool) -> None:
    for leg in ticket.legs:
        if leg.side is Side.SELL or not only_sales:
            positions[leg.symbol] = positions.get(leg.symbol, 0) + leg.side.sign * leg.ratio * ticket.quantity


def _by_underlying(positions: Mapping[str, int]) -> dict[str, dict[str, int]]:
    groups: dict[str, dict[str, int]] = {}
    for symbol, qty in positions.items():
        option = option_named(symbol)
        groups.setdefault(symbol if option is None else option.root, {})[symbol] = qty
    return groups


def _demand_of_one(underlying: str, positions: Mapping[str, int]) -> Demand:
    shares = positions.get(underlying, 0)
    options = [(option, qty) for symbol, qty in positions.items() if (option := option_named(symbol)) is not None]
    put_cash, _ = _pair(options, Right.PUT, covered=0)
    call_cash, bare = _pair(options, Right.CALL, covered=max(shares, 0) // OPTION_MULTIPLIER)
    return Demand(put_cash + call_cash, bare, max(-shares, 0))


def _pair(options: list[tuple[OptionContract, int]], right: Right, *, covered: int) -> tuple[Decimal, int]:
    """Return the cash needed and the bare contracts left, each short paired with cover: shares first, then longs."""
    shorts = [_Lot(o, -qty) for o, qty in sorted(options, reverse=True) if o.right is right and qty < 0]
    longs = [_Lot(o, qty) for o, qty in sorted(options, reverse=True) if o.right is right and qty > 0]
    cash, bare = ZERO, 0
    for short in sorted(shorts, key=lambda lot: lot.option.strike, reverse=right is Right.PUT):
        by_shares = min(short.left, covered)
        covered -= by_shares
        left = short.left - by_shares
        for long in sorted(longs, key=lambda lot: lot.option.strike, reverse=right is Right.PUT):
            paired = min(left, long.left) if long.option.expiry >= short.option.expiry else 0
            cash += _gap(short.option, long.option) * OPTION_MULTIPLIER * paired
            long.left -= paired
            left -= paired
        cash += short.option.strike * OPTION_MULTIPLIER * left if right is Right.PUT else ZERO
        bare += left
    return cash, bare


def _gap(short: OptionContract, long: OptionContract) -> Decimal:
    gap = short.strike - long.strike if short.right is Right.PUT else long.strike - short.strike
    return max(gap, ZERO)
