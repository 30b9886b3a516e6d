"""What holds of every order, whatever happens to it."""

from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.orders import OrdStatus
from trading.domain.orders import table
from trading.domain.orders.lifecycle import Event, EventKind, IllegalTransitionError, OrderState, apply, play

QTY = 10
exec_ids = st.sampled_from(["e1", "e2", "e3", "e4"])
prices = st.decimals("0.01", "5", places=2)
events = st.builds(
    Event,
    kind=st.sampled_from(EventKind),
    exec_id=exec_ids,
    qty=st.integers(1, 12),
    px=prices,
    cl_ord_id=st.sampled_from(["", "R1", "R2"]).filter(bool),
    reported=st.sampled_from(["NEW", "CANCELED", "REJECTED", "FILLED", "EXPIRED"]),
    cum_qty=st.integers(0, 12),
    needs_approval=st.booleans(),
    is_final=st.booleans(),
    is_reinstated=st.booleans(),
)
WORKING = [Event(EventKind.SUBMIT), Event(EventKind.RISK_PASS), Event(EventKind.SEND), Event(EventKind.ACK)]


def draft() -> OrderState:
    return OrderState(order_qty=QTY, chain=("C1",), price=Decimal(1))


def check(before: OrderState, event: Event, state: OrderState) -> None:
    assert state.leaves_qty >= 0
    assert state.leaves_qty == 0 or state.leaves_qty + state.cum_qty == state.order_qty
    assert state.cum_qty >= before.cum_qty or event.kind in (EventKind.BUST, EventKind.CORRECT)
    assert state.status is not OrdStatus.FILLED or state.cum_qty >= state.order_qty
    assert (state.fix_ord_status is None) == (state.status in table.LOCAL)
    assert state.overfill_qty == max(state.cum_qty - state.order_qty, 0)
    assert state.applied == before.applied + 1
    assert OrderState.from_dict(state.as_dict()) == state


@given(sent=st.booleans(), walk=st.lists(events, max_size=30))
def test_invariants_hold_on_every_walk(*, sent: bool, walk: list[Event]) -> None:
    state = play(draft(), WORKING) if sent else draft()

    for event in walk:
        before = state
        try:
            state = apply(state, event).state
        except IllegalTransitionError:
            continue
        check(before, event, state)


@given(st.lists(st.tuples(st.integers(1, 5), prices), min_size=1, max_size=4))
def test_fills_in_any_order_make_the_same_order(sizes: list[tuple[int, Decimal]]) -> None:
    fills = [Event(EventKind.FILL, exec_id=f"e{n}", qty=qty, px=px) for n, (qty, px) in enumerate(sizes)]
    working = play(draft(), WORKING)

    results = [play(working, order) for order in permutations(fills)]

    assert all(
        (r.status, r.fills, r.avg_px, r.leaves_qty)
        == (results[0].status, results[0].fills, results[0].avg_px, results[0].leaves_qty)
        for r in results
    )


@given(st.lists(events, max_size=12))
def test_a_fill_delivered_three_times_counts_once(walk: list[Event]) -> None:
    state = play(draft(), WORKING)
    for event in walk:
        try:
            state = apply(state, event).state
        except IllegalTransitionError:
            continue
    fill = Event(EventKind.FILL, exec_id="new", qty=2, px=Decimal(1))

    once = apply(state, fill).state
    thrice = play(once, [fill, fill])

    assert (thrice.fills, thrice.status, thrice.alerts) == (once.fills, once.status, once.alerts)


def test_an_order_that_was_filled_is_never_rejected_and_says_so() -> None:
    state = play(draft(), [*WORKING, Event(EventKind.FILL, exec_id="e1", qty=1, px=Decimal(1))])

    applied = apply(state, Event(EventKind.REJECT))

    assert applied.ignored
    assert applied.alerts == ("CONTRADICTORY_REJECT",)
    assert applied.state.status is OrdStatus.PARTIALLY_FILLED


def test_a_bust_without_word_of_reinstatement_ends_the_order() -> None:
    state = play(draft(), [*WORKING, Event(EventKind.FILL, exec_id="e1", qty=10, px=Decimal(1))])

    busted = apply(state, Event(EventKind.BUST, exec_id="e1")).state

    assert (busted.status, busted.cum_qty, busted.leaves_qty) == (OrdStatus.CANCELED, 0, 0)


