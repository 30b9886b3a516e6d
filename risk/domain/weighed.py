"""An account's positions, its open orders and the order at hand under the scenarios of stress and of the last year.

All is valued anew at this moment's quotes. An open order counts in a scenario where it loses and not where it gains:
nobody knows which of them fill. The order at hand counts as filled. Options are valued as European here: the right to
exercise early moves a loss by less than the width of a quote, and would take ten times as long.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from allcore.kernel import calendar
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import OptionContract, Right
from marketdata.domain import pricing
from risk.domain.limits import MissingNumberError
from risk.domain.lines import Line, contract_of, traded
from risk.domain.measures import stress, tails
from risk.domain.measures.numbers import Floats
from risk.domain.measures.revaluation import Instruments, Shock, scaled, unit_pnl
from risk.domain.prices import both_sides
from risk.domain.request import GateRequest
from risk.domain.sheet import Sheet

CONFIDENCE = 0.99
GAMMA_MOVE = 0.03  # of the spot, at which short gamma is weighed
Pair = tuple[float, float]  # without the order, and with it


@dataclass(frozen=True, slots=True)
class Weighed:
    """One column an instrument. Shapes: `held` and `order` shares of each, `orders` open orders x instruments.

    Greeks are of one share, in the desk's units: `delta` in shares, `vega` dollars a volatility point.
    """

    names: tuple[str, ...]
    book: Instruments
    held: Floats
    orders: Floats
    order: Floats
    delta: Floats
    gamma: Floats
    vega: Floats

    def worst(self, gains: Floats) -> tuple[Floats, Floats]:
        """Return what each scenario brings without the order and with it; `gains` are instruments x scenarios."""
        before = self.held @ gains + np.minimum(self.orders @ gains, 0.0).sum(axis=0)
        return before, before + self.order @ gains

    def largest(self, each: Floats) -> Pair:
        """Return the largest size of a sum that open orders may move either way, without the order and with it."""
        moved = self.orders @ each
        low = float(self.held @ each + np.minimum(moved, 0.0).sum())
        high = float(self.held @ each + np.maximum(moved, 0.0).sum())
        more = float(self.order @ each)
        return max(abs(low), abs(high)), max(abs(low + more), abs(high + more))

    @property
    def dollar_delta(self) -> Floats:
        """What a share of each gains with all of its underlying's price."""
        return self.delta * self.book.spot


def weighed(request: GateRequest, sheet: Sheet) -> Weighed:
    """Return the account as the scenarios take it.

    Raises:
        MissingNumberError: an underlying has no price, or an option no model values.
    """
    positions = {h.symbol: h.qty * h.multiplier for h in request.book.holdings if h.qty}
    owners = {h.symbol: h.underlying for h in request.book.holdings}
    orders = [(p.underlying, traded(p.ticket, p.leaves)) for p in request.pending]
    at_hand = (request.ticket.underlying, traded(request.ticket, request.quantity))
    owners |= {line.symbol: name for name, lines in (*orders, at_hand) for line in lines}
    symbols = sorted({*positions, *(line.symbol for _, lines in (*orders, at_hand) for line in lines)})
    place = {symbol: n for n, symbol in enumerate(symbols)}
    names = tuple(sorted({owners[symbol] for symbol in symbols}))
    book = _instruments(request, sheet, [(symbol, owners[symbol]) for symbol in symbols], names)
    greeks = [request.market.greeks.get(symbol) for symbol in symbols]
    shares = [contract_of(symbol) is None for symbol in symbols]
    return Weighed(
        names=names,
        book=book,
        held=np.array([positions.get(symbol, 0) for symbol in symbols], dtype=np.float64),
        orders=np.array([_column(lines, place) for _, lines in orders]).reshape(len(orders), len(symbols)),
        order=_column(at_hand[1], place),
        delta=np.array([1.0 if s else g.delta if g else np.nan for s, g in zip(shares, greeks, strict=True)]),
        gamma=np.array([g.gamma if g and not s else 0.0 for s, g in zip(shares, greeks, strict=True)]),
        vega=np.array([g.vega if g and not s else 0.0 for s, g in zip(shares, greeks, strict=True)]),
    )


