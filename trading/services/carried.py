"""What a corporate action makes of what stands at the desk: instructions go on in the new name, held orders end.

Brokers cancel open orders as an action goes ex, since a price from before means nothing after it; the desk does the
same with the orders that it holds.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from allcore.accounts.actors import desk_name
from allcore.kernel.clock import new_york_date
from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import BookKind
from marketdata.selectors import clock
from trading.models import BookEvent, CorporateAction, ExerciseInstruction, Order
from trading.services import submit
from trading.services.contingent import lists
from trading.services.exercise import IN_FORCE, note
from trading.services.instructing import warn

ACTOR = desk_name("corporate-actions")
REARRANGES = (BookKind.SPLIT, BookKind.SPECIAL_DIVIDEND, BookKind.SYMBOL_CHANGE)
LOOK_BACK = timedelta(days=30)
NOT_WHOLE = "A corporate action left no whole number of contracts for it. Give it again for the new contract."


def follow(events: Sequence[BookEvent], *, now: datetime) -> None:
    """Do what the booked events ask for, in the caller's transaction."""
    for event in events:
        if event.to_instrument is not None:
            _carry_instructions(event, now)
            underlying = event.instrument.underlying or event.instrument
            mine = Order.objects.filter(account=event.account, underlying=underlying.symbol)
            _end_held(mine.values_list("pk", flat=True), event.kind, now)


def sweep(*, now: datetime) -> int:
    """End the held orders from before an action that has gone ex, whoever holds a position or not; return how many.

    Raises:
        UnavailableError: no feed has run, so that nobody knows the exchange's day.
    """
    held = Order.objects.filter(status=OrdStatus.HELD)
    if not held.exists():
        return 0
    today = new_york_date(clock.exchange_now(now))
    actions = CorporateAction.objects.filter(
        state=CorporateAction.State.CONFIRMED, kind__in=REARRANGES, ex_date__lte=today, ex_date__gt=today - LOOK_BACK
    )
    # It looks each ten seconds, for a month after the date, and acts once: whatever stood from before is ended then.
    old = held.filter(underlying=OuterRef("symbol"), trade_date__lt=OuterRef("ex_date"))
    ended = 0
    for action in actions.filter(Exists(old)).order_by("ex_date", "id"):
        due = held.filter(underlying=action.symbol, trade_date__lt=action.ex_date)
        with transaction.atomic():
            ended += _end_held(due.values_list("pk", flat=True), action.kind, now)
    return ended


def _end_held(order_ids: Iterable[UUID], kind: str, now: datetime) -> int:
    reason = f"corporate action ({kind.replace('_', ' ').lower()})"
    locked = Order.objects.select_for_update(of=("self",)).select_related("account__connection", "connection")
    found = list(locked.filter(pk__in=order_ids, status=OrdStatus.HELD).order_by("id"))
    for order in found:
        submit.cancel_locked(order, actor=ACTOR, reason=reason, now=now)
    if found:
        lists.react_to([order.pk for order in found], now=now)
    return len(found)


def _carry_instructions(event: BookEvent, now: datetime) -> None:
    """Let the instructions on what was carried over speak of what it became."""
    became = event.to_instrument
    if became is None or (became.pk == event.instrument_id and event.to_qty == event.qty):
        return
    standing = ExerciseInstruction.objects.select_for_update(of=("self",)).select_related("account")
    for one in standing.filter(account=event.account, instrument=event.instrument, state__in=IN_FORCE).order_by("id"):
        qty, rest = divmod(one.qty * abs(event.to_qty or 0), abs(event.qty))
        if rest or not qty:
            one.state, one.answer, one.closed_at = ExerciseInstruction.State.REFUSED, NOT_WHOLE, now
            one.save(update_fields=["state", "answer", "closed_at"])
            note(one, "exercise.refused", ACTOR, now)
            warn(one, "EXERCISE_REFUSED", NOT_WHOLE)
            continue
        one.instrument, one.qty = became, qty
        one.save(update_fields=["instrument", "qty"])
        note(one, "exercise.carried", ACTOR, now)
