"""Busts and corrections that came before their execution: kept aside, and taken up once it is booked.

A broker's messages may overtake one another. Were such a bust left lying, what it took back would stay in the books.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from allcore import rows
from allcore.audit.services import record
from allcore.kernel.orders import Side
from allcore.kernel.reports import ExecutionReport, LegFill, ReportKind
from allcore.live import publish_on_commit
from trading.models import Quarantine
from trading.services.batch import Batch
from trading.services.quarantine import ACTOR
from trading.services.trades import UnknownExecIdError

TAKEN_UP = "Its execution came; it is applied now."
LYING = """
SELECT q.id FROM quarantine q JOIN connection c ON c.id = q.connection_id
 WHERE c.name = %s AND q.code = %s AND q.resolved_at IS NULL
   AND q.report->>'ref_exec_id' = ANY(ARRAY(SELECT unnest(%s::text[])))
 ORDER BY q.id FOR UPDATE OF q
"""


def taken_up(batch: Batch) -> list[ExecutionReport]:
    """Return what lay aside for want of the executions that the batch has booked, and lies there no longer."""
    booked = sorted({execution.exec_id for execution in batch.executions})
    lying = rows.read(LYING, (batch.connection, UnknownExecIdError.code, booked)) if booked else ()
    if not lying:
        return []
    found = list(Quarantine.objects.filter(pk__in=[pk for (pk,) in lying]).order_by("id"))
    for row in found:
        row.resolved_at, row.resolution = batch.now, TAKEN_UP
        row.save(update_fields=["resolved_at", "resolution"])
        whose = _account(batch, row)
        seen = {"code": row.code, "reason": TAKEN_UP}
        record("report.taken_up", f"quarantine:{row.pk}", seen, actor=ACTOR, at=batch.now, account=whose)
        publish_on_commit("breaks", "decided", {"what": "quarantine", "id": row.pk}, account=whose)
    return [read(row.report) for row in found]


def read(content: Mapping[str, Any]) -> ExecutionReport:
    """Return the report whose content is kept, as it was told."""
    plain = {one.name: content[one.name] for one in fields(ExecutionReport) if one.name in content}
    limit = content.get("limit_price")
    told = {
        "kind": ReportKind(content["kind"]),
        "transact_at": datetime.fromisoformat(content["transact_at"]),
        "fills": tuple(_fill(one) for one in content["fills"]),
        "limit_price": None if limit is None else Decimal(limit),
    }
    return ExecutionReport(**plain | told)


def _fill(content: Mapping[str, Any]) -> LegFill:
    told = {"side": Side(content["side"]), "px": Decimal(content["px"]), "fee": Decimal(content["fee"])}
    return LegFill(**dict(content) | told)


def _account(batch: Batch, row: Quarantine) -> str:
    """Return our code of the account that the report is of."""
    told = row.report["account"]
    own = (execution.account for execution in batch.executions)
    return next((one.code for one in own if told in (one.broker_account, one.code)), "")
