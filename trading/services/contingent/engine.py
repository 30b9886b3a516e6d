"""The trigger engine: looks at every order that waits, at each batch of quotes, and sets off what is due.

It runs beside the monitor. Any number may run: each change of a hold is one conditional update on its version, so that
two engines never set one order off twice; and an order is released under its row's lock, once. An engine that is dead,
or sees nothing, triggers nothing: the orders stay held, and say so.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from threading import Event
from typing import Any, NamedTuple
from uuid import UUID

import redis
import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q

from allcore import live
from allcore.kernel.calendar import Phase, phase_at
from allcore.kernel.errors import InvalidInputError, UnavailableError
from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus, TimeInForce
from marketdata.domain import wire
from marketdata.selectors import clock
from trading.domain.contingent.step import Looked, Waiting, look_at, symbols_of
from trading.domain.contingent.view import View
from trading.models import Hold, OrderRequest
from trading.selectors import waiting as rows
from trading.services import submit
from trading.services.contingent import lists, release
from trading.services.contingent.alone import alone
from trading.services.contingent.holds import State

SHORTEST_GAP = 0.1  # seconds between two looks
LONGEST_GAP = 0.5  # without a quote
SWEEP_EVERY = 2.0  # seconds between two sweeps of the lists
LONGEST_PAUSE = 5.0
ASK_AGAIN_AFTER = timedelta(seconds=30)  # a cancel that the broker refused

log = structlog.get_logger("desk.triggers")


class Armed(NamedTuple):
    """An order that watches, as a row and as the pure part looks at it."""

    hold: Hold
    waiting: Waiting


def look(now: datetime) -> int:
    """Look once at everything that waits; return how many orders were set off, sent or taken back.

    Raises:
        UnavailableError: no feed has run, or Redis is away.
    """
    exchange_now = clock.exchange_now(now)
    done = sum(_end(order_id, now) for order_id in _over(exchange_now, now))
    armed = [Armed(hold, rows.waiting_of(hold)) for hold in rows.armed() if _is_its_hour(hold, exchange_now)]
    if armed:
        _look_at_all(armed, now, exchange_now)
    return done + sum(_go(hold, now) for hold in rows.fired() if _is_its_hour(hold, exchange_now))


def _look_at_all(armed: Sequence[Armed], now: datetime, exchange_now: datetime) -> None:
    try:
        view = rows.view_of([waiting for _, waiting in armed], now=now, exchange_now=exchange_now)
    except InvalidInputError:  # one of them cannot be read: the others are looked at without it
        armed = [one for one in armed if _is_readable(one, now)]
        view = rows.view_of([waiting for _, waiting in armed], now=now, exchange_now=exchange_now)
    for hold, waiting in armed:
        with alone(hold.order_id, now=now):
            _look_at(hold, waiting, view)


def _is_readable(armed: Armed, now: datetime) -> bool:
    symbols: frozenset[str] = frozenset()
    with alone(armed.hold.order_id, now=now):
        symbols = symbols_of(armed.waiting)
    return bool(symbols)  # its own legs at least


def _is_its_hour(hold: Hold, exchange_now: datetime) -> bool:
    """Return whether the order may be set off: a price outside the session is none to act on, nor could it leave."""
    return phase_at(exchange_now) is Phase.OPEN or hold.order.time_in_force == TimeInForce.OPG


def _look_at(hold: Hold, waiting: Waiting, view: View) -> None:
    looked = look_at(waiting, view)
    if looked.is_set_off or _is_news(hold, looked):
        _keep(hold, looked, view)


def _is_news(hold: Hold, looked: Looked) -> bool:
    """Return whether there is something to remember. When a quote was last seen is not: it comes again."""
    return _counts(hold.memory) != _counts(looked.memory) or looked.is_met != (hold.condition_met_at is not None)


def _counts(memory: dict[str, Any]) -> object:
    watch = memory.get("watch", {})
    traces = memory.get("condition", {})
    return (
        watch.get("count", 0),
        watch.get("mark"),
        {p: (c, holds) for p, (c, _, holds) in traces.items() if c or holds},
    )


def _keep(hold: Hold, looked: Looked, view: View) -> bool:
    """Write what was seen, unless another engine was first; return whether this one was."""
    met_at = view.exchange_now if looked.is_met and hold.condition is not None else None
    changed: dict[str, Any] = {
        "memory": looked.memory,
        "condition_met_at": hold.condition_met_at or met_at,
        "mark": looked.mark,
        "level": looked.level,
        "version": F("version") + 1,
    }
    if looked.is_set_off:
        changed |= {"state": State.FIRED, "fired_at": view.now, "why": looked.why[:300]}
    return Hold.objects.filter(pk=hold.pk, state=State.ARMED, version=hold.version).update(**changed) == 1


def _go(hold: Hold, now: datetime) -> bool:
    """Send what was set off, or have its list make way for it. What cannot go now goes with a later look."""
    link = getattr(hold.order, "link", None)
    is_done = False
    with alone(hold.order_id, now=now):
        if link is not None and rows.is_linked(link):
            is_done = bool(lists.react(link.order_list_id, now=now))
        else:
            is_done = release.release(hold.order_id, why=hold.why, now=now)
    return is_done


def _over(exchange_now: datetime, now: datetime) -> Iterable[UUID]:
    """Return the orders whose time is over: those that wait, and those that work on the desk's own time.

    One whose cancellation is under way, or was refused just now, is not among them.
    """
    waits = Q(state__in=[State.WAITING, State.ARMED, State.FIRED])
    works = Q(state=State.RELEASED, order__time_in_force="GTD") & ~Q(order__status__in=list(CLOSED_STATUSES))
    is_asked = Q(state__in=["TO_SEND", "SENT", "IN_DOUBT"]) | Q(
        state="REJECTED", answered_at__gt=now - ASK_AGAIN_AFTER, answered_at__lte=now
    )
    asked = OrderRequest.objects.filter(is_asked, order=OuterRef("order_id"), kind="CANCEL")
    due = Hold.objects.filter(~Exists(asked), waits | works, ends_at__lte=exchange_now)
    return list(due.order_by("pk").values_list("pk", flat=True))


def _end(order_id: UUID, now: datetime) -> bool:
    is_done = False
    with alone(order_id, now=now), transaction.atomic():
        order = submit.locked(order_id)
        if OrdStatus(order.status) not in CLOSED_STATUSES:
            submit.cancel_locked(order, actor=release.ACTOR, reason="its time is over", now=now)
            lists.react_to([order_id], now=now)
            is_done = True
    return is_done


def keep_going(*, now: Callable[[], datetime], stopping: Event) -> None:
    """Look at each batch of quotes until told to stop. Redis, PostgreSQL or the feed being away is waited out."""
    failures = 0
    while not stopping.is_set():
        try:
            with live.client().pubsub(ignore_subscribe_messages=True) as ears:  # type: ignore[no-untyped-call] # redis
                ears.subscribe(wire.QUOTES_CHANNEL)
                swept = 0.0
                while not stopping.is_set():
                    look(now())
                    if time.monotonic() - swept >= SWEEP_EVERY:
                        lists.sweep(now=now())
                        swept = time.monotonic()
                    failures = 0
                    _listen(ears, stopping)
        except (redis.RedisError, UnavailableError, OperationalError, InterfaceError) as e:
            log.warning("triggers_wait", reason=str(e))
            connection.close()
            failures += 1
            stopping.wait(min(SHORTEST_GAP * 2**failures, LONGEST_PAUSE))


def _listen(ears: Any, stopping: Event) -> None:
    """Wait for the next batch of quotes; one look answers all that came meanwhile."""
    ears.get_message(timeout=LONGEST_GAP)
    stopping.wait(SHORTEST_GAP)
    while ears.get_message(timeout=0.0) is not None:
        pass
