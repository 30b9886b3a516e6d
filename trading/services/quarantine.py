"""Reports that could not be applied are kept, once each, and somebody is told."""

from dataclasses import asdict
from datetime import datetime

import orjson
from django.db.models import Q

from allcore.accounts.actors import desk_name
from allcore.audit.services import record
from allcore.kernel.reports import OrderReport
from allcore.live import publish_on_commit
from brokers.models import Account, Connection
from trading.models import Quarantine
from trading.services.batch import Report

ACTOR = desk_name("settle")


def quarantine(connection_name: str, report: Report | OrderReport, *, code: str, message: str, now: datetime) -> None:
    """Keep the report for a person to look at. The same one again, while it lies there, is not news."""
    connection = Connection.objects.get(name=connection_name)
    content = orjson.loads(orjson.dumps(asdict(report), default=str))
    if Quarantine.objects.filter(connection=connection, code=code, report=content, resolved_at=None).exists():
        return
    row = Quarantine.objects.create(
        connection=connection, code=code, message=message[:400], report=content, received_at=now
    )
    own = Account.objects.filter(connection=connection).filter(
        Q(broker_account=report.account) | Q(code=report.account)
    )
    account = own.values_list("code", flat=True).order_by("id").first() or ""
    seen = {"code": code, "message": message, "connection": connection_name, "report": content}
    record("report.quarantined", f"quarantine:{row.pk}", seen, actor=ACTOR, at=now, account=account)
    told = {"code": code, "message": message, "quarantine_id": row.pk}
    publish_on_commit("alerts", "quarantined", told, account=account)
    publish_on_commit("breaks", "quarantined", {"what": "quarantine", "id": row.pk}, account=account)
