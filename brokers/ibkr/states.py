"""What a status or a code means for one of our orders: a pure step, from what is known to what is to be told.

Statuses are believed; a code is believed only where the table says so and nothing contradicts it. All else puts the
order in doubt, and the gateway is asked: the client libraries' own reading calls live orders cancelled.
"""

from dataclasses import dataclass, replace

from allcore.kernel.reports import ReportKind
from allcore.kernel.tickets import OrderTicket
from brokers.ibkr.errors import CANCEL_CODES, Code, Meaning, code_of
from brokers.ibkr.news import OrderNews
from brokers.ibkr.tracks import Track, has_terms

FILLED = "Filled"
ACCEPTED = frozenset({"PreSubmitted", "Submitted", FILLED, "PendingCancel"})
CANCELED = frozenset({"Cancelled", "ApiCancelled"})
INACTIVE = "Inactive"
PENDING = frozenset({"PendingSubmit", "ApiPending"})
WORDS = ACCEPTED | CANCELED | PENDING | {INACTIVE}  # all that an order's status may be
REFUSALS = frozenset({Meaning.NEW_REJECT, Meaning.CHANGE_REJECT})
LOCATE = "locate"
WORKS = frozenset({"PreSubmitted", "Submitted"})
PARKED = "The gateway has it as inactive and gives no reason. It works no more, unless somebody takes it up in TWS."
END_WORDS = ("end of day", "expired", "good till")  # of a 202 that tells of time, not of a person