def stress_grid(found: Weighed) -> Floats:
    """Return what a share of each instrument gains in each cell of the stress grid. Shape: instruments x cells."""
    return stress.grid(found.book).reshape(len(found.book), -1)


def stress_losses(found: Weighed, grid: Floats, *, name: str = "") -> Pair:
    """Return the loss in the worst cell of the stress grid, of one underlying alone if it is named; never below 0."""
    if name:
        grid = grid * (found.book.owner == found.names.index(name))[:, None]
    before, after = found.worst(grid)
    return _loss(before), _loss(after)


def values_at_risk(found: Weighed, request: GateRequest, sheet: Sheet) -> Pair:
    """Return the loss of a day that one day in a hundred exceeds, over the last year's days.

    Raises:
        MissingNumberError: the days are too few.
    """
    moves, factors = sheet.days(found.names)
    today = new_york_date(request.market.exchange_now)
    days = (calendar.next_session(today).day - today).days
    shock = Shock(moves[found.book.owner], scaled(found.book, factors[None, :]), days=float(days))
    before, after = found.worst(unit_pnl(found.book, shock))
    return _tail(before), _tail(after)


def gamma_losses(found: Weighed) -> Pair:
    """Return what being short gamma loses when each underlying moves by 3 %, beside its delta."""
    each = 0.5 * found.gamma * np.square(GAMMA_MOVE * found.book.spot)
    before, after = found.worst(each[:, None])
    return _loss(before), _loss(after)


def _tail(gains: Floats) -> float:
    return max(tails.historical(gains, CONFIDENCE).var, 0.0) + 0.0  # nought has no sign


def _loss(gains: Floats) -> float:
    return max(-float(gains.min()), 0.0) + 0.0


def _column(lines: Iterable[Line], place: dict[str, int]) -> Floats:
    found = np.zeros(len(place))
    for line in lines:
        found[place[line.symbol]] += line.qty * line.multiplier
    return found


def _instruments(
    request: GateRequest, sheet: Sheet, owned: Sequence[tuple[str, str]], names: tuple[str, ...]
) -> Instruments:
    contracts = [contract_of(symbol) for symbol, _ in owned]
    spots = {name: _mid(request, name) for name in names}
    at = request.market.exchange_now
    return Instruments(
        owner=np.array([names.index(owner) for _, owner in owned], dtype=np.int64),
        is_option=np.array([c is not None for c in contracts], dtype=np.bool_),
        is_call=np.array([c is not None and c.right is Right.CALL for c in contracts], dtype=np.bool_),
        is_american=np.zeros(len(owned), dtype=np.bool_),
        spot=np.array([spots[owner] for _, owner in owned]),
        strike=np.array([1.0 if c is None else float(c.strike) for c in contracts]),
        years=np.array([0.0 if c is None else pricing.years_to_expiry(at, c.expiry) for c in contracts]),
        volatility=np.array([_volatility(request, s, c) for (s, _), c in zip(owned, contracts, strict=True)]),
        dividend=np.array([sheet.names[o].dividend if o in sheet.names else 0.0 for _, o in owned]),
        rate=sheet.rate,
    )


def _mid(request: GateRequest, name: str) -> float:
    bid, ask = both_sides(name, request.market.spots)
    return float(bid + ask) / 2


def _volatility(request: GateRequest, symbol: str, contract: OptionContract | None) -> float:
    if contract is None:
        return 0.0
    greeks = request.market.greeks.get(symbol)
    if greeks is None:
        raise MissingNumberError(f"The volatility of {symbol} is not known.", symbol=symbol)
    return greeks.iv
