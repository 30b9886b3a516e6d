"""Whatever is asked and whatever fills, in whatever order: cash covers every promise, and nothing is uncovered."""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from allcore.kernel.orders import PositionEffect, PriceEffect, Side
from allcore.kernel.tickets import OrderTicket
from risk.domain.book import Holding, Pending
from risk.domain.cover import requirement
from risk.domain.gate import assess
from risk.domain.lines import held, traded
from risk.domain.prices import signed_limit, unit_multiplier
from risk.domain.verdict import Outcome
from tests.builders.risk import (
    CALL,
    HIGHER_CALL,
    LOWER_PUT,
    NEXT_PUT,
    PRICES,
    PUT,
    SHARE,
    book,
    combo,
    dec,
    holding,
    leg,
    limits,
    pending,
    request,
    single,
)

OPTIONS = (PUT, LOWER_PUT, NEXT_PUT, CALL, HIGHER_CALL)
START = dec(60_000)
LOOSE = limits(
    quote_width=(None, "9"),
    order_contracts=(None, "999"),
    order_premium=(None, "999999999"),
    order_delta=(None, "999999999"),
    order_notional_paper=("999999999", None),
    structure_loss=(None, "999"),
    duplicate=(None, "0"),
    deployment=(None, "999"),
    name_account=("999", None),
    name_household=(None, "999"),
    buffer=(None, "0"),
)


@dataclass
class Desk:
    """An account that does what the gate allows, and whose orders fill whenever the market likes."""

    cash: Decimal = START
    positions: dict[str, int] = field(default_factory=dict)
    working: list[Pending] = field(default_factory=list)

    @property
    def holdings(self) -> tuple[Holding, ...]:
        return tuple(holding(symbol, qty, PRICES[symbol][0]) for symbol, qty in self.positions.items() if qty)

    def send(self, ticket: OrderTicket) -> None:
        mine = book(cash=self.cash, equity=dec(100_000), holdings=self.holdings, pending=tuple(self.working))
        assessment = assess(request(ticket, book=mine, limits=LOOSE))
        if assessment.outcome is Outcome.PASS:
            self.working.append(pending(ticket, cash=str(assessment.cash_required)))

    def fill(self, index: int, units: int) -> None:
        if not self.working:
            return
        order = self.working.pop(index % len(self.working))
        units = min(units, order.leaves)
        price = signed_limit(order.ticket) or dec(0)
        self.cash -= price * unit_multiplier(order.ticket) * units
        for line in traded(order.ticket, units):
            self.positions[line.symbol] = self.positions.get(line.symbol, 0) + line.qty
        left = order.leaves - units
        if left:
            self.working.append(replace(order, leaves=left, cash=order.cash * left / order.leaves))

    def cancel(self, index: int) -> None:
        if self.working:
            self.working.pop(index % len(self.working))


def near(symbol: str, side: Side) -> str:
    return PRICES[symbol][1 if side is Side.BUY else 0]


@st.composite
def singles(draw: st.DrawFn) -> OrderTicket:
    symbol = draw(st.sampled_from((*OPTIONS, SHARE)))
    side, effect = draw(st.sampled_from(Side)), draw(st.sampled_from(PositionEffect))
    lots = draw(st.integers(1, 2))
    return single(symbol, side, effect, lots * 100 if symbol == SHARE else lots, near(symbol, side))


@st.composite
def pairs(draw: st.DrawFn) -> OrderTicket:
    one, other = draw(st.lists(st.sampled_from(OPTIONS), min_size=2, max_size=2, unique=True))
    side = draw(st.sampled_from(Side))
    effects = draw(st.tuples(st.sampled_from(PositionEffect), st.sampled_from(PositionEffect)))
    cost = side.sign * (dec(near(one, side)) - dec(near(other, side.opposite)))
    effect = PriceEffect.DEBIT if cost > 0 else PriceEffect.CREDIT
    legs = (leg(one, side, effects[0]), leg(other, side.opposite, effects[1]))
    return combo(*legs, effect=effect, limit=str(abs(cost)), quantity=draw(st.integers(1, 2)))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), singles()),
        st.tuples(st.just("send"), pairs()),
        st.tuples(st.just("fill"), st.integers(0, 9)),
        st.tuples(st.just("cancel"), st.integers(0, 9)),
    ),
    max_size=25,
)


LONGS = st.fixed_dictionaries(
    {symbol: st.integers(0, 2) for symbol in OPTIONS} | {SHARE: st.sampled_from((0, 100, 200))}
)


@settings(max_examples=300, deadline=None)
@given(LONGS, STEPS)
def test_the_gate_never_lets_an_account_promise_more_than_it_has(
    longs: dict[str, int], steps: list[tuple[str, object]]
) -> None:
    desk = Desk(positions=longs)
    for what, which in steps:
        if isinstance(which, OrderTicket):
            desk.send(which)
        elif isinstance(which, int):
            desk.fill(which, 1 + which % 2 * 99) if what == "fill" else desk.cancel(which)

        bound = requirement(held(desk.holdings))

        assert desk.cash >= bound.cash, "cash does not cover the short puts and spreads"
        assert bound.naked_calls == 0, "a short call is uncovered"
        assert desk.positions.get(SHARE, 0) >= 0, "shares are short"


def test_a_long_that_is_sold_leaves_the_put_that_it_would_have_covered_to_cash() -> None:
    desk = Desk(cash=dec(26_000), positions={LOWER_PUT: 1})
    desk.send(single(PUT, Side.SELL, PositionEffect.OPEN, 1, "4.10"))  # binds the width: the long covers it
    desk.send(single(LOWER_PUT, Side.SELL, PositionEffect.CLOSE, 1, "1.50"))
    assert len(desk.working) == 2
    desk.fill(1, 1)  # the long is gone while the put still works: it will need its whole strike

    desk.send(single(LOWER_PUT, Side.SELL, PositionEffect.OPEN, 1, "1.50"))

    assert [order.ticket.legs[0].symbol for order in desk.working] == [PUT]
