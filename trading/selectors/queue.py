"""A proposal as a decision reads it: its row locked, with the account, the connection and the verdict."""

from functools import cache
from uuid import UUID

from allcore import rows
from brokers.models import Account, Connection
from risk.models import Verdict
from trading.models import Proposal


def held(proposal_id: UUID) -> Proposal | None:
    """Return the proposal, its row locked for the rest of the transaction, or None if there is none."""
    for found in rows.read(_statement(), (proposal_id,)):
        values = iter(found)
        proposal = rows.take(Proposal, values)
        proposal.account = rows.take(Account, values)
        proposal.account.connection = rows.take(Connection, values)
        proposal.verdict = rows.take(Verdict, values)
        return proposal
    return None


@cache
def _statement() -> str:
    # Who decided it is not joined: a join reads the row as it was before the lock was waited for.
    columns = (
        rows.columns(Proposal, "p"),
        rows.columns(Account, "a"),
        rows.columns(Connection, "c"),
        rows.columns(Verdict, "v"),
    )
    return f"""
SELECT {", ".join(columns)}
  FROM proposal p JOIN account a ON a.id = p.account_id JOIN connection c ON c.id = a.connection_id
  JOIN risk_verdict v ON v.id = p.verdict_id
 WHERE p.id = %s FOR UPDATE OF p
"""  # noqa: S608 only names of columns are put in
