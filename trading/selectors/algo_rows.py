"""A run of an algorithm as it travels."""

from allcore.kernel.tickets import OrderTicket
from trading.domain.algos.parameters import Algo
from trading.models import AlgoRun
from trading.selectors.rows import Row, iso, text


def run_row(run: AlgoRun) -> Row:
    """Return a run's row; `run.account` and `run.started_by` should be loaded."""
    ticket = OrderTicket.from_dict(run.ticket)
    return {
        "id": str(run.pk),
        "account": run.account.code,
        "underlying": run.underlying,
        "description": run.description,
        "algo": run.algo,
        "algo_name": Algo(run.algo).said,
        "status": run.status,
        "ending": run.ending,
        "reason": run.reason,
        "hold": run.hold,
        "quantity": run.quantity,
        "cum_qty": run.cum_qty,
        "limit_price": text(ticket.limit_price),
        "price_effect": str(ticket.price_effect),
        "started_by": run.started_by.username,
        "proposal_id": None if run.proposal_id is None else str(run.proposal_id),
        "starts_at": iso(run.starts_at),
        "ends_at": iso(run.ends_at),
        "created_at": iso(run.created_at),
        "ended_at": iso(run.ended_at),
    }
