"""What the broker's word does to an order: an effect takes the order and the event, and returns the order after it."""

from dataclasses import replace

from allcore.kernel.errors import InvalidInputError
from allcore.kernel.orders import OrdStatus
from trading.domain.orders import table
from trading.domain.orders.events import Alert, Event
from trading.domain.orders.state import Applied, Fill, OrderState


class IncompleteEventError(InvalidInputError):
    """The event lacks what its kind must say."""

    code = "INCOMPLETE_EVENT"


def send_timeout(state: OrderState, event: Event) -> Applied:
    """Our message may or may not have arrived, whatever else was asked for since: its exposure stays reserved."""
    if state.base is not OrdStatus.PENDING_NEW or state.is_in_doubt:
        return Applied(state)
    return Applied(replace(state, is_in_doubt=True), (Alert.SUBMIT_IN_DOUBT,))


def acknowledge(state: OrderState, event: Event) -> Applied:
    """The broker has the order; one that we had written off is alive again."""
    known = replace(state, is_in_doubt=False)
    if state.base is OrdStatus.REJECTED:
        return Applied(replace(known, base=OrdStatus.NEW), (Alert.RESURRECTED,))
    return Applied(acked(known))


def acked(state: OrderState) -> OrderState:
    """Return the order known to the broker, whatever it said of it meanwhile."""
    base = OrdStatus.NEW if state.base is OrdStatus.PENDING_NEW else state.base
    return replace(state, base=base, is_in_doubt=False)


def reject(state: OrderState, event: Event) -> Applied:
    """The broker refuses the order; it cannot refuse what it has filled."""
    if state.base in table.DONE:
        return Applied(state)
    if state.cum_qty:
        return Applied(state, (Alert.CONTRADICTORY_REJECT,), ignored=True)
    return Applied(closed(state, OrdStatus.REJECTED))


def closed(state: OrderState, base: OrdStatus) -> OrderState:
    """Return the order done for; one that is filled or done already only loses what was pending."""
    if state.is_filled or state.base in table.DONE:
        base = state.base
    return replace(state, base=base, pending=(), is_in_doubt=False)


def cancel_ack(state: OrderState, event: Event) -> Applied:
    """The broker has taken the order off the market."""
    return Applied(closed(state, OrdStatus.CANCELED))


def unsolicited_cancel(state: OrderState, event: Event) -> Applied:
    """The broker has taken the order off the market by itself."""
    alerts = (Alert.UNSOLICITED_CANCEL,) if state.is_open else ()
    return Applied(closed(state, OrdStatus.CANCELED), alerts)


def expire(state: OrderState, event: Event) -> Applied:
    """The order has outlived its time in force."""
    return Applied(closed(state, OrdStatus.EXPIRED))


def fill(state: OrderState, event: Event) -> Applied:
    """An execution counts, whenever it comes and however large; it implies that the order was accepted."""
    fill = _read_fill(event, event.exec_id)
    seen = state.fill_of(fill.exec_id)
    if seen is not None and seen != fill:
        return Applied(state, (Alert.EXEC_ID_CONFLICT,))
    if seen is not None or fill.exec_id in state.busted:
        return Applied(state, ignored=True)
    filled = replace(acked(state), is_in_doubt=False, fills=tuple(sorted((*state.fills, fill))))
    late = (Alert.LATE_FILL,) if state.base in table.DONE else ()
    over = (Alert.OVERFILL,) if filled.overfill_qty else ()
    return Applied(filled, late + over)


def _read_fill(event: Event, exec_id: str) -> Fill:
    if not exec_id or event.qty is None or event.qty < 1 or event.px is None:
        raise IncompleteEventError(f"A {event.kind} names its execution, a quantity above zero and a price.")
    return Fill(exec_id, event.qty, event.px)


def bust(state: OrderState, event: Event) -> Applied:
    """An execution did not happen."""
    if state.fill_of(event.exec_id) is None:
        return _unknown_execution(state, event)
    busted = replace(
        state,
        fills=tuple(fill for fill in state.fills if fill.exec_id != event.exec_id),
        busted=(*state.busted, event.exec_id),
    )
    # Unless the broker says that the quantity works again, it does not: nobody may wait for fills that never come.
    done = busted if event.is_reinstated else closed(busted, OrdStatus.CANCELED)
    return Applied(done, (Alert.TRADE_BUST,))


def correct(state: OrderState, event: Event) -> Applied:
    """An execution was other than reported."""
    if state.fill_of(event.exec_id) is None:
        return _unknown_execution(state, event)
    corrected = _read_fill(event, event.new_exec_id or event.exec_id)
    is_renamed = corrected.exec_id != event.exec_id
    if is_renamed and (state.fill_of(corrected.exec_id) is not None or corrected.exec_id in state.busted):
        return Applied(state, (Alert.EXEC_ID_CONFLICT,), ignored=True)
    others = (fill for fill in state.fills if fill.exec_id != event.exec_id)
    # The old id is burned: the execution as it was first told, told again, is not another one.
    gone = (*state.busted, event.exec_id) if is_renamed else state.busted
    after = replace(state, fills=tuple(sorted((*others, corrected))), busted=gone)
    over = (Alert.OVERFILL,) if after.overfill_qty > state.overfill_qty else ()
    return Applied(after, (Alert.TRADE_CORRECT, *over))


def _unknown_execution(state: OrderState, event: Event) -> Applied:
    if event.exec_id in state.busted:
        return Applied(state, ignored=True)
    return Applied(state, (Alert.UNKNOWN_EXEC_ID,), ignored=True)


def suspend(state: OrderState, event: Event) -> Applied:
    """The exchange holds the order."""
    return Applied(replace(state, base=OrdStatus.SUSPENDED))


def resume(state: OrderState, event: Event) -> Applied:
    """The exchange lets the order go on."""
    return Applied(replace(state, base=OrdStatus.NEW))


def done_for_day(state: OrderState, event: Event) -> Applied:
    """Nothing more fills today."""
    return Applied(replace(state, base=OrdStatus.DONE_FOR_DAY))


def new_session(state: OrderState, event: Event) -> Applied:
    """An order that was done for the day works again."""
    return Applied(replace(state, base=OrdStatus.NEW) if state.base is OrdStatus.DONE_FOR_DAY else state)


def restate(state: OrderState, event: Event) -> Applied:
    """The broker says that the order is for another total or at another price: after a split, say (ExecType D)."""
    total = state.order_qty if event.qty is None else event.qty
    restated = replace(
        acked(state),
        order_qty=max(total, state.cum_qty, 1),
        price=state.price if event.px is None else event.px,
        stop_price=state.stop_price if event.stop_px is None else event.stop_px,
    )
    terms = (restated.order_qty, restated.price, restated.stop_price)
    is_news = terms != (state.order_qty, state.price, state.stop_price)
    return Applied(restated, (Alert.RESTATED,) if is_news else (), ignored=not is_news)


def query_not_found(state: OrderState, event: Event) -> Applied:
    """Asked until it was certain, the broker does not know the order."""
    if not (event.is_final and state.status is OrdStatus.IN_DOUBT):
        return Applied(state)
    base = OrdStatus.CANCELED if state.cum_qty else OrdStatus.REJECTED
    return Applied(closed(state, base), (Alert.RESOLVED_NOT_FOUND,))
