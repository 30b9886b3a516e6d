"""What can happen to an order."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class EventKind(StrEnum):
    """An event's name, as it is stored. Those up to SEND are ours; the rest are the broker's or about the broker."""

    SUBMIT = "submit"
    RISK_PASS = "risk_pass"  # noqa: S105 not a password
    RISK_FAIL = "risk_fail"
    APPROVE = "approve"
    DENY = "deny"
    TTL = "ttl"
    RESIZE = "resize"  # of what waits at the desk: another quantity
    REVISE = "revise"  # of what waits at the desk: other terms
    TRIGGER = "trigger"
    LOCAL_CANCEL = "local_cancel"
    SEND = "send"
    SEND_TIMEOUT = "send_timeout"
    ACK = "ack"
    REJECT = "reject"
    FILL = "fill"
    CANCEL_REQ = "cancel_req"
    CANCEL_ACK = "cancel_ack"
    CANCEL_REJ = "cancel_rej"
    REPLACE_REQ = "replace_req"
    REPLACE_ACK = "replace_ack"
    REPLACE_REJ = "replace_rej"
    EXPIRE = "expire"
    UNSOL_CANCEL = "unsol_cancel"
    SUSPEND = "suspend"
    RESUME = "resume"
    DONE_FOR_DAY = "dfd"
    NEW_SESSION = "new_session"
    RESTATE = "restate"
    QUERY_STATUS = "query_status"
    QUERY_NOT_FOUND = "query_not_found"
    BUST = "bust"
    CORRECT = "correct"


class Alert(StrEnum):
    """What a person should hear of."""

    SUBMIT_IN_DOUBT = "SUBMIT_IN_DOUBT"
    RESOLVED_NOT_FOUND = "RESOLVED_NOT_FOUND"
    RESURRECTED = "RESURRECTED"
    CONTRADICTORY_REJECT = "CONTRADICTORY_REJECT"
    LATE_FILL = "LATE_FILL"
    OVERFILL = "OVERFILL"
    EXEC_ID_CONFLICT = "EXEC_ID_CONFLICT"
    UNKNOWN_EXEC_ID = "UNKNOWN_EXEC_ID"
    TRADE_BUST = "TRADE_BUST"
    TRADE_CORRECT = "TRADE_CORRECT"
    UNSOLICITED_CANCEL = "UNSOLICITED_CANCEL"
    CANCEL_REJECTED_AGAIN = "CANCEL_REJECTED_AGAIN"
    EXECUTIONS_MISSING = "EXECUTIONS_MISSING"
    RESTATED = "RESTATED"


@dataclass(frozen=True, slots=True)
class Event:
    """One event with what it says; a field that its kind does not use is empty.

    `qty` and `px` are a fill's units and price a share of one unit, or the new total and limit of a replacement or
    restatement (None: as before). `cl_ord_id` is a cancel's or replace's own id; an answer without one is for the
    oldest of its kind.
    `exec_id` is an execution's id, and of a bust or correction the one it changes; `new_exec_id` the corrected one's.
    `reported` and `cum_qty` are a status query's answer.
    """

    kind: EventKind
    exec_id: str = ""
    new_exec_id: str = ""
    qty: int | None = None
    px: Decimal | None = None
    stop_px: Decimal | None = None
    cl_ord_id: str = ""
    reported: str = ""
    cum_qty: int | None = None
    needs_approval: bool = False
    is_conditional: bool = False
    is_final: bool = False
    is_reinstated: bool = False

    @classmethod
    def read(cls, kind: str, data: Mapping[str, object]) -> "Event":
        """Return the event that stored JSON names; what it does not know (a reason, a text) is left to the record."""
        return cls(
            kind=EventKind(kind),
            exec_id=str(data.get("exec", "")),
            new_exec_id=str(data.get("new_exec", "")),
            qty=_whole(data.get("qty")),
            px=_decimal(data.get("px")),
            stop_px=_decimal(data.get("stop_px")),
            cl_ord_id=str(data.get("cl_ord_id", "")),
            reported=str(data.get("status", "")),
            cum_qty=_whole(data.get("cum")),
            needs_approval=bool(data.get("approval")),
            is_conditional=bool(data.get("conditional")),
            is_final=bool(data.get("final")),
            is_reinstated=bool(data.get("reinstated")),
        )


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value))


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
