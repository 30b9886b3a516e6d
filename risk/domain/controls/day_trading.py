"""Day trading, by the rule that the broker applies on the day."""

from decimal import Decimal

from allcore.kernel.clock import new_york_date
from risk.domain.controls.finding import Finding, known, measured, passed
from risk.domain.day_trades import DayTrades, Regime, regime
from risk.domain.exposures import bound, with_order
from risk.domain.request import GateRequest

SHARE_OF_TRADES = Decimal("0.06")


def day_trading(request: GateRequest) -> Finding:
    """Under the old rule no fourth day trade in five days of a small account; under the new, margin left."""
    takes = known(request.market.takes, "The broker")
    day = new_york_date(request.market.exchange_now)
    if regime(takes.broker, day, changed_on=request.book.intraday_margin_from) is Regime.LEGACY_PDT:
        return _pattern(request)
    return _intraday(request)


def _pattern(request: GateRequest) -> Finding:
    """Count the order as the day trade that it makes, or that closing it today would make."""
    equity, floor = known(request.book.equity, "The account's equity"), request.limits["day_trade_equity"]
    if floor.hard is not None and equity >= floor.hard:
        return passed(f"Equity is ${equity:,.2f}; day trades are counted below ${floor.hard:,.2f}.")
    seen = known(request.book.day_trades, "The account's day trades")
    if not request.ticket.is_opening and not any(leg.symbol in seen.opened_today for leg in request.ticket.legs):
        return passed("The order closes nothing that was opened today.")
    if not _is_frequent(seen):
        return passed(f"Day trades are at most 6 % of all trades: {seen.used + 1} of {seen.trades + 1}.")
    what = "Day trades of five business days, this order's included if it is closed today, come to"
    return measured(what, Decimal(seen.used + 1), request.limits["day_trades"])


def _is_frequent(seen: DayTrades) -> bool:
    return seen.used + 1 > SHARE_OF_TRADES * (seen.trades + 1)


def _intraday(request: GateRequest) -> Finding:
    """Nothing is borrowed here, so that what cash is left after all promises is the excess within the day."""
    cash = request.book.cash
    before = cash - bound(request.book.holdings, request.pending)
    after = cash - bound(request.book.holdings, with_order(request))
    return measured("Margin left within the day is", after, request.limits["intraday_excess"], before=before)
