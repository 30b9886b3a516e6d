"""Short calls that may be exercised for a dividend which goes ex with the next session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from allcore.kernel.instruments import Right
from allcore.kernel.reports import BookKind
from marketdata.domain import pricing
from marketdata.domain.dividends import DividendInputError, EarlyExercise, Option, early_exercise
from marketdata.models import MarketEvent
from trading.domain.books.valuation import Line
from trading.models import CorporateAction
from trading.selectors.measures import Market
from trading.selectors.position_rows import describe
from trading.selectors.rows import Row

PLACES = 4


@dataclass(frozen=True, slots=True)
class Due:
    """A dividend in dollars a share, and the first day on which who buys the share does not get it."""

    ex_date: date
    amount: float


def due(names: Sequence[str], after: date, until: date) -> dict[str, Due]:
    """Return the dividends that go ex after one day and up to another: entered and confirmed ones, then listed ones."""
    listed = MarketEvent.objects.filter(
        kind=MarketEvent.Kind.EX_DIVIDEND,
        instrument__symbol__in=names,
        day__gt=after,
        day__lte=until,
        amount__isnull=False,
    ).order_by("-day", "-id")
    entered = CorporateAction.objects.filter(
        kind=BookKind.DIVIDEND,
        state=CorporateAction.State.CONFIRMED,
        symbol__in=names,
        ex_date__gt=after,
        ex_date__lte=until,
    ).order_by("-ex_date", "-id")
    told = [
        *listed.values_list("instrument__symbol", "day", "amount"),
        *entered.values_list("symbol", "ex_date", "amount"),
    ]
    return {name: Due(day, float(amount)) for name, day, amount in told if amount is not None}


def rows(lines: Sequence[Line], market: Market, dividends: Mapping[str, Due]) -> list[Row]:
    """Return each short call with what its holder weighs; those that cannot be told are in the missing quotes."""
    shorts = [x for x in lines if x.qty < 0 and x.right is Right.CALL and x.underlying in dividends]
    weighed = [
        (line, dividends[line.underlying], _weighed(line, market, dividends[line.underlying])) for line in shorts
    ]
    return [
        {
            "symbol": line.symbol,
            "description": describe(line),
            "qty": line.qty,
            "ex_date": dividend.ex_date.isoformat(),
            "dividend": round(found.dividend, PLACES),
            "put": round(found.put, PLACES),
            "interest": round(found.interest, PLACES),
            "is_expected": found.is_expected,
        }
        for line, dividend, found in weighed
        if found is not None
    ]


def _weighed(line: Line, market: Market, dividend: Due) -> EarlyExercise | None:
    spot, greeks = market.spot(line.underlying), market.greeks.get(line.symbol)
    if spot is None or greeks is None or line.strike is None or line.expiry is None or dividend.ex_date > line.expiry:
        return None
    years = pricing.years_to_expiry(market.at, line.expiry)
    option = Option(
        is_call=True, spot=spot, strike=float(line.strike), years=years, rate=market.rate, volatility=greeks.iv
    )
    try:
        return early_exercise(option, dividend.amount)
    except DividendInputError:
        return None
