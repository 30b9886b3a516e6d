"""One run: loaded from its log, and moved by an event together with what that asks for, in one transaction."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from allcore.accounts.actors import Actor, desk_name
from allcore.audit.services import record
from allcore.kernel.errors import DeskError
from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus
from allcore.kernel.tickets import OrderTicket
from allcore.live import publish_on_commit
from marketdata.selectors import instruments
from risk.domain.permissions import Action as Right
from risk.selectors.permissions import require
from risk.services import reservations
from trading.domain.algos import codec
from trading.domain.algos.events import Action, Asked, Cancel, Event, Heard, Place, Refused, Replace
from trading.domain.algos.named import lots_of
from trading.domain.algos.parameters import Algo
from trading.domain.algos.sight import Package
from trading.domain.algos.step import replay, step
from trading.domain.algos.values import Child, ChildStatus, Parent, Phase, State, done_units, unsent
from trading.models import AlgoChild, AlgoEvent, AlgoRun, Order
from trading.selectors.algo_rows import run_row
from trading.services import elections
from trading.services.algos.reprice import reprice
from trading.services.algos.terms import child_ticket, cost_of, package_of, parent_of
from trading.services.elections import Wish
from trading.services.mandates import NoMandateError
from trading.services.stage import Staging, stage
from trading.services.submit import NewTerms, OrderClosedError, cancel_locked, locked, replace

ACTOR = desk_name("algos")
REASON = 300  # the column's
MOST_ECHOES = 50  # of one event: what it asks for may be refused, and that is an event too
KNOWN = {
    OrdStatus.NEW: ChildStatus.WORKING,
    OrdStatus.PARTIALLY_FILLED: ChildStatus.WORKING,
    OrdStatus.PENDING_REPLACE: ChildStatus.REPLACING,
    OrdStatus.PENDING_CANCEL: ChildStatus.CANCELLING,
    OrdStatus.IN_DOUBT: ChildStatus.DOUBT,
    OrdStatus.SUSPENDED: ChildStatus.DOUBT,
    OrdStatus.DONE_FOR_DAY: ChildStatus.DOUBT,
    **dict.fromkeys(CLOSED_STATUSES, ChildStatus.CLOSED),
}


@dataclass(slots=True)
class Live:
    """A run in memory. All of it can be lost: the log has it."""

    run_id: UUID
    ticket: OrderTicket
    parent: Parent
    package: Package
    state: State
    seq: int

    @property
    def is_legged(self) -> bool:
        """Whether it needs to see each leg."""
        return bool(getattr(self.parent.parameters, "accept_risk", False))


def load(run: AlgoRun) -> Live:
    """Return the run as its log says, whoever wrote it."""
    ticket = OrderTicket.from_dict(run.ticket)
    parent = parent_of(
        ticket,
        instruments.by_symbol([leg.symbol for leg in ticket.legs]),
        codec.parameters_from(Algo(run.algo), run.parameters),
        starts_at=run.starts_at,
        ends_at=run.ends_at,
        seed=run.seed,
    )
    log = run.events.order_by("seq").values_list("kind", "data")
    state = replay(parent, (codec.event_from(kind, data) for kind, data in log))
    return Live(run.pk, ticket, parent, package_of(ticket), state, run.seq)


def move(run: AlgoRun, live: Live, events: Iterable[Event], *, now: datetime) -> None:
    """Let the run, whose row the caller has locked, hear events; do what it asks for, and keep what changed it."""
    waiting = deque(events)
    at = None
    for _ in range(MOST_ECHOES):
        if not waiting:
            break
        event = waiting.popleft()
        at = event.at
        waiting.extend(_one(run, live, event, now))
    if at is not None and live.seq != run.seq:
        _keep(run, live, now)


def _one(run: AlgoRun, live: Live, event: Event, now: datetime) -> list[Event]:
    """Step once; return what came of it that the run should hear."""
    state, actions = step(live.parent, live.state, event)
    if state == live.state and not actions:
        live.state = state
        return []
    live.state, live.seq = state, live.seq + 1
    AlgoEvent.objects.create(
        run=run,
        seq=live.seq,
        kind=codec.kind_of(event),
        data=codec.encode(event),
        actions=[{"do": type(action).__name__.upper(), **codec.encode(action)} for action in actions],
        at=event.at,
        recorded_at=now,
    )
    refused = [no for action in actions if (no := _do(run, live, action, event.at, now))]
    return [*refused, *(news(live, event.at) if actions else [])]


def _do(run: AlgoRun, live: Live, action: Action, at: datetime, now: datetime) -> Refused | None:
    """Do what is asked for, or say that it was refused and why; half of it is never done."""
    asked = ASKED[type(action)]
    try:
        with transaction.atomic():
            match action:
                case Place():
                    _place(run, live, action, now)
                case Replace():
                    _reprice(run, action, now)
                case Cancel():
                    order = locked(_order_id(run, action.step))
                    cancel_locked(order, actor=ACTOR, reason=f"algorithm: {live.state.reason or 'withdrawn'}", now=now)
    except OrderClosedError:
        return None  # it ended, or is in doubt, meanwhile: that is heard
    except DeskError as e:
        return Refused(at, action.step, asked, e.message[:REASON])
    return None


ASKED: dict[type[Action], Asked] = {Place: Asked.PLACE, Replace: Asked.REPLACE, Cancel: Asked.CANCEL}


def actor_of_run(run: AlgoRun) -> Actor:
    """Return who the run acts for: whoever started it, in the way they did; what they may no longer do, it may not."""
    return Actor(
        run.started_by,
        "token" if run.started_via.get("via") == "token" else "session",
        str(run.started_via.get("token", "")),
        address=str(run.started_via.get("address", "")),
    )


def _place(run: AlgoRun, live: Live, action: Place, now: datetime) -> None:
    """Stage the child like any order. Its ClOrdID comes from run and step: the same step is never ordered twice."""
    if run.proposal_id is None:  # what was approved as a proposal stays approved
        require(run.started_by, Right.SEND_ORDER, run.account)
    if run.mandate is not None and (run.mandate.revoked_at is not None or run.mandate.expires_at <= now):
        raise NoMandateError("The mandate that the run was started under is no longer in force.")
    order = stage(
        Staging(
            account=run.account,
            ticket=child_ticket(live.ticket, qty=action.qty, cost=action.cost, leg=action.leg),
            origin=Order.Origin(run.origin),
            key=f"algo:{run.pk}:{action.step}",
            actor=actor_of_run(run),
            trace_id=run.trace_id,
            approval_kind=run.approval.kind,  # type: ignore[arg-type]  # the column holds its values
            approval=run.approval,
            mandate=run.mandate,
            accepted=frozenset(run.accepted),
            siblings=frozenset(run.children.values_list("order_id", flat=True)),
            parent=run.pk,
        ),
        now=now,
    )
    AlgoChild.objects.create(run=run, step=action.step, leg=action.leg, order=order)
    if run.lots and order.status != OrdStatus.DENIED:
        _name_lots(run, live, action.step, order)


def _name_lots(run: AlgoRun, live: Live, number: int, order: Order) -> None:
    """Name the child's part of the lots that were named for the run."""
    children = live.state.children
    child = next(one for one in children if one.step == number)
    named = lots_of(child, live.parent.legs, children, [tuple(one) for one in run.lots])
    elections.instruct(order, [Wish(*one) for one in named])


