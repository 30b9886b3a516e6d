"""Reading the audit trail."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import QuerySet

from allcore.audit.chain import Anchor, ChainReport, Link, verify
from allcore.audit.models import AuditEntry, AuditLink

BATCH = 2000
# The text is built here and not by the database's function, so that a changed function changes nothing that is checked.
LINKS = """
SELECT l.seq, l.entry_id, l.prev_hash, l.hash, jsonb_build_array(
    l.prev_hash, l.seq, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    e.actor, e.action, e.subject, e.account, e.trace_id, e.payload)::text
FROM audit_link l LEFT JOIN audit_entry e ON e.id = l.entry_id WHERE l.seq > %s ORDER BY l.seq LIMIT %s
"""
UNLINKED = "SELECT count(*) FROM audit_entry e WHERE NOT EXISTS (SELECT 1 FROM audit_link l WHERE l.entry_id = e.id)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to list; an empty field lists all. `action` may be a noun: "order" finds "order.staged"."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    accounts: tuple[str, ...] | None = None  # None: of every account, and what concerns none
    trace_id: str = ""


def entries(wanted: Filter) -> QuerySet[AuditEntry]:
    """Return the entries, the newest first, their links loaded."""
    rows = AuditEntry.objects.select_related("link").order_by("-id")
    if wanted.action:
        rows = rows.filter(action__startswith=wanted.action)
    if wanted.accounts is not None:
        rows = rows.filter(account__in=wanted.accounts)
    exact = {"actor": wanted.actor, "subject": wanted.subject, "trace_id": wanted.trace_id}
    return rows.filter(**{name: value for name, value in exact.items() if value})


def head() -> Anchor | None:
    """Return the chain's end, to be kept elsewhere; None before the first entry."""
    last = AuditLink.objects.order_by("-seq").first()
    return None if last is None else Anchor(seq=last.seq, hash=last.hash)


@transaction.atomic
def verify_chain(anchors: Iterable[Anchor] = ()) -> ChainReport:
    """Check the whole chain as of one moment, against ends of it that were kept elsewhere."""
    with connection.cursor() as cursor:
        if not connection.savepoint_ids:  # not nested, as it is in tests: nothing ran yet, so the level may be set
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(UNLINKED)
        unlinked = int(cursor.fetchone()[0])
        return verify(_links(), unlinked=unlinked, anchors={anchor.seq: anchor for anchor in anchors})


def _links() -> Iterator[Link]:
    seq = -1
    with connection.cursor() as cursor:
        while True:
            cursor.execute(LINKS, [seq, BATCH])
            rows = cursor.fetchall()
            yield from (Link(row[0], row[1], row[2], row[3], row[4]) for row in rows)
            if len(rows) < BATCH:
                return
            seq = rows[-1][0]
