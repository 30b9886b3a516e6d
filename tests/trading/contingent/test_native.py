"""Which lists the broker keeps, and what is left to the desk of one that it does."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.tickets import OrderTicket, TicketLeg
from risk.domain.market import BrokerTakes
from trading.domain.contingent.compose import ListKind, Part, Role
from trading.domain.contingent.lists import Alarm, Linkage, LinkedOrders, Member, Place, Step, StepKind
from trading.domain.contingent.native import Listed, places, plan, why_held

TAKES = BrokerTakes(
    "ibkr",
    frozenset(OrdType),
    frozenset(TimeInForce),
    frozenset(),
    max_legs=4,
    gtc_for=timedelta(days=90),
    native_lists=True,
)


def ticket(side: Side, *, limit: str | None = None, stop: str | None = None, quantity: int = 1) -> OrderTicket:
    effect = PositionEffect.OPEN if side is Side.BUY else PositionEffect.CLOSE
    return OrderTicket(
        account="GEN-1",
        underlying="AAPL",
        legs=(TicketLeg("AAPL", side, effect, multiplier=1),),
        quantity=quantity,
        ord_type=OrdType.STOP if stop else OrdType.LIMIT,
        time_in_force=TimeInForce.DAY,
        price_effect=PriceEffect.DEBIT if side is Side.BUY else PriceEffect.CREDIT,
        limit_price=None if limit is None else Decimal(limit),
        stop_price=None if stop is None else Decimal(stop),
    )


ENTRY = Part(Role.ENTRY, ticket(Side.BUY, limit="200.00"))
TARGET = Part(Role.TARGET, ticket(Side.SELL, limit="205.00"))
STOP = Part(Role.STOP, ticket(Side.SELL, stop="195.00"))


def held(kind: ListKind, *parts: Part, takes: BrokerTakes = TAKES, is_conditional: bool = False) -> str:
    return why_held(kind, parts, is_conditional=is_conditional, takes=takes, title="Interactive Brokers")


def of(part: Part, **terms: object) -> Part:
    return replace(part, ticket=replace(part.ticket, **terms))  # type: ignore[arg-type]  # a test's own terms


def test_a_bracket_of_one_unit_is_left_to_the_broker() -> None:
    assert not held(ListKind.BRACKET, ENTRY, TARGET, STOP)


def test_a_pair_of_closing_orders_is_left_to_it_whatever_it_is_for() -> None:
    pair = [replace(of(part, quantity=10), role=Role.MEMBER) for part in (TARGET, STOP)]

    assert not held(ListKind.OCO, *pair)
    assert not held(ListKind.OUO, *pair)


def test_an_entry_of_more_than_one_unit_is_left_to_it_only_if_it_fills_whole_or_not_at_all() -> None:
    two = [of(part, quantity=2) for part in (ENTRY, TARGET, STOP)]
    whole = [of(two[0], time_in_force=TimeInForce.FOK), *two[1:]]

    assert "only once the whole entry has filled" in held(ListKind.BRACKET, *two)
    assert not held(ListKind.BRACKET, *whole)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ((of(ENTRY, limit_price=None, ord_type=OrdType.MARKET), TARGET, STOP), "market order"),
        ((ENTRY, of(TARGET, limit_price=Decimal("200.00")), STOP), "would be met"),
        ((ENTRY, TARGET, of(STOP, stop_price=Decimal("200.00"))), "would be met"),
        ((of(ENTRY, limit_price=None, ord_type=OrdType.STOP, stop_price=Decimal(201)), TARGET, STOP), "no price"),
    ],
)
def test_a_list_that_the_broker_would_do_otherwise_stays_here_and_says_why(parts: tuple[Part, ...], why: str) -> None:
    assert why in held(ListKind.BRACKET, *parts)


def test_a_target_and_a_stop_just_beyond_the_entry_are_not_met_by_it() -> None:
    near = (ENTRY, of(TARGET, limit_price=Decimal("200.01")), of(STOP, stop_price=Decimal("199.99")))

    assert not held(ListKind.BRACKET, *near)


def test_a_list_with_a_condition_or_at_a_broker_without_lists_stays_here() -> None:
    assert "condition" in held(ListKind.BRACKET, ENTRY, TARGET, STOP, is_conditional=True)
    without = replace(TAKES, native_lists=False)
    assert held(ListKind.BRACKET, ENTRY, TARGET, STOP, takes=without) == "Interactive Brokers keeps no lists of orders."


def test_an_order_of_a_type_that_it_has_not_keeps_the_whole_list_here() -> None:
    takes = replace(TAKES, ord_types=frozenset({OrdType.LIMIT}))

    assert "has not the type" in held(ListKind.BRACKET, ENTRY, TARGET, STOP, takes=takes)


def test_linked_orders_of_other_positions_or_quantities_stay_here() -> None:
    members = [replace(TARGET, role=Role.MEMBER), replace(STOP, role=Role.MEMBER)]
    other = replace(members[1].ticket, legs=(TicketLeg("MSFT", Side.SELL, PositionEffect.CLOSE, multiplier=1),))

    assert "same position" in held(ListKind.OCO, members[0], replace(members[1], ticket=other))
    assert "same quantity" in held(ListKind.OUO, members[0], of(members[1], quantity=2))
    assert "opens something" in held(ListKind.OTO, ENTRY, replace(ENTRY, role=Role.MEMBER))


def test_a_place_is_read_as_it_was_written() -> None:
    listed = places("a1", ListKind.BRACKET, (ENTRY, TARGET, STOP))

    assert [one.is_entry for one in listed] == [True, False, False]
    assert [Listed.read({"list": one.as_dict()}) for one in listed] == list(listed)
    assert Listed.read({}) is None


def linked(*members: Member, linkage: Linkage = Linkage.OUO) -> LinkedOrders:
    return LinkedOrders(linkage, members)


def member(index: int, place: Place, *, cum: int = 0, **known: bool) -> Member:
    return Member(index, place, 1, 1, cum, claim_of_stock(index), is_entry=index == 0, **known)


def claim_of_stock(index: int) -> frozenset[tuple[str, Side, int]] | None:
    return None if index == 0 else frozenset({("AAPL", Side.SELL, 1)})


def test_nothing_is_asked_for_that_the_broker_does_by_itself() -> None:
    done = linked(member(0, Place.DONE, cum=1), member(1, Place.DONE, cum=1), member(2, Place.OUT))

    assert plan(done).steps == ()
    assert plan(done).alarms == ()


def test_what_has_not_left_ends_with_what_was_taken_back_before() -> None:
    torn = linked(member(0, Place.DONE), member(1, Place.OUT, is_unsent=True), member(2, Place.OUT, is_unsent=True))

    assert [(s.index, s.kind) for s in plan(torn).steps] == [(1, StepKind.CANCEL), (2, StepKind.CANCEL)]


def test_an_entry_is_taken_back_once_if_an_exit_was_refused_and_nothing_of_it_filled() -> None:
    refused = member(2, Place.DONE, is_refused=True)
    bare = linked(member(0, Place.OUT), member(1, Place.OUT), refused)
    asked = linked(member(0, Place.OUT, is_asked=True), member(1, Place.OUT), refused)
    filled = linked(member(0, Place.DONE, cum=1), member(1, Place.OUT), refused)

    (step,) = plan(bare).steps
    assert step == Step(0, StepKind.CANCEL, reason="the broker refused an order that was to close it")
    assert plan(asked).steps == plan(filled).steps == ()
    assert plan(bare).alarms == plan(filled).alarms == (Alarm.REFUSED,)


def test_an_exit_that_the_broker_took_away_for_nothing_is_told() -> None:
    gone = linked(member(0, Place.DONE, cum=1), member(1, Place.OUT), member(2, Place.DONE, is_gone=True))
    with_its_sibling = linked(
        member(0, Place.DONE, cum=1), member(1, Place.DONE, cum=1), member(2, Place.DONE, is_gone=True)
    )
    with_its_entry = linked(member(0, Place.DONE), member(1, Place.DONE, is_gone=True))

    assert plan(gone).alarms == (Alarm.GONE,)
    assert plan(with_its_sibling).alarms == plan(with_its_entry).alarms == ()


def test_a_filled_entry_whose_exits_are_all_gone_is_told_to_be_bare() -> None:
    bare = linked(
        member(0, Place.DONE, cum=1), member(1, Place.DONE, is_gone=True), member(2, Place.DONE, is_gone=True)
    )

    assert plan(bare).alarms == (Alarm.GONE, Alarm.UNPROTECTED)