def _reprice(run: AlgoRun, action: Replace, now: datetime) -> None:
    """Ask for a child's new price: by its proposal's approval, or by the starter's own right."""
    order_id, terms = _order_id(run, action.step), NewTerms(limit_price=abs(action.cost))
    if run.proposal_id is None:
        replace(order_id=order_id, terms=terms, actor=actor_of_run(run), now=now)
    else:
        reprice(run, order_id=order_id, terms=terms, actor=actor_of_run(run).name, now=now)


def _order_id(run: AlgoRun, number: int) -> UUID:
    return AlgoChild.objects.values_list("order_id", flat=True).get(run=run, step=number)


def news(live: Live, at: datetime) -> list[Event]:
    """Return what the run does not know yet of its children's orders."""
    known = {child.step: child for child in live.state.children}
    rows = AlgoChild.objects.filter(run_id=live.run_id).select_related("order").order_by("step")
    heard = [(known[row.step], heard_of(row.order, known[row.step], at)) for row in rows if row.step in known]
    return [event for child, event in heard if _differs(child, event)]


def changed(runs: Mapping[UUID, Live], at: datetime) -> set[UUID]:
    """Return the runs that do not know all of their children's orders yet; one statement for all of them."""
    rows = AlgoChild.objects.filter(run_id__in=list(runs)).select_related("order").order_by("id")
    known = {(run_id, child.step): child for run_id, live in runs.items() for child in live.state.children}
    asked = ((row.run_id, known.get((row.run_id, row.step)), row.order) for row in rows)
    return {run_id for run_id, child, order in asked if child and _differs(child, heard_of(order, child, at))}