@dataclass(frozen=True, slots=True)
class Said:
    """Something to tell: of which request, and why."""

    kind: ReportKind
    cl_ord_id: str
    reason: str = ""
    text: str = ""
    order_qty: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What comes of a message. `in_doubt`: ask the gateway. `waits`: look again in a moment, a reason may follow."""

    said: tuple[Said, ...] = ()
    in_doubt: bool = False
    waits: bool = False


NOTHING = Step()
DOUBT = Step(in_doubt=True)


def on_order(track: Track, news: OrderNews) -> Step:
    """Take an openOrder: it acknowledges a new order, and new terms if it has them."""
    _revive(track, news.status)
    said = _acknowledged(track, news.status)
    if track.replace is not None and news.status in ACCEPTED and _is_replaced(track, news, track.replace[1]):
        said += _replaced(track)
    said += _reduced(track, news)
    if news.status in CANCELED and not news.is_completed:
        ended = _canceled(track)
        return replace(ended, said=(*said, *ended.said))
    return Step(said)


def on_status(track: Track, status: str, why_held: str) -> Step:
    """Take an orderStatus."""
    if status == FILLED:
        return _filled(track)
    if status in CANCELED:
        return _canceled(track)
    _revive(track, status)
    if status in ACCEPTED or (status == INACTIVE and why_held == LOCATE):
        return Step(_acknowledged(track, "Submitted"))
    if track.is_ended or status in PENDING or status == track.puzzle:
        return NOTHING
    track.puzzle = status
    return DOUBT


def on_code(track: Track, number: int, text: str) -> Step:
    """Take a code about the order."""
    code = code_of(number)
    if code.meaning is Meaning.NOTICE:
        return NOTHING
    if number in CANCEL_CODES and track.cancel:
        is_under_way = "cancel" in text.lower().partition("state:")[2]
        return DOUBT if is_under_way and not track.is_ended else _cancel_refused(track, code, text)
    if code.meaning in REFUSALS and track.replace is not None:
        return _replace_refused(track, code, text)
    if code.meaning is Meaning.NEW_REJECT and not track.is_acked:
        track.is_ended = track.is_acked = True
        return Step((Said(ReportKind.REJECT, track.cl_ord_id, code.reason, f"{text} ({number})"),))
    if code.meaning is not Meaning.DOUBT:
        track.end_reason, track.end_text = code.reason, text
    return NOTHING if track.is_ended else DOUBT


def on_trade(track: Track) -> tuple[Said, ...]:
    """Take an execution: it acknowledges the order, if nothing did before."""
    return _acknowledged(track, FILLED)


def on_end(track: Track) -> Step:
    """Say that the order has ended, which nobody here asked for: the reason had its time to come."""
    if track.is_ended:
        return NOTHING
    track.is_ended = True
    if not track.is_acked or (track.is_parked and not track.cum):  # only what is rejected can come to life again
        track.is_acked = True
        reason, text = (INACTIVE.upper(), PARKED) if track.is_parked else ("REJECTED", "")
        said = Said(ReportKind.REJECT, track.cl_ord_id, track.end_reason or reason, track.end_text or text)
        return Step((said,))
    kind = ReportKind.EXPIRE if _is_lapse(track.end_text) else ReportKind.UNSOLICITED_CANCEL
    reason = "DAY_ENDED" if kind is ReportKind.EXPIRE else track.end_reason or "CANCELED_BY_BROKER"
    return Step((Said(kind, track.cl_ord_id, reason, track.end_text),))


def on_unchanged(track: Track) -> Step:
    """The gateway was asked and has the order with its old terms: the replacement came to nothing."""
    reason = "TOO_LATE" if track.is_ended else "NOT_APPLIED"
    return _replace_refused(track, Code(Meaning.CHANGE_REJECT, reason), "The order has its old terms.")


def _revive(track: Track, status: str) -> None:
    """Take up an order again that was told as rejected because it was inactive, now that it works."""
    if track.is_parked and status in WORKS:
        track.is_parked = track.is_ended = track.is_acked = False
        track.doubted_at = None


def _is_lapse(text: str) -> bool:
    return any(words in text.lower() for words in END_WORDS)


def _acknowledged(track: Track, status: str) -> tuple[Said, ...]:
    if track.is_acked or status not in ACCEPTED:
        return ()
    track.is_acked = True
    return (Said(ReportKind.ACK, track.cl_ord_id),)


def _replaced(track: Track) -> tuple[Said, ...]:
    assert track.replace is not None  # noqa: S101 the caller has looked
    cl_ord_id, ticket = track.replace
    track.replace, track.ticket = None, ticket
    return (Said(ReportKind.REPLACE_ACK, cl_ord_id),)


def _reduced(track: Track, news: OrderNews) -> tuple[Said, ...]:
    """Another order of its group traded, and the gateway took as much from this one."""
    had = track.ticket.quantity
    is_less = track.place.is_reduced and news.status in ACCEPTED and 0 < news.quantity < had
    if not is_less or track.is_ended or track.replace is not None:
        return ()
    track.ticket = replace(track.ticket, quantity=news.quantity)
    text = f"A linked order traded: {news.quantity} are left of {had}."
    return (Said(ReportKind.RESTATE, track.cl_ord_id, "LINKED_ORDER_TRADED", text, news.quantity),)


def _is_replaced(track: Track, news: OrderNews, wanted: OrderTicket) -> bool:
    """Return whether the order has the terms wanted; cut down to what has traded, it has those and is filled."""
    is_cut = news.status == FILLED and wanted.quantity < news.quantity < track.ticket.quantity
    return has_terms(replace(news, quantity=wanted.quantity) if is_cut else news, wanted)


def _filled(track: Track) -> Step:
    said = _acknowledged(track, FILLED)
    track.is_ended = True
    if track.cancel:
        said += (Said(ReportKind.CANCEL_REJECT, track.cancel, "TOO_LATE", "The order was filled before."),)
        track.cancel = ""
    return Step(said, in_doubt=track.replace is not None)


def _canceled(track: Track) -> Step:
    if track.is_ended:
        return NOTHING
    if not track.cancel:
        return Step(waits=True)
    cl_ord_id, track.cancel, track.is_ended = track.cancel, "", True
    return Step((*_acknowledged(track, "Submitted"), Said(ReportKind.CANCEL_ACK, cl_ord_id)))


def _cancel_refused(track: Track, code: Code, text: str) -> Step:
    cl_ord_id, track.cancel = track.cancel, ""
    return Step((Said(ReportKind.CANCEL_REJECT, cl_ord_id, code.reason, text),), in_doubt=not track.is_ended)


def _replace_refused(track: Track, code: Code, text: str) -> Step:
    assert track.replace is not None  # noqa: S101 the caller has looked
    cl_ord_id, track.replace = track.replace[0], None
    return Step((Said(ReportKind.REPLACE_REJECT, cl_ord_id, code.reason, text),), in_doubt=not track.is_ended)
