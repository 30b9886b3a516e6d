"""Realised, unrealised and income are cash and market value, whatever happens to the books and in whatever order."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import count, permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allcore.kernel.orders import PositionEffect, Side
from allcore.kernel.reports import BookKind, BookReport, ExecutionReport, ReportKind
from brokers.models import Account
from tests.builders.orders import NOW, PUT, SHARE, leg, make_account, make_instrument, make_sent_order, make_ticket
from tests.builders.reports import assignment, fill, leg_fill, report
from trading.domain.books.lots import LotMethod
from trading.models import Lot, Order, Position
from trading.selectors.books import cash
from trading.services import elections, rebuild
from trading.services.fund import deposit
from trading.services.settle import apply_reports

pytestmark = pytest.mark.django_db
START = Decimal(1_000_000)
LATER = NOW + timedelta(days=9)
NUMBERS = count(1)
steps = st.one_of(
    st.tuples(st.just("fill"), st.sampled_from([SHARE, PUT]), st.integers(-9, 9).filter(bool), st.integers(1, 40_000)),
    st.tuples(st.just("bust"), st.integers(0, 9), st.just(0), st.just(0)),
    st.tuples(st.just("correct"), st.integers(0, 9), st.integers(1, 12), st.integers(1, 40_000)),
    st.tuples(st.just("split"), st.integers(2, 5), st.integers(1, 3), st.just(0)),
    st.tuples(st.just("assign"), st.integers(1, 3), st.just(0), st.just(0)),
    st.tuples(st.just("dividend"), st.integers(1, 400), st.just(0), st.just(0)),
)


class Books:
    """One account, and what the broker has said of it."""

    def __init__(self, method: LotMethod) -> None:
        self.account = make_account(f"a{next(NUMBERS)}")
        deposit(self.account, START, NOW - timedelta(days=9), "Opening balance")
        day = NOW.date()
        elections.elect(self.account, method, effective_from=day, today=day, by=None, now=NOW)
        self.fills: list[tuple[Order, str, Side]] = []
        self.minutes = 0

    def hear(self, *said: ExecutionReport | BookReport) -> None:
        apply_reports("paper", said, now=LATER)

    def held(self, symbol: str) -> int:
        found = Position.objects.filter(account=self.account, instrument__symbol=symbol)
        return found.values_list("qty", flat=True).first() or 0

    def do(self, kind: str, a: object, b: int, c: int) -> None:
        self.minutes += 1
        getattr(self, kind)(a, b, Decimal(c) / 100)

    def fill(self, symbol: str, qty: int, px: Decimal) -> None:
        side, name = Side.BUY if qty > 0 else Side.SELL, f"{self.account.code}-{self.minutes}"
        ticket = make_ticket(self.account, [leg(symbol, side, PositionEffect.OPEN)], quantity=abs(qty))
        order = make_sent_order(ticket, self.account, origin=name)
        said = leg_fill(name, abs(qty), str(px), side=side, symbol=symbol)
        at = NOW + timedelta(minutes=self.minutes if self.minutes % 3 else self.minutes - 2)  # every third comes late
        self.hear(fill(order, said, at=at))
        self.fills.append((order, name, side))

    def bust(self, which: int, _b: int, _c: Decimal) -> None:
        if self.fills:
            order, name, _ = self.fills.pop(which % len(self.fills))
            self.hear(replace(report(order, ReportKind.BUST), ref_exec_id=name))

    def correct(self, which: int, qty: int, px: Decimal) -> None:
        if not self.fills:
            return
        order, name, side = self.fills.pop(which % len(self.fills))
        symbol = order.legs.get().instrument.symbol
        new = leg_fill(f"{name}c", qty, str(px), side=side, symbol=symbol)
        self.hear(replace(fill(order, new), kind=ReportKind.CORRECT, ref_exec_id=name))

    def split(self, new: int, old: int, _c: Decimal) -> None:
        if qty := self.held(SHARE):
            after = abs(qty) * new // old * (1 if qty > 0 else -1)
            self.hear(self.event(BookKind.SPLIT, qty, ratio_new=new, ratio_old=old, to_qty=after, cash=Decimal("1.23")))

    def assign(self, contracts: int, _b: int, _c: Decimal) -> None:
        if (qty := self.held(PUT)) < 0:
            done = max(-contracts, qty)
            event = assignment(self.account, done, -100 * done, "240", event_id=f"a{self.minutes}")
            self.hear(replace(event, transact_at=NOW + timedelta(minutes=self.minutes)))

    def dividend(self, cents: int, _b: int, _c: Decimal) -> None:
        if qty := self.held(SHARE):
            self.hear(self.event(BookKind.DIVIDEND, qty, amount=Decimal(cents) / 100))

    def event(self, kind: BookKind, qty: int, **terms: object) -> BookReport:
        return BookReport(
            kind=kind,
            connection="paper",
            account=self.account.broker_account,
            event_id=f"x{self.minutes}",
            symbol=SHARE,
            qty=qty,
            px=Decimal(0),
            transact_at=NOW + timedelta(minutes=self.minutes),
            **terms,  # type: ignore[arg-type] # whatever the step says
        )


def gap(account: Account) -> Decimal:
    """Return what was made beyond cash and market value: nothing, if nothing is made by counting."""
    made = worth = Decimal(0)
    for position in Position.objects.filter(account=account).select_related("instrument"):
        multiplier, mark = position.instrument.multiplier, Decimal("123.4567")
        lots = Lot.objects.filter(account=account, instrument=position.instrument).exclude(open_qty=0)
        cost = sum((lot.cost for lot in lots), Decimal(0))
        made += position.realised + position.income - position.fees + (position.qty * mark - cost) * multiplier
        worth += position.qty * mark * multiplier
    return made - (cash(account) - START + worth)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happened=st.lists(steps, min_size=3, max_size=9), method=st.sampled_from(LotMethod))
def test_nothing_is_made_by_counting_and_a_rebuild_agrees(
    happened: list[tuple[str, object, int, int]], method: LotMethod
) -> None:
    make_instrument(SHARE)
    books = Books(method)

    for step in happened:
        books.do(*step)

    assert gap(books.account) == 0
    assert list(rebuild.differences(books.account, now=LATER)) == []


@pytest.mark.parametrize("method", LotMethod)
def test_every_order_of_the_same_fills_makes_the_same_books(method: LotMethod) -> None:
    said = [("e1", 5, "10.01"), ("e2", 5, "11.03"), ("e3", -7, "12.07"), ("e4", -6, "9.11")]
    seen = set()
    for n, order in enumerate(permutations(range(len(said)))):
        books = Books(method)
        for index in order:
            name, qty, px = said[index]
            side = Side.BUY if qty > 0 else Side.SELL
            ticket = make_ticket(books.account, [leg(SHARE, side, PositionEffect.OPEN)], quantity=abs(qty))
            sent = make_sent_order(ticket, books.account, origin=f"{n}-{name}")
            at = NOW + timedelta(minutes=index // 2)  # two at each moment
            books.hear(fill(sent, leg_fill(name, abs(qty), px, side=side, symbol=SHARE), at=at))
        held = Position.objects.get(account=books.account)
        lots = Lot.objects.filter(account=books.account).exclude(open_qty=0).values_list("open_qty", "cost")
        seen.add((held.qty, held.avg_px, held.realised, held.fees, cash(books.account), tuple(sorted(lots))))

    assert len(seen) == 1
