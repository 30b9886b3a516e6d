"""A corporate action and what stands at the desk: instructions go on in the new name, held orders end. And alerts."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from allcore import live
from allcore.accounts.actors import Actor
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.reports import BookKind, BookReport
from brokers.models import Account, Connection
from marketdata.selectors import clock
from tests.builders import market
from tests.trading.contingent.conftest import plain_broker
from tests.trading.passage.conftest import STOCK, draft
from trading.models import CorporateAction, ExerciseInstruction, Order, Position
from trading.services import carried, exercise, instructing, settle, submit

__all__ = ["plain_broker"]

EXPIRY = date(2026, 6, 12)
PUT = market.option(STOCK, EXPIRY, "P", 200)
RENAMED = market.option("NEWCO", EXPIRY, "P", 200)
SPLIT_PUT = market.option(STOCK, EXPIRY, "P", 50)
MINUTE = timedelta(minutes=1)
MICRO = timedelta(microseconds=1)


@pytest.fixture
def made(desk: Connection, trader: Actor) -> ExerciseInstruction:
    """Not to exercise two of three long puts, accepted by the broker."""
    Position.objects.create(
        account=Account.objects.get(code="GEN-1"), instrument=market.instrument(PUT), qty=3, avg_px=2,
        booked_through=market.START, updated_at=market.START,
    )  # fmt: skip
    one = exercise.instruct(
        account="GEN-1", symbol=PUT, kind="DO_NOT_EXERCISE", qty=2, reason="", actor=trader, now=utc_now()
    )
    ExerciseInstruction.objects.update(state="ACCEPTED")
    return one


@pytest.fixture
def heard() -> Iterator[Any]:
    """Return a function that tells the alerts that were published."""
    pubsub = live.client().pubsub(ignore_subscribe_messages=True)
    pubsub.subscribe(live.CHANNEL)
    pubsub.get_message(timeout=1.0)

    def codes() -> list[str]:
        found = []
        while (message := pubsub.get_message(timeout=0.05)) is not None:
            said = orjson.loads(message["data"])
            found += [said["data"]["code"]] if said["stream"] == "alerts" else []
        return found

    yield codes
    pubsub.close()


def action(kind: BookKind, symbol: str, qty: int, to_symbol: str, to_qty: int) -> BookReport:
    return BookReport(
        kind=kind,
        connection="paper",
        account=Account.objects.get(code="GEN-1").broker_account,
        event_id=f"{kind}:{symbol}",
        symbol=symbol,
        qty=qty,
        px=Decimal(0),
        transact_at=market.START,
        to_symbol=to_symbol,
        to_qty=to_qty,
    )


def held_order(trader: Actor) -> Order:
    """Return a stop that waits at the desk."""
    wanted = draft(ord_type="STOP", stop_price=Decimal("210.00"), limit_price=None)
    order = submit.place(draft=wanted, actor=trader, key="held", trace_id="t", now=utc_now())
    assert order.status == "HELD", order.reason
    return order


def test_an_instruction_goes_on_under_the_new_name(made: ExerciseInstruction) -> None:
    settle.apply_reports("paper", [action(BookKind.SYMBOL_CHANGE, PUT, 3, RENAMED, 3)], now=utc_now())

    made.refresh_from_db()
    assert (made.instrument.symbol, made.qty, made.state) == (RENAMED, 2, "ACCEPTED")
    assert AuditEntry.objects.get(action="exercise.carried").payload["symbol"] == RENAMED


def test_an_instruction_on_contracts_that_split_is_for_as_many_more(made: ExerciseInstruction) -> None:
    settle.apply_reports("paper", [action(BookKind.SPLIT, PUT, 3, SPLIT_PUT, 12)], now=utc_now())

    made.refresh_from_db()
    assert (made.instrument.symbol, made.qty) == (SPLIT_PUT, 8)


def test_an_instruction_on_a_part_of_a_new_contract_is_refused_and_somebody_hears_of_it(
    made: ExerciseInstruction, heard: Any, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        settle.apply_reports("paper", [action(BookKind.SPLIT, PUT, 3, SPLIT_PUT, 1)], now=utc_now())

    made.refresh_from_db()
    assert (made.state, made.answer, "EXERCISE_REFUSED" in heard()) == ("REFUSED", carried.NOT_WHOLE, True)


@pytest.mark.usefixtures("plain_broker")
def test_an_order_held_at_a_price_from_before_ends_with_the_reason(desk: Connection, trader: Actor) -> None:
    order = held_order(trader)
    Position.objects.create(
        account=order.account, instrument=market.instrument(STOCK), qty=100, avg_px=200,
        booked_through=market.START, updated_at=market.START,
    )  # fmt: skip

    settle.apply_reports("paper", [action(BookKind.SPLIT, STOCK, 100, STOCK, 400)], now=utc_now())

    order.refresh_from_db()
    assert (order.status, order.hold.state) == ("ABANDONED", "ENDED")
    assert "corporate action (split)" in order.reason


@pytest.mark.usefixtures("plain_broker")
@pytest.mark.parametrize(
    ("kind", "days", "ended"), [("SPLIT", 0, 1), ("SPLIT", 1, 0), ("SPLIT", -1, 0), ("DIVIDEND", 0, 0)]
)
def test_held_orders_from_before_an_ex_date_end_whether_anything_is_held_or_not(
    desk: Connection, trader: Actor, approver: Actor, kind: str, days: int, ended: int
) -> None:
    order = held_order(trader)
    market.write_clock(market.START + timedelta(days=1))
    ex_date = order.trade_date + timedelta(days=1 + days)
    terms: dict[str, Any] = {"ratio_new": 4} if kind == "SPLIT" else {"amount": Decimal("0.5")}
    CorporateAction.objects.create(
        kind=kind, symbol=STOCK, ex_date=ex_date, state="CONFIRMED", entered_by=trader.user, entered_at=utc_now(),
        decided_by=approver.user, decided_at=utc_now(), **terms,
    )  # fmt: skip

    first, captured = carried.sweep(now=utc_now()), CaptureQueriesContext(connection)
    with captured:
        again = carried.sweep(now=utc_now())

    order.refresh_from_db()
    assert order.status == ("ABANDONED" if ended else "HELD")
    assert (first, again) == (ended, 0)
    assert not [
        query for query in captured if "FOR UPDATE" in str(query["sql"])
    ]  # it acts once, and locks nothing after


def test_a_refused_instruction_raises_an_alert(
    made: ExerciseInstruction, heard: Any, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    ExerciseInstruction.objects.update(state="SENT", sent_at=utc_now())

    with django_capture_on_commit_callbacks(execute=True):
        instructing.refused(made.pk, reason="The account may not exercise.", now=utc_now())

    assert heard() == ["EXERCISE_REFUSED"]


def test_a_withdrawal_that_is_refused_raises_another(
    made: ExerciseInstruction, heard: Any, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    ExerciseInstruction.objects.update(state="WITHDRAWING", sent_at=utc_now(), closed_by=made.given_by)

    with django_capture_on_commit_callbacks(execute=True):
        instructing.refused(made.pk, reason="Too late.", now=utc_now())

    assert heard() == ["EXERCISE_NOT_WITHDRAWN"]


@pytest.mark.parametrize(("waits", "alerts"), [(MINUTE - MICRO, []), (MINUTE, ["EXERCISE_UNANSWERED"])])
def test_who_is_not_answered_in_a_minute_is_told_of_once(
    made: ExerciseInstruction,
    heard: Any,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    waits: timedelta,
    alerts: list[str],
) -> None:
    now = utc_now()
    ExerciseInstruction.objects.update(state="SENT", sent_at=now - waits)

    with django_capture_on_commit_callbacks(execute=True):
        instructing.warn_of_late(now=now)
        instructing.warn_of_late(now=now)

    assert heard() == alerts


@pytest.mark.parametrize(("before", "warned"), [(31, 0), (30, 1), (29, 1)])
def test_what_the_broker_does_not_have_near_the_cut_off_is_told(
    made: ExerciseInstruction, before: int, warned: int
) -> None:
    ExerciseInstruction.objects.update(state="RECORDED")
    now = utc_now()
    ExerciseInstruction.objects.update(cut_off_at=clock.exchange_now(now) + timedelta(minutes=before))

    assert instructing.warn_of_late(now=now) == warned
