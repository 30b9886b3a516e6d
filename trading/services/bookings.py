"""What befalls a position without an order: expiries, deliveries, settlements, splits, dividends, new names."""

from decimal import Decimal

from allcore.audit.services import record
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import InstrumentKind, OptionContract
from allcore.kernel.reports import CLOSINGS, CURRENCY, BookKind, BookReport
from brokers.models import Account
from marketdata.models import Instrument
from trading.models import BookEvent
from trading.services.batch import Batch
from trading.services.digits import kept
from trading.services.entries import entries_of
from trading.services.external import UnlistedInstrumentError, account_of
from trading.services.quarantine import ACTOR
from trading.services.trades import UnbookableError

CARRIES = frozenset({BookKind.SPLIT, BookKind.SYMBOL_CHANGE})
PAYS = frozenset({BookKind.DIVIDEND, BookKind.SPECIAL_DIVIDEND})


class EventConflictError(UnbookableError):
    """The event's id was seen with other content."""

    code = "EVENT_ID_CONFLICT"


class NoDeliveryPriceError(UnbookableError):
    """Shares move, and nothing says for how much."""

    code = "NO_DELIVERY_PRICE"


class IncompleteBookingError(UnbookableError):
    """The event does not say what it needs to: a dividend how much, a split how many there are afterwards."""

    code = "INCOMPLETE_BOOKING"


def note(batch: Batch, report: BookReport) -> None:
    """Put the event down for booking; one that was booked before changes nothing.

    Raises:
        NotOurAccountError, UnlistedInstrumentError, EventConflictError, NoDeliveryPriceError, IncompleteBookingError:
            it cannot be booked.
    """
    account = account_of(batch, report.account)
    _check(report)
    event = _event(batch, account, report)
    known = batch.known_events.get((account.pk, report.event_id))
    if known is not None:
        if _content(known) != _content(event):
            raise EventConflictError(f"Event {report.event_id} was booked with other content; it is not applied.")
        return
    batch.known_events[account.pk, report.event_id] = event
    batch.events.append(event)
    batch.entries += entries_of(event)
    if event.to_instrument is not None:
        batch.stale |= {(account.pk, event.instrument.pk), (account.pk, event.to_instrument.pk)}
    record(
        f"position.{report.kind.lower()}",
        f"event:{report.event_id}",
        {"symbol": report.symbol, "underlying": report.underlying, "fee": report.fee, **_seen(report)},
        actor=ACTOR,
        at=batch.now,
        account=account.code,
    )


def _seen(report: BookReport) -> dict[str, object]:
    if report.kind in CLOSINGS:
        return {"qty": report.qty, "px": report.px, "shares": report.shares, "delivery_px": report.delivery_px}
    ratio = f"{report.ratio_new}:{report.ratio_old}"
    paid = {"amount": report.amount, "cash": report.cash}
    return {"qty": report.qty, "ratio": ratio, "to_symbol": report.to_symbol, "to_qty": report.to_qty, **paid}


def _check(report: BookReport) -> None:
    if report.shares and report.delivery_px is None:
        raise NoDeliveryPriceError(f"Event {report.event_id} moves {report.shares} shares at no price.")
    if report.kind in PAYS and report.amount is None:
        raise IncompleteBookingError(f"Event {report.event_id} is a dividend of no amount.")
    if report.kind is BookKind.SPLIT and report.to_qty is None:
        raise IncompleteBookingError(f"Event {report.event_id} is a split that does not say what there is afterwards.")
    if report.kind is BookKind.SYMBOL_CHANGE and not report.to_symbol:
        raise IncompleteBookingError(f"Event {report.event_id} is a change to no symbol.")
    if (report.kind is BookKind.INTEREST) != (report.symbol == CURRENCY):
        raise IncompleteBookingError(f"Event {report.event_id} books {report.kind} on {report.symbol}.")
    if report.to_qty is not None and report.to_qty * report.qty < 0:
        raise IncompleteBookingError(f"Event {report.event_id} turns {report.qty} into {report.to_qty}.")


def _event(batch: Batch, account: Account, report: BookReport) -> BookEvent:
    instrument = _instrument(batch, report.symbol)
    is_option = instrument.kind == InstrumentKind.OPTION
    is_carried = report.kind in CARRIES or (report.kind is BookKind.SPECIAL_DIVIDEND and is_option)
    is_paid = report.kind in PAYS and not is_option
    amount = report.amount if report.kind in PAYS else None
    dividend = report.qty * amount if is_paid and amount is not None else Decimal(0)
    return BookEvent(
        connection=account.connection,
        account=account,
        kind=report.kind,
        event_id=report.event_id,
        instrument=instrument,
        qty=report.qty,
        px=report.px,
        deliverable=_instrument(batch, report.underlying) if report.shares else None,
        shares=report.shares,
        delivery_px=report.delivery_px if report.shares else None,
        fee=report.fee,
        ratio_new=report.ratio_new,
        ratio_old=report.ratio_old,
        amount=amount,
        to_instrument=_successor(batch, instrument, report) if is_carried else None,
        to_qty=(report.qty if report.to_qty is None else report.to_qty) if is_carried else None,
        income=kept(dividend + report.cash),
        trade_date=new_york_date(report.transact_at),
        transact_at=report.transact_at,
        received_at=batch.now,
    )


def _instrument(batch: Batch, symbol: str) -> Instrument:
    if symbol == CURRENCY and symbol not in batch.instruments:
        batch.instruments[symbol] = _cash()
    if symbol not in batch.instruments:
        raise UnlistedInstrumentError(f"No instrument is called {symbol!r}; the event is not booked.")
    return batch.instruments[symbol]


def _cash() -> Instrument:
    """Return the currency as an instrument, listed by its first interest; nothing quotes it, so it is not active."""
    terms = {"kind": InstrumentKind.CASH, "name": "Cash", "is_active": False}
    return Instrument.objects.get_or_create(symbol=CURRENCY, defaults=terms)[0]


def _successor(batch: Batch, old: Instrument, report: BookReport) -> Instrument:
    """Return what the position goes on in; a name that is new here is listed with the old one's terms."""
    symbol = report.to_symbol or old.symbol
    if symbol not in batch.instruments:
        batch.instruments[symbol] = _listed(batch, old, report)
    return batch.instruments[symbol]


def _listed(batch: Batch, old: Instrument, report: BookReport) -> Instrument:
    terms: dict[str, object] = {"name": old.name}
    if old.kind == InstrumentKind.OPTION:
        contract = OptionContract.parse(report.to_symbol)
        underlying = _instrument(batch, report.underlying) if report.underlying else old.underlying
        terms = {"underlying": underlying, "expiry": contract.expiry, "strike": contract.strike}
        terms |= {"right": contract.right, "name": f"Delivers {report.deliverable}" if report.deliverable else ""}
    return Instrument.objects.create(
        symbol=report.to_symbol,
        kind=old.kind,
        multiplier=report.multiplier or old.multiplier,
        tick_rule=old.tick_rule,
        dividend_yield=old.dividend_yield,
        is_simulated=old.is_simulated,
        **terms,
    )


def _content(event: BookEvent) -> tuple[object, ...]:
    moved = event.deliverable_id, event.shares, event.delivery_px
    carried = event.to_instrument_id, event.to_qty, event.income
    return event.kind, event.instrument_id, event.qty, event.px, moved, carried
