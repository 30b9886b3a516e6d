"""How well one order was filled: against the market in which it was staged, and what waiting for the yes cost."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from allcore.kernel.clock import seconds_between
from allcore.kernel.money import ZERO, to_cents
from allcore.kernel.orders import PriceEffect, Side
from trading.domain.books.quality import Market, Quality, quality
from trading.models import Execution, Order, OrderLeg
from trading.selectors.rows import Row, text

PLACES = Decimal("0.0001")


def quality_row(order: Order, legs: Sequence[OrderLeg], executions: Sequence[Execution], odd: Mapping[int, int]) -> Row:
    """Return the figures; None where one cannot be told: nothing filled whole, a quote not kept, legs of two sizes."""
    live = [execution for execution in executions if execution.status == Execution.Status.LIVE]
    market, paid = _market(order, legs), None if any(odd.values()) else _paid(legs, live)
    found = None if market is None or paid is None else quality(paid, market)
    shares = order.cum_qty * (legs[0].instrument.multiplier if legs else 0)
    return {
        **_figures(found),
        "paid": _plain(paid),
        "mid": None if market is None else _plain(market.mid),
        "width": None if market is None else _plain(market.width),
        "cost": None if found is None else f"{to_cents(found.slippage * shares):f}",
        "delay_cost": _delay(order, market, shares),
        "fees": f"{sum((execution.fee for execution in live), ZERO):f}",
        "filled": order.cum_qty,
        "of": order.order_qty,
        "ack_seconds": _seconds(order, order.acked_at),
        "fill_seconds": _seconds(order, min((e.received_at for e in live), default=None)),
    }


def _figures(found: Quality | None) -> Row:
    if found is None:
        return dict.fromkeys(("slippage", "effective", "of_width", "improvement", "of_half", "is_to_review"))
    return {
        "slippage": _plain(found.slippage),
        "effective": _plain(found.effective),
        "of_width": _plain(found.of_width),
        "improvement": _plain(found.improvement),
        "of_half": _plain(found.of_half),
        "is_to_review": found.is_to_review,
    }


def _market(order: Order, legs: Sequence[OrderLeg]) -> Market | None:
    """Return the package's market as it was kept when the order was staged."""
    quotes = order.arrival.get("quotes", {})
    best = natural = ZERO
    for leg in legs:
        quote = quotes.get(leg.instrument.symbol)
        if quote is None or "None" in quote[:2] or leg.instrument.multiplier != legs[0].instrument.multiplier:
            return None
        bid, ask = Decimal(quote[0]), Decimal(quote[1])
        best += leg.ratio * (bid if leg.side == Side.BUY else -ask)
        natural += leg.ratio * (ask if leg.side == Side.BUY else -bid)
    return Market(best, natural) if legs else None


def _paid(legs: Sequence[OrderLeg], live: Sequence[Execution]) -> Decimal | None:
    """Return what a share of one unit cost on average; None where a leg has no fill."""
    total = ZERO
    for leg in legs:
        fills = [execution for execution in live if execution.leg == leg.index]
        qty = sum(execution.qty for execution in fills)
        if qty == 0:
            return None
        average = sum((execution.qty * execution.px for execution in fills), ZERO) / qty
        total += Side(leg.side).sign * leg.ratio * average
    return total if legs else None


def _delay(order: Order, market: Market | None, shares: int) -> str | None:
    """Return in dollars what the market moved between the proposal and the staging: the price of the approval."""
    shown = None if order.proposal is None else order.proposal.content.get("price", {}).get("mid")
    if shown is None or market is None:
        return None
    proposed = -Decimal(shown) if order.price_effect == PriceEffect.CREDIT else Decimal(shown)
    return f"{to_cents((market.mid - proposed) * shares):f}"


def _seconds(order: Order, at: datetime | None) -> float | None:
    return None if order.sent_at is None or at is None else round(seconds_between(order.sent_at, at), 3)


def _plain(value: Decimal | None) -> str | None:
    return text(None if value is None else value.quantize(PLACES))
