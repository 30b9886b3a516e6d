"""Corporate actions, cash settlement and lot methods, on the real tables."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.orders import PositionEffect, Side
from allcore.kernel.reports import BookKind, BookReport, ReportKind
from brokers.models import Account
from marketdata.models import Instrument
from tests.builders.orders import NOW, PUT, SHARE, leg, make_account, make_sent_order, make_ticket
from tests.builders.reports import fill, leg_fill, report
from trading.domain.books.lots import LotMethod
from trading.models import Execution, LedgerEntry, Lot, Order, Position, Quarantine
from trading.selectors.books import cash
from trading.services import elections, rebuild
from trading.services.fund import deposit
from trading.services.settle import apply_reports

pytestmark = pytest.mark.django_db
START = Decimal(1_000_000)
SPLIT_AT = NOW + timedelta(days=1)
LATER = NOW + timedelta(days=2)
SPLIT_PUT = "TSLA  260306P00060000"


@pytest.fixture
def account() -> Account:
    account = make_account()
    deposit(account, START, NOW - timedelta(days=9), "Opening balance")
    return account


def trade(account: Account, name: str, qty: int, px: str, *, symbol: str = SHARE, minutes: int = 0) -> Order:
    side = Side.BUY if qty > 0 else Side.SELL
    ticket = make_ticket(account, [leg(symbol, side, PositionEffect.OPEN)], quantity=abs(qty))
    order = make_sent_order(ticket, account, origin=name)
    fills(order, name, qty, px, symbol=symbol, minutes=minutes)
    return order


def fills(order: Order, name: str, qty: int, px: str, *, symbol: str = SHARE, minutes: int = 0) -> None:
    side = Side.BUY if qty > 0 else Side.SELL
    said = leg_fill(name, abs(qty), px, side=side, symbol=symbol, fee=Decimal(0))
    apply_reports("paper", [fill(order, said, at=NOW + timedelta(minutes=minutes))], now=LATER)


def event(account: Account, kind: BookKind, symbol: str, qty: int, **terms: object) -> BookReport:
    seen: dict[str, object] = {"px": Decimal(0), "event_id": f"{kind}-{symbol}", "transact_at": SPLIT_AT} | terms
    return BookReport(
        kind=kind,
        connection="paper",
        account=account.broker_account,
        symbol=symbol,
        qty=qty,
        **seen,  # type: ignore[arg-type] # whatever the test says
    )


def settle(*reports: BookReport) -> None:
    apply_reports("paper", reports, now=LATER)


def position(symbol: str) -> Position:
    return Position.objects.get(instrument__symbol=symbol)


def is_sound(account: Account, marks: dict[str, str]) -> bool:
    """Whether a rebuild agrees, and what was made is cash and market value, to the last place."""
    held = list(Position.objects.filter(account=account).select_related("instrument"))
    made = worth = Decimal(0)
    for p in held:
        mark, multiplier = Decimal(marks.get(p.instrument.symbol, "0")), p.instrument.multiplier
        lots = Lot.objects.filter(account=account, instrument=p.instrument).exclude(open_qty=0)
        cost = sum((lot.cost for lot in lots), Decimal(0))
        made += p.realised + p.income - p.fees + (p.qty * mark - cost) * multiplier
        worth += p.qty * mark * multiplier
    return not list(rebuild.differences(account, now=LATER)) and made == cash(account) - START + worth


def test_a_split_of_shares_multiplies_the_lots_and_keeps_what_they_cost_and_their_age(account: Account) -> None:
    trade(account, "a", 10, "300.01")
    trade(account, "b", 5, "310", minutes=1)

    settle(event(account, BookKind.SPLIT, SHARE, 15, to_qty=45, ratio_new=3))

    lots = list(Lot.objects.exclude(open_qty=0).order_by("opened_at"))
    assert [(lot.open_qty, lot.cost) for lot in lots] == [(30, Decimal("3000.10")), (15, Decimal(1550))]
    assert [lot.opened_at for lot in lots] == [NOW, NOW + timedelta(minutes=1)]
    assert [lot.execution.exec_id for lot in lots if lot.execution] == ["a", "b"]
    held = position(SHARE)
    assert (held.qty, held.avg_px, held.realised) == (45, Decimal("101.11333333"), Decimal(0))
    assert is_sound(account, {SHARE: "104"})


def test_a_whole_split_of_a_short_put_goes_on_under_its_new_name(account: Account) -> None:
    trade(account, "a", -2, "6.00", symbol=PUT)

    settle(event(account, BookKind.SPLIT, PUT, -2, to_symbol=SPLIT_PUT, to_qty=-8, ratio_new=4, multiplier=100))

    new = Instrument.objects.get(symbol=SPLIT_PUT)
    assert (new.strike, new.multiplier, new.underlying) == (Decimal(60), 100, Instrument.objects.get(symbol=SHARE))
    assert (position(PUT).qty, position(SPLIT_PUT).qty, position(SPLIT_PUT).avg_px) == (0, -8, Decimal("1.5"))
    assert is_sound(account, {SPLIT_PUT: "1.25"})


def test_a_fill_from_before_the_split_that_comes_after_it_is_split_too(account: Account) -> None:
    trade(account, "a", -2, "6.00", symbol=PUT)
    settle(event(account, BookKind.SPLIT, PUT, -2, to_symbol=SPLIT_PUT, to_qty=-8, ratio_new=4))

    trade(account, "b", -1, "3.00", symbol=PUT, minutes=1)

    assert (position(PUT).qty, position(SPLIT_PUT).qty, position(SPLIT_PUT).avg_px) == (0, -12, Decimal("1.25"))
    assert is_sound(account, {SPLIT_PUT: "1.25"})


def test_a_bust_of_what_was_split_takes_its_lot_out_of_the_new_name(account: Account) -> None:
    trade(account, "a", -2, "6.00", symbol=PUT)
    order = trade(account, "b", -1, "3.00", symbol=PUT, minutes=1)
    settle(event(account, BookKind.SPLIT, PUT, -3, to_symbol=SPLIT_PUT, to_qty=-12, ratio_new=4))

    apply_reports("paper", [replace(report(order, ReportKind.BUST), ref_exec_id="b")], now=LATER)

    assert (position(PUT).qty, position(SPLIT_PUT).qty, position(SPLIT_PUT).avg_px) == (0, -8, Decimal("1.5"))
    assert is_sound(account, {SPLIT_PUT: "2"})


def test_a_fraction_that_a_split_leaves_is_paid_for_in_cash(account: Account) -> None:
    trade(account, "a", 1, "90")
    trade(account, "b", 2, "93", minutes=1)

    terms = {"to_qty": 4, "ratio_new": 3, "ratio_old": 2, "cash": Decimal("31.25")}
    settle(event(account, BookKind.SPLIT, SHARE, 3, **terms))

    assert sorted(Lot.objects.exclude(open_qty=0).values_list("open_qty", "cost")) == [
        (1, Decimal(90)),
        (3, Decimal(186)),
    ]
    assert (position(SHARE).qty, position(SHARE).income) == (4, Decimal("31.25"))
    assert is_sound(account, {SHARE: "61.17"})


def test_a_reverse_split_that_leaves_nothing_realises_what_it_cost(account: Account) -> None:
    trade(account, "a", 3, "0.50")

    settle(event(account, BookKind.SPLIT, SHARE, 3, to_qty=0, ratio_old=10, cash=Decimal("1.20")))

    held = position(SHARE)
    assert (held.qty, held.avg_px, held.realised, held.income) == (0, None, Decimal("-1.5"), Decimal("1.2"))
    assert is_sound(account, {})


@pytest.mark.parametrize(("qty", "paid"), [(100, "75.00"), (-100, "-75.00")])
def test_a_dividend_is_paid_to_who_is_long_and_by_who_is_short(account: Account, qty: int, paid: str) -> None:
    trade(account, "a", qty, "300")

    settle(event(account, BookKind.DIVIDEND, SHARE, qty, amount=Decimal("0.75")))

    held = position(SHARE)
    assert (held.income, held.realised, held.qty) == (Decimal(paid), Decimal(0), qty)
    assert cash(account) == START - qty * 300 + Decimal(paid)
    assert LedgerEntry.objects.get(ledger="INCOME").amount == -Decimal(paid)
    assert is_sound(account, {SHARE: "301"})


def test_a_special_dividend_pays_the_shares_and_lowers_the_strike_of_the_options(account: Account) -> None:
    trade(account, "a", 100, "300")
    trade(account, "b", -1, "6.00", symbol=PUT)
    lowered = "TSLA  260306P00238000"

    settle(
        event(account, BookKind.SPECIAL_DIVIDEND, SHARE, 100, amount=Decimal(2)),
        event(account, BookKind.SPECIAL_DIVIDEND, PUT, -1, amount=Decimal(2), to_symbol=lowered),
    )

    assert position(SHARE).income == Decimal(200)
    assert (position(PUT).qty, position(lowered).qty, position(lowered).avg_px) == (0, -1, Decimal(6))
    assert position(lowered).income == position(PUT).income == 0
    assert is_sound(account, {SHARE: "298", lowered: "6"})


def test_a_new_symbol_takes_the_position_over(account: Account) -> None:
    trade(account, "a", 10, "300")

    settle(event(account, BookKind.SYMBOL_CHANGE, SHARE, 10, to_symbol="TSLX"))

    assert (position(SHARE).qty, position("TSLX").qty, position("TSLX").avg_px) == (0, 10, Decimal(300))
    assert Instrument.objects.get(symbol="TSLX").kind == "EQUITY"
    assert is_sound(account, {"TSLX": "310"})


def test_an_index_option_settles_in_cash(account: Account) -> None:
    trade(account, "a", 2, "9.40", symbol=PUT)

    settle(event(account, BookKind.CASH_SETTLEMENT, PUT, 2, px=Decimal("12.35")))

    assert (position(PUT).qty, position(PUT).realised) == (0, Decimal(590))
    assert is_sound(account, {})


def test_the_same_action_twice_is_one_and_other_content_is_kept_aside(account: Account) -> None:
    trade(account, "a", 10, "300")
    split = event(account, BookKind.SPLIT, SHARE, 10, to_qty=30, ratio_new=3)

    settle(split, split)
    settle(replace(split, to_qty=20))

    assert position(SHARE).qty == 30
    assert Quarantine.objects.get().code == "EVENT_ID_CONFLICT"


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        (BookKind.SPLIT, {}),
        (BookKind.SPLIT, {"to_qty": -30}),
        (BookKind.DIVIDEND, {}),
        (BookKind.SPECIAL_DIVIDEND, {}),
        (BookKind.SYMBOL_CHANGE, {}),
    ],
)
def test_an_action_that_does_not_say_enough_is_kept_aside(
    account: Account, kind: BookKind, terms: dict[str, object]
) -> None:
    trade(account, "a", 10, "300")

    settle(event(account, kind, SHARE, 10, **terms))

    assert Quarantine.objects.get().code == "INCOMPLETE_BOOKING"
    assert position(SHARE).qty == 10


@pytest.mark.parametrize(
    ("method", "realised", "avg_px"),
    [("fifo", 1000, "110"), ("lifo", 0, "100"), ("average", 500, "105"), ("specific", 1000, "110")],
)
def test_each_method_closes_its_own_lot_and_a_rebuild_agrees(
    account: Account, method: str, realised: int, avg_px: str
) -> None:
    elections.elect(account, LotMethod(method), effective_from=NOW.date(), today=NOW.date(), by=None, now=NOW)
    trade(account, "a", 100, "100")
    trade(account, "b", 100, "110", minutes=1)

    trade(account, "c", -100, "110", minutes=2)

    assert (position(SHARE).realised, position(SHARE).avg_px) == (Decimal(realised), Decimal(avg_px))
    assert is_sound(account, {SHARE: "107.77"})


def test_an_election_holds_from_its_day_on_and_not_before(account: Account) -> None:
    trade(account, "a", 100, "100")
    trade(account, "b", 100, "110", minutes=1)
    elections.elect(account, LotMethod.LIFO, effective_from=date(2026, 3, 4), today=NOW.date(), by=None, now=NOW)

    trade(account, "c", -50, "110", minutes=2)
    trade(account, "d", -50, "110", minutes=2 + 24 * 60)

    assert position(SHARE).realised == Decimal(500)
    assert sorted(Lot.objects.values_list("open_qty", flat=True)) == [50, 50]
    assert is_sound(account, {SHARE: "110"})


def test_an_election_of_today_rebooks_what_was_closed_today(account: Account) -> None:
    trade(account, "a", 100, "100")
    trade(account, "b", 100, "110", minutes=1)
    trade(account, "c", -100, "110", minutes=2)

    elections.elect(account, LotMethod.LIFO, effective_from=NOW.date(), today=NOW.date(), by=None, now=LATER)

    assert position(SHARE).realised == Decimal(0)
    assert is_sound(account, {SHARE: "110"})


def test_nobody_elects_for_the_past(account: Account) -> None:
    with pytest.raises(elections.PastElectionError):
        elections.elect(account, LotMethod.LIFO, effective_from=date(2026, 3, 2), today=NOW.date(), by=None, now=NOW)


def test_an_order_takes_the_lots_that_it_names_first_over_its_fills(account: Account) -> None:
    trade(account, "a", 100, "100")
    trade(account, "b", 100, "110", minutes=1)
    trade(account, "c", 100, "120", minutes=2)
    ticket = make_ticket(account, [leg(SHARE, Side.SELL, PositionEffect.CLOSE)], quantity=150)
    order = make_sent_order(ticket, account, origin="close")
    named = Execution.objects.get(exec_id="b")
    elections.instruct(order, [elections.Wish(leg=0, lot=f"E{named.pk}", qty=60)])

    fills(order, "d", -40, "130", minutes=3)
    fills(order, "e", -60, "130", minutes=4)

    assert sorted(Lot.objects.values_list("price", "open_qty")) == [
        (Decimal(100), 60),
        (Decimal(110), 40),
        (Decimal(120), 100),
    ]
    assert position(SHARE).realised == Decimal(60 * 20 + 40 * 30)
    assert is_sound(account, {SHARE: "125"})


@pytest.mark.parametrize(("lot", "qty"), [("E0", 1), ("x", 1), ("a", 101), ("a", 0)])
def test_lots_that_are_not_there_cannot_be_named(account: Account, lot: str, qty: int) -> None:
    trade(account, "a", 100, "100")
    ticket = make_ticket(account, [leg(SHARE, Side.SELL, PositionEffect.CLOSE)], quantity=150)
    order = make_sent_order(ticket, account, origin="close")
    name = f"E{Execution.objects.get().pk}" if lot == "a" else lot

    with pytest.raises(elections.NoSuchLotError):
        elections.instruct(order, [elections.Wish(leg=0, lot=name, qty=qty)])


def test_a_leg_that_opens_has_no_lots_to_name(account: Account) -> None:
    trade(account, "a", 100, "100")
    order = make_sent_order(make_ticket(account, [leg(SHARE, Side.BUY)], quantity=1), account, origin="more")

    with pytest.raises(elections.NoSuchLotError):
        elections.instruct(order, [elections.Wish(leg=0, lot=f"E{Execution.objects.get().pk}", qty=1)])


@pytest.mark.parametrize("held", [0, -100, -200])
def test_a_delivery_at_a_price_without_end_leaves_the_books_exact(account: Account, held: int) -> None:
    if held:
        trade(account, "short", held, "40.00")
    terms = {"underlying": SHARE, "shares": 150, "delivery_px": Decimal("33.33333333"), "transact_at": LATER}
    trade(account, "put", -1, "2.00", symbol=PUT, minutes=1)

    settle(event(account, BookKind.ASSIGNMENT, PUT, -1, **terms))

    assert cash(account) == START - held * 40 + 200 - 5_000
    assert is_sound(account, {SHARE: "41.00"})
