"""The life cycle's table: which event may meet which status. What is not here is refused."""

from allcore.kernel.orders import OrdStatus
from trading.domain.orders.events import EventKind

_S = OrdStatus
_E = EventKind

LOCAL = frozenset(
    {
        _S.DRAFT,
        _S.RISK_CHECK,
        _S.DENIED,
        _S.AWAITING_APPROVAL,
        _S.APPROVAL_DENIED,
        _S.APPROVAL_EXPIRED,
        _S.HELD,
        _S.READY,
        _S.ABANDONED,
    }
)
LOCAL_CLOSED = frozenset({_S.DENIED, _S.APPROVAL_DENIED, _S.APPROVAL_EXPIRED, _S.ABANDONED})
WIRE = frozenset(_S) - LOCAL
WIRE_CLOSED = frozenset({_S.FILLED, _S.CANCELED, _S.REJECTED, _S.EXPIRED})  # no requests, but executions are absorbed
DONE = frozenset({_S.CANCELED, _S.REJECTED, _S.EXPIRED})  # as a base: nothing is left to fill

# Before the broker knows of the order, a status is simply followed by another.
BEFORE_THE_WIRE: dict[tuple[OrdStatus, EventKind], OrdStatus] = {
    (_S.DRAFT, _E.SUBMIT): _S.RISK_CHECK,
    (_S.RISK_CHECK, _E.RISK_PASS): _S.READY,  # or AWAITING_APPROVAL, where a person must look first
    (_S.RISK_CHECK, _E.RISK_FAIL): _S.DENIED,
    (_S.AWAITING_APPROVAL, _E.RISK_FAIL): _S.DENIED,
    (_S.AWAITING_APPROVAL, _E.APPROVE): _S.READY,  # or HELD, where a condition must come true first
    (_S.AWAITING_APPROVAL, _E.DENY): _S.APPROVAL_DENIED,
    (_S.AWAITING_APPROVAL, _E.TTL): _S.APPROVAL_EXPIRED,
    (_S.HELD, _E.RESIZE): _S.HELD,
    (_S.HELD, _E.REVISE): _S.HELD,
    (_S.HELD, _E.TRIGGER): _S.READY,
    (_S.HELD, _E.RISK_FAIL): _S.DENIED,
    (_S.READY, _E.RISK_FAIL): _S.DENIED,
    (_S.READY, _E.SEND): _S.PENDING_NEW,
    (_S.DRAFT, _E.LOCAL_CANCEL): _S.ABANDONED,
    (_S.RISK_CHECK, _E.LOCAL_CANCEL): _S.ABANDONED,
    (_S.AWAITING_APPROVAL, _E.LOCAL_CANCEL): _S.ABANDONED,
    (_S.HELD, _E.LOCAL_CANCEL): _S.ABANDONED,
    (_S.READY, _E.LOCAL_CANCEL): _S.ABANDONED,
}

# On the wire the broker's word is taken in any status (it tells what is), and our own requests only where they make
# sense. What an event then does to the status follows from quantities, base and pending requests.
ON_THE_WIRE: dict[EventKind, frozenset[OrdStatus]] = {
    _E.SEND_TIMEOUT: WIRE,
    _E.ACK: WIRE,
    _E.REJECT: WIRE,
    _E.FILL: WIRE,
    _E.BUST: WIRE,
    _E.CORRECT: WIRE,
    _E.CANCEL_ACK: WIRE,
    _E.CANCEL_REJ: WIRE,
    _E.REPLACE_ACK: WIRE,
    _E.REPLACE_REJ: WIRE,
    _E.EXPIRE: WIRE,
    _E.UNSOL_CANCEL: WIRE,
    _E.NEW_SESSION: WIRE,
    _E.RESTATE: WIRE,
    _E.QUERY_STATUS: WIRE,
    _E.QUERY_NOT_FOUND: WIRE,
    _E.CANCEL_REQ: WIRE - WIRE_CLOSED,
    _E.REPLACE_REQ: WIRE - WIRE_CLOSED - {_S.IN_DOUBT, _S.PENDING_CANCEL},
    _E.SUSPEND: WIRE - WIRE_CLOSED,
    _E.DONE_FOR_DAY: WIRE - WIRE_CLOSED,
    _E.RESUME: frozenset({_S.SUSPENDED}),
}

# FIX 4.4, precedence of OrdStatus: of those that hold, the highest is reported.
FIX_PRECEDENCE: dict[OrdStatus, int] = {
    _S.PENDING_CANCEL: 12,
    _S.PENDING_REPLACE: 11,
    _S.DONE_FOR_DAY: 10,
    _S.FILLED: 8,
    _S.SUSPENDED: 6,
    _S.CANCELED: 5,
    _S.EXPIRED: 5,
    _S.PARTIALLY_FILLED: 4,
    _S.NEW: 2,
    _S.REJECTED: 2,
    _S.PENDING_NEW: 2,
}


def is_legal(status: OrdStatus, kind: EventKind) -> bool:
    """Return whether the event may meet the status."""
    return (status, kind) in BEFORE_THE_WIRE or status in ON_THE_WIRE.get(kind, frozenset())
