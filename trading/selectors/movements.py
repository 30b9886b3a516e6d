"""What was booked in one sleeve, oldest first: trades, expiries, assignments."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from django.db.models import Q

from allcore.kernel.instruments import InstrumentKind, OptionContract
from allcore.kernel.orders import Side
from allcore.kernel.reports import BookKind
from brokers.models import Account
from marketdata.models import Instrument
from risk.domain.lines import contract_of
from trading.domain.protocol.cycles import Cause, Movement
from trading.models import BookEvent, Execution

CAUSES = {
    BookKind.EXPIRY: Cause.EXPIRY,
    BookKind.ASSIGNMENT: Cause.ASSIGNMENT,
    BookKind.EXERCISE: Cause.EXERCISE,
    BookKind.CASH_SETTLEMENT: Cause.EXPIRY,
}


def movements(account: Account, underlying: str, closes: Mapping[date, Decimal] | None = None) -> list[Movement]:
    """Return the movements of an account in an underlying and its options.

    A trade knows the underlying's price if it came from a proposal; anything else has the day's close, where `closes`
    knows it.
    """
    of_name = Q(instrument__symbol=underlying) | Q(instrument__underlying__symbol=underlying)
    known = closes or {}
    fills = Execution.objects.filter(of_name, account=account, status=Execution.Status.LIVE)
    events = BookEvent.objects.filter(of_name, account=account).select_related(
        "instrument", "deliverable", "to_instrument"
    )
    found = [
        _trade(fill, known)
        for fill in fills.select_related("instrument", "order__proposal", "order__algo_child__run__proposal")
    ]
    for event in events:
        found += _carried(event, known) if event.to_instrument_id is not None else _booking(event, known)
    return sorted(found, key=lambda movement: (movement.at, movement.origin))


def _trade(fill: Execution, closes: Mapping[date, Decimal]) -> Movement:
    sign = Side(fill.side).sign
    return Movement(
        at=fill.transact_at,
        origin=str(fill.order_id),
        cause=Cause.TRADE,
        symbol=fill.instrument.symbol,
        contract=_contract(fill.instrument),
        qty=sign * fill.qty,
        px=fill.px,
        fee=fill.fee,
        multiplier=fill.instrument.multiplier,
        spot=_spot(fill) or closes.get(fill.trade_date),
    )


def _carried(event: BookEvent, closes: Mapping[date, Decimal]) -> list[Movement]:
    """Return a split or a new symbol: so many go, so many come, and no money moves."""
    sides = [(event.instrument, -event.qty)]
    if event.to_instrument is not None and event.to_qty is not None:
        sides.append((event.to_instrument, event.to_qty))
    return [
        Movement(
            at=event.transact_at,
            origin=event.event_id,
            cause=Cause.ADJUSTMENT,
            symbol=instrument.symbol,
            contract=_contract(instrument),
            qty=qty,
            px=Decimal(0),
            fee=Decimal(0),
            multiplier=instrument.multiplier,
            spot=closes.get(event.trade_date),
        )
        for instrument, qty in sides
    ]


def _booking(event: BookEvent, closes: Mapping[date, Decimal]) -> list[Movement]:
    if BookKind(event.kind) not in CAUSES:  # a dividend: cash, and no change of a position
        return []
    cause, close = CAUSES[BookKind(event.kind)], closes.get(event.trade_date)
    option = Movement(
        at=event.transact_at,
        origin=event.event_id,
        cause=cause,
        symbol=event.instrument.symbol,
        contract=_contract(event.instrument),
        qty=-event.qty,  # the event names the position that it ends
        px=event.px,
        fee=event.fee,
        multiplier=event.instrument.multiplier,
        spot=close,
    )
    if event.deliverable is None or event.delivery_px is None:
        return [option]
    shares = Movement(
        at=event.transact_at,
        origin=event.event_id,
        cause=cause,
        symbol=event.deliverable.symbol,
        contract=None,
        qty=event.shares,
        px=event.delivery_px,
        fee=Decimal(0),
        multiplier=event.deliverable.multiplier,
        spot=close,
    )
    return [option, shares]


def _contract(instrument: Instrument) -> OptionContract | None:
    return contract_of(instrument.symbol) if instrument.kind == InstrumentKind.OPTION else None


def _spot(fill: Execution) -> Decimal | None:
    child = getattr(fill.order, "algo_child", None)
    proposal = fill.order.proposal if child is None else child.run.proposal
    if proposal is None:
        return None
    try:
        return Decimal(str(proposal.content["price"]["spot"]))
    except (KeyError, TypeError, InvalidOperation):
        return None
