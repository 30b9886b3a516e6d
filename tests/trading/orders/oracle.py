"""A second order, written from the text alone: plain, mutable, and slow to trust anything but quantities."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

PUBLISHED: dict[str, Any] = json.loads((Path(__file__).parents[2] / "data" / "order_fsm.json").read_text())
MATRIX: dict[str, dict[str, str]] = PUBLISHED["transition_matrix"]
PRECEDENCE: dict[str, int] = PUBLISHED["meta"]["fix_precedence"]
CLOSED = {"FILLED", "CANCELED", "REJECTED", "EXPIRED"}
LOCAL_CLOSED = {"DENIED", "APPROVAL_DENIED", "APPROVAL_EXPIRED", "ABANDONED"}
LOCAL = LOCAL_CLOSED | {"DRAFT", "RISK_CHECK", "AWAITING_APPROVAL", "HELD", "READY"}
COLUMNS = {"fill": "fill_partial", "query_not_found": "query_not_found_final"}  # where the table names them otherwise
OURS = {"submit", "risk_pass", "risk_fail", "approve", "deny", "ttl", "trigger", "local_cancel", "send"}
REPORTED = {
    "NEW": "ack",
    "PARTIALLY_FILLED": "ack",
    "CANCELED": "cancel_ack",
    "REJECTED": "reject",
    "EXPIRED": "expire",
}


class Illegal(Exception):  # noqa: N818 a word of the table
    """The table says ILLEGAL."""


class Oracle:
    """One order."""

    def __init__(self, order_qty: int, price: Decimal) -> None:
        self.order_qty, self.price, self.base = order_qty, price, "DRAFT"
        self.in_doubt = False
        self.fills: dict[str, tuple[int, Decimal]] = {}
        self.busted: set[str] = set()
        self.cancel_pending = False
        self.replaces: list[dict[str, Any]] = []
        self.chain: list[str] = ["C1"]
        self.alerts: list[str] = []
        self.ignored = self.cancel_rejects = 0

    @property
    def cum(self) -> int:
        return sum(qty for qty, _ in self.fills.values())

    @property
    def is_filled(self) -> bool:
        return self.cum >= self.order_qty

    @property
    def status(self) -> str:
        if self.base in LOCAL:
            return self.base
        if self.is_filled:
            return "FILLED"
        if self.base in CLOSED:
            return "PARTIALLY_FILLED" if self.base == "REJECTED" and self.cum else self.base
        wait = "PENDING_CANCEL" if self.cancel_pending else "PENDING_REPLACE" if self.replaces else ""
        now = "PARTIALLY_FILLED" if self.base == "NEW" and self.cum else self.base
        return "IN_DOUBT" if self.in_doubt else wait or now

    @property
    def fix(self) -> str | None:
        if self.base in LOCAL:
            return None
        holds = [self.base, *["PENDING_CANCEL"] * self.cancel_pending, *["PENDING_REPLACE"] * bool(self.replaces)]
        holds += ["FILLED"] if self.is_filled else ["PARTIALLY_FILLED"] * bool(self.cum)
        return max(holds, key=PRECEDENCE.__getitem__)

    @property
    def leaves(self) -> int:
        gone = self.base in LOCAL_CLOSED | CLOSED
        return 0 if gone else max(self.order_qty - self.cum, 0)

    @property
    def average(self) -> Decimal | None:
        return sum(q * p for q, p in self.fills.values()) / Decimal(self.cum) if self.cum else None

    def hear(self, event: dict[str, Any]) -> None:
        name, status = event["e"], self.status
        if status in LOCAL:
            self.locally(name, status, event)
            return
        if name in OURS or MATRIX[status].get(COLUMNS.get(name, name)) == "ILLEGAL":
            raise Illegal
        getattr(self, "on_" + name)(event)

    def locally(self, name: str, status: str, event: dict[str, Any]) -> None:
        after = MATRIX[status].get(name, "ILLEGAL")
        if after == "ILLEGAL":
            raise Illegal
        if name == "risk_pass" and event.get("approval"):
            after = "AWAITING_APPROVAL"
        elif name in ("risk_pass", "approve") and event.get("conditional"):
            after = "HELD"
        self.base = after

    def known(self) -> None:
        self.in_doubt = False
        if self.base == "PENDING_NEW":
            self.base = "NEW"

    def close(self, base: str) -> None:
        if self.base not in CLOSED and not self.is_filled:
            self.base = base
        self.cancel_pending, self.replaces, self.in_doubt = False, [], False

    def on_send_timeout(self, event: dict[str, Any]) -> None:
        if self.base == "PENDING_NEW" and not self.in_doubt:
            self.in_doubt = True
            self.alerts.append("SUBMIT_IN_DOUBT")

    def on_ack(self, event: dict[str, Any]) -> None:
        if self.base == "REJECTED":
            self.base = "NEW"
            self.alerts.append("RESURRECTED")
        self.known()

    def on_reject(self, event: dict[str, Any]) -> None:
        if self.base in CLOSED:
            return
        if self.cum:
            self.alerts.append("CONTRADICTORY_REJECT")
            self.ignored += 1
        else:
            self.close("REJECTED")

    def on_fill(self, event: dict[str, Any]) -> None:
        name, told = event["exec"], (event["qty"], event["px"])
        if name in self.fills and self.fills[name] != told:
            self.alerts.append("EXEC_ID_CONFLICT")
        elif name in self.fills or name in self.busted:
            self.ignored += 1
        else:
            self.alerts += ["LATE_FILL"] * (self.base in CLOSED)
            self.known()
            self.fills[name] = told
            self.alerts += ["OVERFILL"] * (self.cum > self.order_qty)

    def is_unknown(self, name: str) -> bool:
        if name in self.fills:
            return False
        self.ignored += 1
        self.alerts += ["UNKNOWN_EXEC_ID"] * (name not in self.busted)
        return True

    def on_bust(self, event: dict[str, Any]) -> None:
        if self.is_unknown(event["exec"]):
            return
        del self.fills[event["exec"]]
        self.busted.add(event["exec"])
        self.alerts.append("TRADE_BUST")
        if not event.get("reinstated"):
            self.close("CANCELED")

    def on_correct(self, event: dict[str, Any]) -> None:
        if self.is_unknown(event["exec"]):
            return
        before = max(self.cum - self.order_qty, 0)
        self.fills[event["exec"]] = (event["qty"], event["px"])
        self.alerts.append("TRADE_CORRECT")
        self.alerts += ["OVERFILL"] * (max(self.cum - self.order_qty, 0) > before)

    def on_cancel_req(self, event: dict[str, Any]) -> None:
        self.ignored += self.cancel_pending
        self.cancel_pending = True

    def on_cancel_ack(self, event: dict[str, Any]) -> None:
        self.close("CANCELED")

    def on_cancel_rej(self, event: dict[str, Any]) -> None:
        if not self.cancel_pending:
            return
        self.cancel_pending = False
        self.cancel_rejects += 1
        is_open = self.base not in CLOSED and not self.is_filled
        self.alerts += ["CANCEL_REJECTED_AGAIN"] * (self.cancel_rejects >= 3 and is_open)

    def on_replace_req(self, event: dict[str, Any]) -> None:
        self.replaces.append(event)

    def on_replace_ack(self, event: dict[str, Any]) -> None:
        if self.replaces:
            terms = self.replaces.pop(0)
            self.order_qty = max(terms.get("qty", self.order_qty), self.cum)
            self.price = terms.get("px", self.price)
            self.chain.append(terms["cl_ord_id"])
            self.known()

    def on_replace_rej(self, event: dict[str, Any]) -> None:
        self.replaces = self.replaces[1:]

    def on_expire(self, event: dict[str, Any]) -> None:
        self.close("EXPIRED")

    def on_unsol_cancel(self, event: dict[str, Any]) -> None:
        self.alerts += ["UNSOLICITED_CANCEL"] * (self.base not in CLOSED and not self.is_filled)
        self.close("CANCELED")

    def on_suspend(self, event: dict[str, Any]) -> None:
        self.base = "SUSPENDED"

    def on_resume(self, event: dict[str, Any]) -> None:
        self.base = "NEW"

    def on_dfd(self, event: dict[str, Any]) -> None:
        self.base = "DONE_FOR_DAY"

    def on_new_session(self, event: dict[str, Any]) -> None:
        self.base = "NEW" if self.base == "DONE_FOR_DAY" else self.base

    def on_query_not_found(self, event: dict[str, Any]) -> None:
        if event.get("final") and self.status == "IN_DOUBT":
            self.close("CANCELED" if self.cum else "REJECTED")
            self.alerts.append("RESOLVED_NOT_FOUND")

    def on_query_status(self, event: dict[str, Any]) -> None:
        if event["cum"] < self.cum:
            self.ignored += 1
        elif event["cum"] > self.cum:
            self.alerts.append("EXECUTIONS_MISSING")
        elif event["status"] in REPORTED:
            getattr(self, "on_" + REPORTED[event["status"]])(event)

    def snapshot(self) -> dict[str, object]:
        return {
            "status": self.status,
            "fix_ord_status": self.fix,
            "order_qty": self.order_qty,
            "cum_qty": self.cum,
            "leaves_qty": self.leaves,
            "avg_px": self.average,
            "overfill_qty": max(self.cum - self.order_qty, 0),
            "chain": self.chain,
            "price": self.price,
            "alerts": self.alerts,
            "ignored": self.ignored,
        }
