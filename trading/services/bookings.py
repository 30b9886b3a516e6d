"""Expiries, assignments and exercises: what befalls a position without an order."""

from allcore.audit.services import record
from allcore.kernel.clock import new_york_date
from allcore.kernel.reports import BookReport
from brokers.models import Account
from marketdata.models import Instrument
from trading.models import BookEvent
from trading.services.batch import Batch
from trading.services.external import UnlistedInstrumentError, account_of
from trading.services.lots import entries_of
from trading.services.quarantine import ACTOR
from trading.services.trades import UnbookableError


class EventConflictError(UnbookableError):
    """The event's id was seen with other content."""

    code = "EVENT_ID_CONFLICT"


class NoDeliveryPriceError(UnbookableError):
    """Shares move, and nothing says for how much."""

    code = "NO_DELIVERY_PRICE"


def note(batch: Batch, report: BookReport) -> None:
    """Put the event down for booking; one that was booked before changes nothing.

    Raises:
        NotOurAccountError, UnlistedInstrumentError, EventConflictError, NoDeliveryPriceError: it cannot be booked.
    """
    account = account_of(batch, report.account)
    event = _event(batch, account, report)
    known = batch.known_events.get((account.pk, report.event_id))
    if known is not None:
        if _content(known) != _content(event):
            raise EventConflictError(f"Event {report.event_id} was booked with other content; it is not applied.")
        return
    batch.known_events[account.pk, report.event_id] = event
    batch.events.append(event)
    batch.entries += entries_of(event)
    seen = {"qty": report.qty, "px": report.px, "shares": report.shares, "delivery_px": report.delivery_px}
    record(
        f"position.{report.kind.lower()}",
        f"event:{report.event_id}",
        {"symbol": report.symbol, "underlying": report.underlying, "fee": report.fee, **seen},
        actor=ACTOR,
        at=batch.now,
        account=account.code,
    )


def _event(batch: Batch, account: Account, report: BookReport) -> BookEvent:
    if report.shares and report.delivery_px is None:
        raise NoDeliveryPriceError(f"Event {report.event_id} moves {report.shares} shares at no price.")
    return BookEvent(
        connection=account.connection,
        account=account,
        kind=report.kind,
        event_id=report.event_id,
        instrument=_instrument(batch, report.symbol),
        qty=report.qty,
        px=report.px,
        deliverable=_instrument(batch, report.underlying) if report.shares else None,
        shares=report.shares,
        delivery_px=report.delivery_px if report.shares else None,
        fee=report.fee,
        trade_date=new_york_date(report.transact_at),
        transact_at=report.transact_at,
        received_at=batch.now,
    )


def _instrument(batch: Batch, symbol: str) -> Instrument:
    if symbol not in batch.instruments:
        raise UnlistedInstrumentError(f"No instrument is called {symbol!r}; the event is not booked.")
    return batch.instruments[symbol]


def _content(event: BookEvent) -> tuple[object, ...]:
    moved = event.deliverable_id, event.shares, event.delivery_px
    return event.kind, event.instrument_id, event.qty, event.px, moved
