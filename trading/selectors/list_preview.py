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
from trading.domain.contingent import conditions
from trading.domain.contingent.judged import judged
from trading.domain.contingent.watches import watch_of
from trading.domain.contingent.words import condition_said, watch_said
from trading.domain.proposals.sentences import sentence
from trading.selectors import exposures, listed
from trading.selectors.accounts import account_seen_by
from trading.selectors.listed import Leaving
from trading.selectors.rows import Row

BLOCKED = (Outcome.SOFT_BLOCK, Outcome.HARD_BLOCK)
NO_LIST = UUID(int=0)


def preview(draft: Mapping[str, Any], user: User, *, now: datetime) -> Row:
    """Return what placing the list would meet: each order judged as it would be, an exit as if its entry had filled.

    Raises:
        InvalidListError, InvalidTicketError, InvalidConditionError, UnknownInstrumentError: the draft is no list.
        NoMarketError: a market order for options finds too wide a quote; placing it would be refused as well.
        NotFoundError: there is no such account, or it is not theirs to see.
    """
    account = account_seen_by(draft["account"], user)
    named = {leg["symbol"] for order in draft["orders"] for leg in order["legs"]}
    multipliers = {symbol: row.multiplier for symbol, row in instruments.by_symbol(named).items()}
    wanted = listed.read(draft, multipliers)
    why = listed.why_held(wanted, account.connection.broker)
    leaving = listed.leaving(wanted, account, list_id=NO_LIST, is_native=not why, now=now)
    rows = [_row(one, account, now) for one in leaving]
    worst = max((Outcome(str(row["outcome"])) for row in rows), key=SEVERITY.index)
    return {
        "kind": str(wanted.kind),
        "is_native": not why,
        "held_because": why,
        "orders": rows,
        "outcome": str(worst),
        "may_send": may(user, Action.SEND_ORDER, account),
        "at": clock.exchange_now(now).isoformat(),
    }


def _row(one: Leaving, account: Account, now: datetime) -> Row:
    request = exposures.gate_request(account, one.ticket, now=now, is_manual=True)
    assessment = gate.assess(judged(request, one.wait))
    blocking = [check for check in assessment.as_rows() if check["outcome"] in (*BLOCKED, Outcome.ERROR)]
    return {
        "role": str(one.part.role),
        "sentence": sentence(one.ticket),
        "is_collared": one.ticket != one.part.ticket,
        "waits_for": _waits_for(one),
        "outcome": str(assessment.outcome),
        "reason": str(blocking[0]["message"]) if blocking else "",
        "cash_required": f"{assessment.cash_required:f}",
        "checks": assessment.as_rows(),
    }


def _waits_for(one: Leaving) -> str:
    """Return in words what the order waits for at the desk before it goes out, beside its turn in the list."""
    wait = one.wait
    if wait is None:
        return ""
    watch = watch_of(one.part.ticket) if wait.is_watched else None
    said = [] if wait.condition is None else [f"waits until {condition_said(conditions.parse(wait.condition))}"]
    return "; then ".join([*said, *([] if watch is None else [f"watches until {watch_said(watch, None)}"])])