def heard_of(order: Order, child: Child, at: datetime) -> Heard:
    """Return a child's order as it is now; while a replace is out, the price that was asked for."""
    status = KNOWN.get(OrdStatus(order.status), ChildStatus.SENT)
    is_asked = status in (ChildStatus.REPLACING, ChildStatus.SENT)
    cost = child.cost if is_asked else cost_of(order.limit_price, order.price_effect)
    return Heard(at, child.step, status, order.order_qty, order.cum_qty, cost, order.reason[:REASON])


def _differs(child: Child, event: Heard) -> bool:
    return (child.status, child.qty, child.cum, child.cost) != (event.status, event.qty, event.cum, event.cost)


def _keep(run: AlgoRun, live: Live, now: datetime) -> None:
    """Let the row repeat what the state says, and tell the browsers."""
    state = live.state
    was_done = run.status == AlgoRun.Status.DONE
    run.seq, run.status, run.ending = live.seq, AlgoRun.Status(state.phase), state.ending or ""
    run.reason, run.hold = state.reason[:REASON], state.hold[:REASON]
    run.cum_qty = done_units(live.parent, state)
    run.ended_at = None if state.phase is not Phase.DONE else run.ended_at or now
    run.save(update_fields=["seq", "status", "ending", "reason", "hold", "cum_qty", "ended_at"])
    _reserve(run, live, now)
    if state.phase is Phase.DONE and not was_done:
        seen = {"ending": run.ending, "reason": run.reason, "filled": run.cum_qty, "of": run.quantity}
        tell_audit(run, "algo.ended", seen, actor=ACTOR, now=now)
    publish_on_commit("algos", "algo", run_row(run), account=run.account.code)


def _reserve(run: AlgoRun, live: Live, now: datetime) -> None:
    """Hold what may yet be sent: what was sent reserves for itself. A run that is ending sends nothing more."""
    left = unsent(live.parent, live.state) if live.state.phase in (Phase.RUNNING, Phase.PAUSED) else 0
    if left:
        reservations.restore(run.pk, left)
    else:
        reservations.release(run.pk, now)


def tell_audit(run: AlgoRun, action: str, seen: dict[str, object], *, actor: str, now: datetime) -> None:
    """Write it in the audit trail."""
    record(action, f"algo:{run.pk}", seen, actor=actor, at=now, account=run.account.code, trace_id=run.trace_id)


def lock_run(run_id: UUID, **owned: object) -> AlgoRun | None:
    """Return the run with its row locked, or None if there is none such."""
    rows = AlgoRun.objects.select_for_update(of=("self",)).select_related(
        "account__connection", "started_by", "approval", "mandate"
    )
    return rows.filter(pk=run_id, **owned).first()
