"""An order as the core knows it. Its status and quantities are read off, never written."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from allcore.kernel.orders import OrdStatus
from trading.domain.orders import table
from trading.domain.orders.events import Alert

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, order=True)
class Fill:
    """One execution of the order: `qty` units at `px` a share of one unit."""

    exec_id: str
    qty: int
    px: Decimal


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A cancel or replace that was asked for and not answered. `qty`, `px` and `stop_px` are a replacement's terms.

    One that a younger replacement overtook keeps none: whatever its answer, it changes no terms.
    """

    status: OrdStatus  # PENDING_CANCEL or PENDING_REPLACE
    cl_ord_id: str
    qty: int | None = None
    px: Decimal | None = None
    stop_px: Decimal | None = None
    is_overtaken: bool = False

    def as_list(self) -> list[object]:
        """Return it as JSON values, prices as text; what is usual goes without saying."""
        told: list[object] = [str(self.status), self.cl_ord_id, self.qty, _text(self.px), _text(self.stop_px)]
        return [*told, True] if self.is_overtaken else told


@dataclass(frozen=True, slots=True)
class OrderState:
    """Everything that decides an order's status.

    `base` is the local status, or what the broker last said of the order itself: PENDING_NEW, NEW, SUSPENDED,
    DONE_FOR_DAY, CANCELED, REJECTED or EXPIRED. `fills` are in the order of their ids, so that the order of their
    arrival leaves no trace. `chain` holds the accepted ClOrdIDs, oldest first. `applied` counts the events.
    """

    order_qty: int
    chain: tuple[str, ...]
    price: Decimal | None = None
    stop_price: Decimal | None = None
    base: OrdStatus = OrdStatus.DRAFT
    is_in_doubt: bool = False
    fills: tuple[Fill, ...] = ()
    busted: tuple[str, ...] = ()
    pending: tuple[PendingRequest, ...] = ()
    alerts: tuple[Alert, ...] = ()
    ignored: int = 0
    cancel_rejects: int = 0
    applied: int = 0

    @property
    def cum_qty(self) -> int:
        """CumQty(14): units executed and not busted."""
        return sum(fill.qty for fill in self.fills)

    @property
    def leaves_qty(self) -> int:
        """LeavesQty(151): units that may yet fill."""
        if self.base in table.DONE or self.base in table.LOCAL_CLOSED:
            return 0
        return max(self.order_qty - self.cum_qty, 0)

    @property
    def most_leaves(self) -> int:
        """Units that may yet fill if the broker has accepted the largest replacement that it was asked for."""
        asked = (request.qty for request in self.pending if request.qty is not None)
        return max([self.order_qty, *asked]) - self.cum_qty if self.leaves_qty else 0

    @property
    def overfill_qty(self) -> int:
        """Units executed beyond what was ordered: they are real."""
        return max(self.cum_qty - self.order_qty, 0)

    @property
    def avg_px(self) -> Decimal | None:
        """AvgPx(6), always from all executions."""
        cum = self.cum_qty
        return sum((fill.qty * fill.px for fill in self.fills), _ZERO) / cum if cum else None

    @property
    def is_filled(self) -> bool:
        """Whether nothing of what was ordered is missing."""
        return self.cum_qty >= self.order_qty

    @property
    def status(self) -> OrdStatus:
        """The life cycle's status."""
        if self.base in table.LOCAL:
            return self.base
        if self.is_filled:
            return OrdStatus.FILLED
        if self.base in table.DONE:
            rejected_but_filled = self.base is OrdStatus.REJECTED and self.cum_qty
            return OrdStatus.PARTIALLY_FILLED if rejected_but_filled else self.base
        return self._working_status()

    def _working_status(self) -> OrdStatus:
        if self.is_in_doubt:
            return OrdStatus.IN_DOUBT
        for status in (OrdStatus.PENDING_CANCEL, OrdStatus.PENDING_REPLACE):
            if self.pending_of(status):
                return status
        if self.base is OrdStatus.NEW and self.cum_qty:
            return OrdStatus.PARTIALLY_FILLED
        return self.base

    @property
    def fix_ord_status(self) -> OrdStatus | None:
        """OrdStatus(39) as FIX would report it, or None while the broker knows nothing."""
        if self.base in table.LOCAL:
            return None
        holds = {self.base, *(request.status for request in self.pending)}
        if self.is_filled:
            holds.add(OrdStatus.FILLED)
        elif self.cum_qty:
            holds.add(OrdStatus.PARTIALLY_FILLED)
        return max(holds, key=lambda status: table.FIX_PRECEDENCE[status])

    @property
    def is_open(self) -> bool:
        """Whether the broker may still fill it, as far as we know."""
        return self.base in table.WIRE and self.base not in table.DONE and not self.is_filled

    def pending_of(self, status: OrdStatus, cl_ord_id: str = "") -> PendingRequest | None:
        """Return the oldest unanswered request of the kind, or the one of that id."""
        for request in self.pending:
            if request.status is status and cl_ord_id in ("", request.cl_ord_id):
                return request
        return None

    def is_behind(self, cl_ord_id: str) -> bool:
        """Return whether terms under a younger name than this one hold already."""
        overtaken = (request.cl_ord_id for request in self.pending if request.is_overtaken)
        return cl_ord_id in self.chain[:-1] or cl_ord_id in overtaken

    def fill_of(self, exec_id: str) -> Fill | None:
        """Return the live execution with that id."""
        return next((fill for fill in self.fills if fill.exec_id == exec_id), None)

    def as_dict(self) -> dict[str, object]:
        """Return the state as JSON values, prices as text."""
        return {
            "order_qty": self.order_qty,
            "chain": list(self.chain),
            "price": _text(self.price),
            "stop_price": _text(self.stop_price),
            "base": str(self.base),
            "in_doubt": self.is_in_doubt,
            "fills": [[fill.exec_id, fill.qty, str(fill.px)] for fill in self.fills],
            "busted": list(self.busted),
            "pending": [request.as_list() for request in self.pending],
            "alerts": [str(alert) for alert in self.alerts],
            "ignored": self.ignored,
            "cancel_rejects": self.cancel_rejects,
            "applied": self.applied,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "OrderState":
        """Read what `as_dict` wrote."""
        return cls(
            order_qty=data["order_qty"],
            chain=tuple(data["chain"]),
            price=_decimal(data["price"]),
            stop_price=_decimal(data["stop_price"]),
            base=OrdStatus(data["base"]),
            is_in_doubt=data["in_doubt"],
            fills=tuple(Fill(exec_id, qty, Decimal(px)) for exec_id, qty, px in data["fills"]),
            busted=tuple(data["busted"]),
            pending=tuple(
                PendingRequest(OrdStatus(status), cl_ord_id, qty, _decimal(px), _decimal(stop), *overtaken)
                for status, cl_ord_id, qty, px, stop, *overtaken in data["pending"]
            ),
            alerts=tuple(Alert(alert) for alert in data["alerts"]),
            ignored=data["ignored"],
            cancel_rejects=data["cancel_rejects"],
            applied=data["applied"],
        )


@dataclass(frozen=True, slots=True)
class Applied:
    """The state after an event; the alerts it raised; whether it was set aside as nothing new or nothing credible."""

    state: OrderState
    alerts: tuple[Alert, ...] = ()
    ignored: bool = False


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)
