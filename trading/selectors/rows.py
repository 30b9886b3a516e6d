"""Orders and proposals as they travel: the same row in REST answers, snapshots and live messages."""

from datetime import datetime
from decimal import Decimal

from trading.domain.algos.execution import of_content
from trading.models import Execution, Order, Proposal

Row = dict[str, object]


def text(value: Decimal | None) -> str | None:
    """Return a decimal as plain text without exponent or trailing zeros beyond cents."""
    if value is None:
        return None
    plain = f"{value.normalize():f}"
    whole, _, places = plain.partition(".")
    return f"{whole}.{places:0<2}"


def iso(moment: datetime | None) -> str | None:
    """Return a moment as ISO text."""
    return None if moment is None else moment.isoformat()


def order_row(order: Order) -> Row:
    """Return an order's row; `order.account` should be loaded."""
    return {
        "id": str(order.id),
        "cl_ord_id": order.cl_ord_id,
        "account": order.account.code,
        "underlying": order.underlying,
        "description": order.description,
        "side": order.side,
        "ord_type": order.ord_type,
        "time_in_force": order.time_in_force,
        "price_effect": order.price_effect,
        "limit_price": text(order.limit_price),
        "stop_price": text(order.stop_price),
        "trail_amount": text(order.trail_amount),
        "trail_percent": text(order.trail_percent),
        "expire_at": iso(order.expire_at),
        "trigger": order.trigger or None,
        "held_locally": order.status == "HELD",
        "order_qty": order.order_qty,
        "cum_qty": order.cum_qty,
        "leaves_qty": order.leaves_qty,
        "avg_px": text(order.avg_px),
        "status": order.status,
        "reason": order.reason,
        "origin": order.origin,
        "created_at": iso(order.created_at),
        "staged_at": iso(order.staged_at),
        "sent_at": iso(order.sent_at),
        "acked_at": iso(order.acked_at),
        "closed_at": iso(order.closed_at),
    }


def failed_checks(order: Order) -> list[Row]:
    """Return the checks that the order's verdict did not pass."""
    checks = [] if order.verdict is None else order.verdict.checks
    return [check for check in checks if check["outcome"] != "PASS"]


def proposal_row(proposal: Proposal) -> Row:
    """Return a proposal's row, its card within; account, verdict, people and approvals should be loaded."""
    execution = proposal.content.get("execution")
    is_plain = of_content(proposal.content) is None
    order = getattr(proposal, "order", None) if is_plain else None
    run = None if is_plain else getattr(proposal, "run", None)
    return {
        "id": str(proposal.id),
        "account": proposal.account.code,
        "strategy": proposal.strategy,
        "underlying": proposal.underlying,
        "sentence": proposal.content["sentence"],
        "status": proposal.status,
        "version": proposal.version,
        "content_hash": proposal.content_hash,
        "proposed_at": iso(proposal.proposed_at),
        "expires_at": iso(proposal.expires_at),
        "approvals_needed": proposal.approvals_needed,
        "approvals": [approval.user.username for approval in proposal.approvals.all()],
        "held_by": None if proposal.held_by is None else proposal.held_by.username,
        "decided_by": None if proposal.decided_by is None else proposal.decided_by.username,
        "reason_code": proposal.reason_code,
        "reason_text": proposal.reason_text,
        "outcome": proposal.verdict.outcome,
        "order_id": None if order is None else str(order.id),
        "run_id": None if run is None else str(run.pk),
        "execution": execution,
        "content": proposal.content,
    }


def execution_row(execution: Execution) -> Row:
    """Return an execution's row; account, instrument and order should be loaded."""
    return {
        "id": execution.pk,
        "exec_id": execution.exec_id,
        "leg": execution.leg,
        "order_id": str(execution.order_id),
        "cl_ord_id": execution.order.cl_ord_id,
        "account": execution.account.code,
        "symbol": execution.instrument.symbol,
        "side": execution.side,
        "qty": execution.qty,
        "px": text(execution.px),
        "fee": text(execution.fee),
        "status": execution.status,
        "transact_at": iso(execution.transact_at),
        "received_at": iso(execution.received_at),
    }
