"""A list of orders looked at before it is sent: the gate's verdict on each of them. Nothing is written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from allcore.accounts.models import User
from brokers.models import Account
from marketdata.selectors import clock, instruments
from risk.domain import gate
from risk.domain.permissions import Action
from risk.domain.verdict import SEVERITY, Outcome
from risk.selectors.permissions import may
from trading.domain import tickets
from trading.domain.contingent import conditions
from trading.domain.contingent.compose import LINKAGE, WITH_ENTRY, ListKind, Part, Role, check, shares_slot
from trading.domain.contingent.judged import judged
from trading.domain.contingent.waits import Placed, Wait, wait_of
from trading.domain.contingent.watches import watch_of
from trading.domain.contingent.words import condition_said, watch_said
from trading.domain.proposals.sentences import sentence
from trading.selectors import exposures
from trading.selectors.conditions import must_be_known
from trading.selectors.preview import account_seen_by
from trading.selectors.rows import Row

BLOCKED = (Outcome.SOFT_BLOCK, Outcome.HARD_BLOCK)
NO_LIST = UUID(int=0)


def preview(draft: Mapping[str, Any], user: User, *, now: datetime) -> Row:
    """Return what placing the list would meet: each order judged as it would be, an exit as if its entry had filled.

    Raises:
        InvalidListError, InvalidTicketError, InvalidConditionError, UnknownInstrumentError: the draft is no list.
        NotFoundError: there is no such account, or it is not theirs to see.
    """
    account = account_seen_by(draft["account"], user)
    kind = ListKind(draft["kind"])
    named = {leg["symbol"] for order in draft["orders"] for leg in order["legs"]}
    multipliers = {symbol: row.multiplier for symbol, row in instruments.by_symbol(named).items()}
    parts = tuple(
        Part(Role(order["role"]), tickets.complete({**order, "account": account.code}, multipliers))
        for order in draft["orders"]
    )
    check(kind, parts)
    waits = [_wait(kind, parts, n, order.get("condition"), account, now) for n, order in enumerate(draft["orders"])]
    rows = [_row(part, wait, account, now) for part, wait in zip(parts, waits, strict=True)]
    worst = max((Outcome(str(row["outcome"])) for row in rows), key=SEVERITY.index)
    return {
        "kind": str(kind),
        "orders": rows,
        "outcome": str(worst),
        "may_send": may(user, Action.SEND_ORDER, account),
        "at": clock.exchange_now(now).isoformat(),
    }


def _wait(
    kind: ListKind,
    parts: tuple[Part, ...],
    index: int,
    condition: dict[str, Any] | None,
    account: Account,
    now: datetime,
) -> Wait | None:
    placed = Placed(
        list_id=NO_LIST,
        index=index,
        role=parts[index].role,
        list_hash="",
        shares_slot=shares_slot(parts, index, LINKAGE[kind]),
    )
    must_be_known(condition)
    return wait_of(
        parts[index].ticket,
        exposures.takes(account.connection.broker),
        condition=condition,
        placed=placed,
        after=parts[0].ticket if kind in WITH_ENTRY and index > 0 else None,
        exchange_now=clock.exchange_now(now),
    )


def _row(part: Part, wait: Wait | None, account: Account, now: datetime) -> Row:
    request = exposures.gate_request(account, part.ticket, now=now, is_manual=True)
    assessment = gate.assess(judged(request, wait))
    blocking = [check for check in assessment.as_rows() if check["outcome"] in (*BLOCKED, Outcome.ERROR)]
    return {
        "role": str(part.role),
        "sentence": sentence(part.ticket),
        "waits_for": _waits_for(part, wait),
        "outcome": str(assessment.outcome),
        "reason": str(blocking[0]["message"]) if blocking else "",
        "cash_required": f"{assessment.cash_required:f}",
        "checks": assessment.as_rows(),
    }


def _waits_for(part: Part, wait: Wait | None) -> str:
    """Return in words what the order waits for at the desk before it goes out, beside its turn in the list."""
    if wait is None:
        return ""
    watch = watch_of(part.ticket) if wait.is_watched else None
    said = [] if wait.condition is None else [f"waits until {condition_said(conditions.parse(wait.condition))}"]
    return "; then ".join([*said, *([] if watch is None else [f"watches until {watch_said(watch, None)}"])])
