"""Writing the audit trail."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from allcore import logs
from allcore.api.json import dumps
from allcore.redaction import scrub

INSERT = """
INSERT INTO audit_entry (at, actor, action, subject, account, trace_id, payload)
VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb)
"""


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
