"""Corporate actions and settlements in cash at the paper broker."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.instructions import InstructionKind
from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.orders import TimeInForce
from allcore.kernel.reports import BookKind, BookReport
from brokers.models import Account, Connection, PaperAccount
from brokers.paper.actions import NO_STANDING, Adjusted, Call, CorporateAction, Due, Standing
from brokers.paper.books import AccountBook, Holding
from brokers.paper.records import BookingRecord, Carried, Change, InstructionRecord
from brokers.services.paper_store import DatabaseStore
from tests.brokers.floors import CLOSE_AT, Floor
from tests.builders.paper import ACCOUNT, OPEN_AT, PUT, buy, holding

TODAY = date(2026, 6, 11)
YESTERDAY = date(2026, 6, 10)
OPENS_AT = datetime(2026, 6, 11, 13, 30, tzinfo=UTC)
FRIDAY_CLOSE = datetime(2026, 6, 12, 20, 0, tzinfo=UTC)
LATE_CALL = OptionContract("TSLA", date(2026, 6, 19), Right.CALL, Decimal(240)).symbol
SPLIT = CorporateAction("split-1", BookKind.SPLIT, "TSLA", TODAY, ratio_new=4)
DIVIDEND = CorporateAction("div-1", BookKind.DIVIDEND, "TSLA", TODAY, amount=Decimal("0.50"))


def floor_with(positions: dict[str, int], *actions: CorporateAction, through: date | None = YESTERDAY) -> Floor:
    floor = Floor(replace(holding(positions), standing=Standing(through)), has_actions=True)
    floor.exchange.agent.learn("TSLA", TODAY, actions)
    return floor


def book_of(floor: Floor) -> AccountBook:
    book = floor.exchange.account(ACCOUNT)
    assert book is not None
    return book


def held(floor: Floor) -> dict[str, int]:
    return {symbol: h.qty for symbol, h in book_of(floor).holdings.items()}


def booked(floor: Floor) -> list[BookReport]:
    return [r for change in floor.changes for r in change.reports if isinstance(r, BookReport)]


def named(strike: str, *, root: str = "TSLA", right: Right = Right.PUT, expiry: date = date(2026, 6, 12)) -> str:
    return OptionContract(root, expiry, right, Decimal(strike)).symbol


def test_a_whole_split_multiplies_positions_and_divides_strikes() -> None:
    floor = floor_with({"TSLA": 100, PUT: -2}, SPLIT)

    said = floor.go(OPENS_AT)

    assert said == ["SPLIT", "SPLIT"]
    assert held(floor) == {"TSLA": 400, named("62.5"): -8}
    assert book_of(floor).cash == Decimal(100_000)
    assert [(r.symbol, r.qty, r.to_qty, r.ratio_new) for r in booked(floor)] == [
        ("TSLA", 100, 400, 4),
        (PUT, -2, -8, 4),
    ]


def test_a_split_keeps_what_a_position_cost() -> None:
    floor = floor_with({"TSLA": 100, PUT: -2}, SPLIT)

    floor.go(OPENS_AT)

    assert {h.avg_px for h in book_of(floor).holdings.values()} == {Decimal("0.25")}


def test_nothing_goes_ex_before_the_open_and_nothing_twice() -> None:
    floor = floor_with({"TSLA": 100}, SPLIT)

    assert floor.go(OPENS_AT - timedelta(microseconds=1)) == []
    assert floor.go(OPENS_AT) == ["SPLIT"]
    assert floor.go(OPENS_AT + timedelta(seconds=1)) == []
    assert held(floor) == {"TSLA": 400}


@pytest.mark.parametrize("through", [None, TODAY])
def test_what_was_not_there_before_is_not_touched(through: date | None) -> None:
    floor = floor_with({"TSLA": 100}, SPLIT, through=through)

    assert floor.go(OPENS_AT) == []
    assert held(floor) == {"TSLA": 100}


def test_actions_wait_until_they_were_asked_for() -> None:
    floor = Floor(replace(holding({"TSLA": 100}), standing=Standing(YESTERDAY)), has_actions=True)

    assert floor.go(OPENS_AT) == []
    assert floor.exchange.agent.unasked(TODAY) == ["TSLA"]
    floor.exchange.agent.learn("TSLA", TODAY, [SPLIT])
    assert floor.go(OPENS_AT) == ["SPLIT"]


def test_actions_missed_while_away_are_taken_up_in_their_order() -> None:
    older = replace(SPLIT, action_id="split-0", ex_date=date(2026, 6, 9), ratio_new=2)
    floor = floor_with({"TSLA": 100}, SPLIT, older, through=date(2026, 6, 8))

    floor.go(OPENS_AT)

    assert held(floor) == {"TSLA": 800}
    assert [r.ratio_new for r in booked(floor)] == [2, 4]


def test_an_odd_split_leaves_strikes_and_changes_what_is_delivered() -> None:
    floor = floor_with({"TSLA": 101, PUT: -1}, replace(SPLIT, ratio_new=3, ratio_old=2))
    floor.exchange.closes.learn("TSLA", YESTERDAY, Decimal("250.00"))

    floor.go(OPENS_AT)

    other = named("250", root="TSLA1")
    assert held(floor) == {"TSLA": 151, other: -1}
    assert book_of(floor).cash == Decimal(100_000) + Decimal("83.33")  # half a new share, at 250 · 2 / 3
    assert book_of(floor).standing.adjusted == {other: Adjusted("TSLA", 150)}


def test_a_fraction_is_not_paid_at_a_price_nobody_knows() -> None:
    floor = floor_with({"TSLA": 101}, replace(SPLIT, ratio_new=3, ratio_old=2))

    assert floor.go(OPENS_AT) == []
    assert floor.exchange.awaiting_close(OPENS_AT) == {("TSLA", YESTERDAY)}
    floor.exchange.closes.learn("TSLA", YESTERDAY, Decimal("250.00"))
    assert floor.go(OPENS_AT) == ["SPLIT"]


@pytest.mark.parametrize(("close", "kind"), [("166.66", "ASSIGNMENT"), ("166.67", "EXPIRY")])
def test_an_adjusted_contract_is_settled_by_what_it_delivers(close: str, kind: str) -> None:
    other = named("250", root="TSLA1")
    account = replace(holding({other: -1}), standing=Standing(TODAY, adjusted={other: Adjusted("TSLA", 150)}))
    floor = Floor(account, has_actions=True)
    floor.exchange.closes.learn("TSLA", date(2026, 6, 12), Decimal(close))

    assert floor.go(datetime(2026, 6, 12, 20, 0, 5, tzinfo=UTC)) == [kind]
    assert held(floor) == ({"TSLA": 150} if kind == "ASSIGNMENT" else {})
    if kind == "ASSIGNMENT":
        assert book_of(floor).cash == Decimal(75_000)  # 250 times 100, whatever that is a share


@pytest.mark.parametrize(("contracts", "deliverable"), [(1, 150), (7, 133), (1_000, 150), (1_000, 7)])
def test_exercise_costs_the_strike_times_the_multiplier_whatever_is_delivered(contracts: int, deliverable: int) -> None:
    call = named("50", right=Right.CALL, root="TSLA1")
    account = replace(
        holding({call: contracts}), standing=Standing(TODAY, adjusted={call: Adjusted("TSLA", deliverable)})
    )
    before = account.cash
    floor = Floor(account, has_actions=True)
    floor.exchange.closes.learn("TSLA", date(2026, 6, 12), Decimal(5_000))

    floor.go(datetime(2026, 6, 12, 20, 0, 5, tzinfo=UTC))

    assert held(floor) == {"TSLA": contracts * deliverable}
    assert before - book_of(floor).cash == 5_000 * contracts


def test_a_dividend_is_earned_on_its_ex_date_and_paid_on_its_day() -> None:
    floor = floor_with({"TSLA": 100}, replace(DIVIDEND, pay_date=date(2026, 6, 15)))

    assert floor.go(OPENS_AT) == []
    assert book_of(floor).standing.due == (Due("div-1", "TSLA", 100, Decimal("0.50"), date(2026, 6, 15)),)
    friday, monday = (datetime(2026, 6, d, 13, 30, tzinfo=UTC) for d in (12, 15))
    for day in (friday, monday):
        floor.exchange.agent.learn("TSLA", day.date(), [DIVIDEND])
    assert floor.go(friday) == []
    assert floor.go(monday) == ["DIVIDEND"]
    assert book_of(floor).cash == Decimal(100_050)
    assert book_of(floor).standing.due == ()


@pytest.mark.parametrize(("qty", "cash"), [(100, "100050"), (-100, "99950")])
def test_who_is_short_pays_the_dividend(qty: int, cash: str) -> None:
    floor = floor_with({"TSLA": qty}, DIVIDEND)

    assert floor.go(OPENS_AT) == ["DIVIDEND"]
    assert book_of(floor).cash == Decimal(cash)


@pytest.mark.parametrize(("amount", "strike"), [("0.124", "250"), ("0.125", "249.875"), ("5.00", "245")])
def test_a_special_dividend_pays_shares_and_lowers_strikes(amount: str, strike: str) -> None:
    special = CorporateAction("sp-1", BookKind.SPECIAL_DIVIDEND, "TSLA", TODAY, amount=Decimal(amount))
    floor = floor_with({"TSLA": 100, PUT: -1}, special)

    floor.go(OPENS_AT)

    assert held(floor) == {"TSLA": 100, named(strike): -1}
    assert book_of(floor).cash == Decimal(100_000) + 100 * Decimal(amount)


def test_a_change_of_symbol_carries_all_positions_over() -> None:
    change = CorporateAction("sym-1", BookKind.SYMBOL_CHANGE, "TSLA", TODAY, to_symbol="TSL")
    floor = floor_with({"TSLA": 100, PUT: -1}, change)

    assert floor.go(OPENS_AT) == ["SYMBOL_CHANGE", "SYMBOL_CHANGE"]
    assert held(floor) == {"TSL": 100, named("250", root="TSL"): -1}


def test_orders_on_what_is_no_longer_the_same_are_canceled_and_others_are_not() -> None:
    floor = floor_with({"TSLA": 100}, SPLIT)
    floor.show(PUT, "4.10", "4.20", at=OPEN_AT)
    floor.send("C1", buy(PUT, "4.00", tif=TimeInForce.GTC))
    floor.go(OPEN_AT)

    assert floor.go(OPENS_AT) == ["UNSOLICITED_CANCEL", "SPLIT"]
    assert (floor.orders["C1"].status, floor.orders["C1"].reason) == ("CANCELED", "CORPORATE_ACTION")


def test_an_order_outlives_an_ordinary_dividend() -> None:
    floor = floor_with({"TSLA": 100}, DIVIDEND)
    floor.show(PUT, "4.10", "4.20", at=OPEN_AT)
    floor.send("C1", buy(PUT, "4.00", tif=TimeInForce.GTC))
    floor.go(OPEN_AT)

    assert floor.go(OPENS_AT) == ["DIVIDEND"]


@pytest.mark.parametrize(
    ("mid", "is_assigned"), [("10.49", True), ("10.50", False), ("10.51", False)], ids=["below", "at", "above"]
)
def test_a_short_call_worth_less_than_the_dividend_is_assigned_the_evening_before(
    mid: str, *, is_assigned: bool
) -> None:
    floor = floor_with({"TSLA": 100, LATE_CALL: -1})
    floor.exchange.agent.learn("TSLA", YESTERDAY, [DIVIDEND])
    floor.exchange.closes.learn("TSLA", YESTERDAY, Decimal("250.00"))
    low, high = (str(Decimal(mid) + d) for d in (Decimal("-0.05"), Decimal("0.05")))
    floor.show(LATE_CALL, low, high, at=CLOSE_AT)
    after_close = CLOSE_AT + timedelta(seconds=5)

    said = [floor.go(at) for at in (after_close - timedelta(microseconds=1), after_close)]

    assert said == [[], ["ASSIGNMENT"] if is_assigned else []]
    assert floor.exchange.wanted(after_close, ()) == ({LATE_CALL} if not is_assigned else set()) or is_assigned
    if is_assigned:
        assert held(floor) == {}
        assert book_of(floor).cash == Decimal(124_000)


LATE_PUT = named("260", right=Right.PUT, expiry=date(2026, 6, 19))


@pytest.mark.parametrize(
    ("mid", "is_assigned"), [("10.00", True), ("10.009", True), ("10.01", False), ("10.011", False)]
)
def test_a_short_put_without_time_value_is_assigned_at_the_close(mid: str, *, is_assigned: bool) -> None:
    floor = floor_with({LATE_PUT: -1})
    floor.exchange.closes.learn("TSLA", YESTERDAY, Decimal("250.00"))
    low, high = (str(Decimal(mid) + d) for d in (Decimal("-0.05"), Decimal("0.05")))
    floor.show(LATE_PUT, low, high, at=CLOSE_AT)

    said = floor.go(CLOSE_AT + timedelta(seconds=5))

    assert said == (["ASSIGNMENT"] if is_assigned else [])
    assert held(floor) == ({"TSLA": 100} if is_assigned else {LATE_PUT: -1})
    assert book_of(floor).cash == Decimal(74_000 if is_assigned else 100_000)


@pytest.mark.parametrize(("close", "bid"), [("260.00", "0.00"), ("260.01", "0.00")])
def test_a_short_put_that_is_not_in_the_money_is_left_alone(close: str, bid: str) -> None:
    floor = floor_with({LATE_PUT: -1})
    floor.exchange.closes.learn("TSLA", YESTERDAY, Decimal(close))
    floor.show(LATE_PUT, bid, "0.01", at=CLOSE_AT)

    assert floor.go(CLOSE_AT + timedelta(seconds=5)) == []


def test_a_put_sold_again_after_its_assignment_is_assigned_as_another() -> None:
    floor = floor_with({LATE_PUT: -1})
    floor.exchange.closes.learn("TSLA", YESTERDAY, Decimal("250.00"))
    floor.show(LATE_PUT, "9.95", "10.05", at=CLOSE_AT)

    floor.go(CLOSE_AT + timedelta(seconds=5))

    (report,) = booked(floor)
    assert report.event_id.endswith(":20260610")


@pytest.mark.parametrize(
    ("symbol", "qty"), [(LATE_CALL, 1), (LATE_PUT, 1), (named("260", right=Right.PUT, expiry=date(2026, 6, 19)), -1)]
)
def test_long_calls_and_puts_are_left_alone(symbol: str, qty: int) -> None:
    floor = floor_with({symbol: qty})
    floor.exchange.agent.learn("TSLA", YESTERDAY, [DIVIDEND])
    floor.exchange.closes.learn("TSLA", YESTERDAY, Decimal("250.00"))
    floor.show(symbol, "10.00", "10.10", at=CLOSE_AT)

    assert floor.go(CLOSE_AT + timedelta(seconds=5)) == []


@pytest.mark.parametrize(
    ("close", "qty", "kind", "cash"),
    [
        ("5000.00", -1, "EXPIRY", "100000"),
        ("4999.99", -1, "CASH_SETTLEMENT", "99999"),
        ("4990.00", 2, "CASH_SETTLEMENT", "102000"),
    ],
)
def test_an_index_option_is_settled_in_cash_by_the_close(close: str, qty: int, kind: str, cash: str) -> None:
    floor = Floor(holding({"SPXW  260612P05000000": qty}))
    floor.exchange.closes.learn("SPX", date(2026, 6, 12), Decimal(close))

    assert floor.go(datetime(2026, 6, 12, 20, 0, 5, tzinfo=UTC)) == [kind]
    assert (held(floor), book_of(floor).cash) == ({}, Decimal(cash))


@pytest.mark.parametrize(("minutes", "said"), [(5, ["CASH_SETTLEMENT"]), (6, [])])
def test_a_morning_settled_option_goes_by_the_opening_and_by_no_later_price(minutes: int, said: list[str]) -> None:
    floor = Floor(holding({"SPX   260619P05000000": -1}))
    opening = datetime(2026, 6, 18, 13, 30, tzinfo=UTC)  # 19 June is a holiday: it expires the day before
    at = opening + timedelta(minutes=minutes)
    floor.show("SPX", "4979.00", "4981.00", at=at, last="4980.00")

    assert floor.go(at, "SPX") == said
    if said:
        assert book_of(floor).cash == Decimal(98_000)


def test_a_morning_settled_option_is_last_traded_the_day_before() -> None:
    floor = Floor()
    symbol = "SPX   260618C05000000"
    floor.show(symbol, "10.00", "10.50", at=CLOSE_AT + timedelta(days=1))
    floor.send("C1", buy(symbol, "10.00", tif=TimeInForce.GTC), at=datetime(2026, 6, 17, 20, 0, tzinfo=UTC))

    floor.go(datetime(2026, 6, 17, 20, 0, tzinfo=UTC))

    assert floor.orders["C1"].reason == "EXPIRED_CONTRACT"


@pytest.mark.django_db
def test_standings_and_actions_are_kept_over_a_restart() -> None:
    paper = Connection.objects.create(name="paper", broker="paper", environment="PAPER")
    account = PaperAccount.objects.create(number=ACCOUNT, cash=Decimal(100_000))
    account.positions.create(symbol=PUT, qty=-2, avg_px=Decimal("4.00"))
    Account.objects.create(
        code="gen", name="Gen", tier="gen", connection=paper, broker_account=ACCOUNT, baseline=Decimal(0)
    )
    store = DatabaseStore("paper")
    carried = Carried(4, 1, Decimal("0.5"), named("62.5"), -8, 100, 100, Decimal("1.25"))
    booking = BookingRecord(ACCOUNT, "E1", BookKind.SPLIT, PUT, -2, OPENS_AT, OPENS_AT, carried=carried)
    standing = Standing(TODAY, (Due("d", "TSLA", -3, Decimal("0.5"), TODAY),), {named("62.5"): Adjusted("TSLA", 150)})
    standing = replace(standing, interest_through=TODAY, borrow_through=YESTERDAY, call=Call(Decimal("9.50"), TODAY))
    standing = replace(standing, margin_through=TODAY, enforced_on=YESTERDAY, assigned_through=TODAY)
    fresh = store.load().accounts[ACCOUNT].standing

    store.write([Change(bookings=(booking,), standings=((ACCOUNT, standing),))])

    kept = store.load().accounts[ACCOUNT]
    assert fresh == NO_STANDING
    assert kept.standing == standing
    assert kept.holdings == {named("62.5"): Holding(-8, Decimal("1.00"))}
    assert kept.cash == Decimal("100001.25")
    assert store.history(OPEN_AT).bookings == (booking,)


@pytest.mark.parametrize(
    ("action", "symbol", "qty"),
    [
        (SPLIT, "62.5", 8),
        (CorporateAction("name-1", BookKind.SYMBOL_CHANGE, "TSLA", TODAY, to_symbol="TSLB"), "250", 2),
    ],
)
def test_an_instruction_goes_on_with_the_contract_that_its_own_became(
    action: CorporateAction, symbol: str, qty: int
) -> None:
    floor = floor_with({PUT: 2}, action)
    told = InstructionRecord("I1", ACCOUNT, PUT, InstructionKind.EXERCISE, 2, FRIDAY_CLOSE, OPEN_AT)
    floor.exchange.clearing.take(told)

    floor.go(OPENS_AT)

    root = action.to_symbol or "TSLA"
    (kept,) = [record for change in floor.changes for record in change.instructions]
    assert (kept.symbol, kept.qty, kept.standing, kept.version) == (named(symbol, root=root), qty, "ACCEPTED", 1)
    assert floor.exchange.clearing.free(ACCOUNT, named(symbol, root=root)) == 0


def test_an_instruction_on_a_part_of_a_new_contract_is_done_with() -> None:
    floor = floor_with({PUT: 2})
    bookings = (
        BookingRecord(
            ACCOUNT, "x", BookKind.SPLIT, PUT, 2, OPENS_AT, OPENS_AT, carried=Carried(to_symbol="Y", to_qty=1)
        ),
    )
    floor.exchange.clearing.take(
        InstructionRecord("I1", ACCOUNT, PUT, InstructionKind.EXERCISE, 1, FRIDAY_CLOSE, OPEN_AT)
    )

    (kept,) = floor.exchange.clearing.carry(bookings)

    assert (kept.standing, kept.exercised, kept.symbol) == ("DONE", 0, PUT)
