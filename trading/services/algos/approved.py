"""An approved proposal becomes a run: the execution that its card showed, in the transaction that approves it."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from allcore.accounts.actors import Actor
from allcore.kernel.errors import ConflictError, InvalidInputError, UnavailableError
from allcore.kernel.tickets import OrderTicket
from risk.services import gate
from trading.domain.algos.execution import Json, shown_parameters
from trading.domain.algos.parameters import Algo
from trading.models import AlgoRun, Approval, Order, Proposal
from trading.selectors import exposures
from trading.services.algos.begin import Cause, Plan, begin, judged
from trading.services.algos.choosing import table_of, why
from trading.services.algos.executions import scene_of
from trading.services.elections import Wish


class CannotStartError(ConflictError):
    """The execution that the card shows cannot start now; the proposal stays open."""

    code = "CANNOT_START"


@dataclass(frozen=True, slots=True)
class Said:
    """What the approver said beside yes: the rules whose soft blocks are accepted, and which lots it closes first."""

    accepted: frozenset[str] = frozenset()
    lots: tuple[Wish, ...] = ()


def start_approved(approval: Approval, shown: Json, said: Said, *, actor: Actor, now: datetime) -> AlgoRun:
    """Start the one run of the approval's proposal, in the caller's transaction, which holds the proposal's row.

    Raises:
        CannotStartError: the market or the session does not allow it; nothing was sent.
        RiskDeniedError: a rule refuses the whole, or what legging would leave half done.
        NoSuchLotError: a lot that is named cannot be closed by it.
    """
    proposal = _proposal_of(approval)
    ticket = OrderTicket.from_dict(proposal.content["ticket"])
    gate.lock(proposal.account, underlying=ticket.underlying)
    request = exposures.gate_request(proposal.account, ticket, now=now, is_manual=False)
    plan = _plan(proposal, shown, ticket, request)
    run_id = uuid.uuid4()
    judgement = judged(plan, request, run_id=run_id, accepted=said.accepted)
    soft = tuple(sorted(gate.soft_codes(judgement.verdict)))
    cause = Cause(run_id, Order.Origin.PROPOSAL, approval, actor, proposal.trace_id, proposal, soft, said.lots)
    return begin(plan, judgement, cause, now=now)


def _proposal_of(approval: Approval) -> Proposal:
    assert approval.proposal is not None  # noqa: S101 a constraint says so of an approval of this kind
    return approval.proposal


def _cannot(algo: Algo, why: str, cause: str) -> CannotStartError:
    return CannotStartError(
        f"{algo.said} cannot start: {why} Nothing was sent; "
        "change the proposal to one limit order, or approve it later.",
        algo=algo.value,
        cause=cause,
    )


def _plan(proposal: Proposal, shown: Json, ticket: OrderTicket, request: gate.GateRequest) -> Plan:
    """Return what runs: the card's own numbers, measured ones too. Only the time and the market are of now."""
    algo = Algo(shown["algo"])
    try:
        around = scene_of(request, shown["minutes"])
        table = table_of(around)
    except (InvalidInputError, UnavailableError) as e:
        raise _cannot(algo, e.message.removesuffix("Nothing was started.").strip(), e.code) from e
    parameters = shown_parameters(shown)
    if parameters is None:
        raise _cannot(algo, "its card does not say what it was measured by.", "NOT_MEASURED")
    chosen = why(table, by=shown["by"])
    return Plan(proposal.account, None, ticket, algo, parameters, chosen, around.seen.at, around.seen.ends_at)