def test_a_snapshot_ahead_of_us_asks_for_executions_and_changes_nothing() -> None:
    state = play(draft(), WORKING)

    applied = apply(state, Event(EventKind.QUERY_STATUS, reported="FILLED", cum_qty=10))

    assert applied.alerts == ("EXECUTIONS_MISSING",)
    assert applied.state.status is OrdStatus.NEW


def test_the_third_refused_cancel_is_escalated() -> None:
    state = play(draft(), WORKING)
    tries = [Event(EventKind.CANCEL_REQ, cl_ord_id="X"), Event(EventKind.CANCEL_REJ)]

    second = play(state, tries * 2)
    third = play(second, tries)

    assert second.alerts == ()
    assert third.alerts == ("CANCEL_REJECTED_AGAIN",)


def test_an_answer_finds_the_request_it_names() -> None:
    asked = [
        Event(EventKind.REPLACE_REQ, cl_ord_id="C2", px=Decimal(2)),
        Event(EventKind.REPLACE_REQ, cl_ord_id="C3", px=Decimal(3)),
    ]
    state = play(draft(), [*WORKING, *asked])

    answered = apply(state, Event(EventKind.REPLACE_ACK, cl_ord_id="C3")).state

    assert (answered.chain, answered.price) == (("C1", "C3"), Decimal(3))
    assert answered.status is OrdStatus.PENDING_REPLACE


@pytest.mark.parametrize("filled", [0, 4, 9, 10, 11])
def test_the_late_acceptance_of_an_older_replacement_changes_no_terms(filled: int) -> None:
    older = Event(EventKind.REPLACE_REQ, cl_ord_id="C2", qty=20, px=Decimal(2), stop_px=Decimal(4))
    newer = Event(EventKind.REPLACE_REQ, cl_ord_id="C3", qty=10, px=Decimal(3), stop_px=Decimal(5))
    taken = play(draft(), [*WORKING, older, newer, Event(EventKind.REPLACE_ACK, cl_ord_id="C3")])
    fills = [Event(EventKind.FILL, exec_id="e1", qty=filled, px=Decimal(3))] if filled else []

    state = play(taken, [*fills, Event(EventKind.REPLACE_ACK, cl_ord_id="C2")])

    assert (state.order_qty, state.price, state.stop_price) == (10, Decimal(3), Decimal(5))
    assert (state.cum_qty, state.overfill_qty, state.pending) == (filled, max(filled - 10, 0), ())
    assert state.chain == ("C1", "C2", "C3")


def test_an_older_replacement_holds_when_the_newer_one_is_refused_first() -> None:
    older = Event(EventKind.REPLACE_REQ, cl_ord_id="C2", qty=20, px=Decimal(2))
    newer = Event(EventKind.REPLACE_REQ, cl_ord_id="C3", qty=10, px=Decimal(3))
    answers = [Event(EventKind.REPLACE_REJ, cl_ord_id="C3"), Event(EventKind.REPLACE_ACK, cl_ord_id="C2")]

    state = play(draft(), [*WORKING, older, newer, *answers])

    assert (state.order_qty, state.price, state.chain) == (20, Decimal(2), ("C1", "C2"))


@pytest.mark.parametrize("asked", [EventKind.CANCEL_REQ, EventKind.REPLACE_REQ])
def test_an_unanswered_order_is_in_doubt_whatever_was_asked_of_it_since(asked: EventKind) -> None:
    unanswered = [*WORKING[:3], Event(asked, cl_ord_id="R1", qty=QTY), Event(EventKind.SEND_TIMEOUT)]

    doubted = play(draft(), unanswered)
    never_arrived = apply(doubted, Event(EventKind.QUERY_NOT_FOUND, is_final=True)).state

    assert (doubted.status, never_arrived.status) == (OrdStatus.IN_DOUBT, OrdStatus.REJECTED)


def test_an_accepted_replacement_ends_the_doubt_about_its_order() -> None:
    asked = Event(EventKind.REPLACE_REQ, cl_ord_id="R1", qty=QTY)

    state = play(
        draft(),
        [*WORKING[:3], asked, Event(EventKind.SEND_TIMEOUT), Event(EventKind.REPLACE_ACK, cl_ord_id="R1")],
    )

    assert state.status is OrdStatus.NEW
