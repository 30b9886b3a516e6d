"""Writing the audit trail."""

from collections.abc import Mapping
from datetime import datetime

import orjson
from django.db import connection

from allcore import logs
from allcore.api.json import dumps
from allcore.audit.models import AuditEntry
from allcore.redaction import scrub

INSERT = """
INSERT INTO audit_entry (at, actor, action, subject, account, trace_id, payload)
VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb)
"""


def entry(  # noqa: PLR0913 an entry has these columns
    action: str,
    subject: str,
    payload: Mapping[str, object],
    *,
    actor: str,
    at: datetime,
    account: str = "",
    trace_id: str = "",
) -> AuditEntry:
    """Return an entry for who writes many rows at once; it must be written in the transaction of what it records."""
    return AuditEntry(
        at=at,
        actor=actor,
        action=action,
        subject=subject,
        account=account,
        trace_id=trace_id or logs.trace_id(),
        payload=orjson.loads(scrub(dumps(payload).decode())),
    )


def record(  # noqa: PLR0913 an entry has these columns
    action: str,
    subject: str,
    payload: Mapping[str, object],
    *,
    actor: str,
    at: datetime,
    account: str = "",
    trace_id: str = "",
) -> None:
    """Add an entry to the caller's transaction: it is kept if and only if what it records is.

    One statement without the ORM, since every order pays for several. Decimals are kept as text: no digit is lost.
    """
    row = (
        at,
        actor,
        action,
        subject,
        account,
        trace_id or logs.trace_id(),
        scrub(dumps(payload).decode()),
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT, row)
