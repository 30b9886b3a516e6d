"""How orders fared at each connection: fills within half a minute, and latency."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from trading.domain.routing.cost import Record
from trading.domain.routing.scorecard import Past
from trading.models import RouteScorecard

WITHIN = timedelta(seconds=30)
LOOK_BACK = timedelta(days=90)
LATENCY = Decimal(250)  # milliseconds, of a connection that has sent nothing yet
READ = """
WITH sent AS (
  SELECT o.connection_id, o.sent_at, o.acked_at, o.closed_at, o.status,
         (SELECT count(*) FROM order_leg l WHERE l.order_id = o.id) AS legs
    FROM "order" o WHERE o.sent_at > %(since)s AND o.sent_at <= %(until)s AND o.origin <> 'EXTERNAL'
)
SELECT connection_id,
       count(*) FILTER (WHERE status = 'FILLED' AND closed_at - sent_at <= %(within)s),
       count(*) FILTER (WHERE NOT (status = 'FILLED' AND closed_at - sent_at <= %(within)s)),
       percentile_disc(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM acked_at - sent_at) * 1000)
         FILTER (WHERE acked_at IS NOT NULL)
  FROM sent WHERE (legs > 1) = %(combo)s GROUP BY connection_id
"""


@dataclass(frozen=True, slots=True)
class Quality:
    """One connection's record; `latency_ms` is the 95th percentile of the acknowledgement."""

    record: Record
    latency_ms: Decimal


def by_connection(*, is_combo: bool, now: datetime) -> dict[int, Quality]:
    """Return the record of every connection that has sent orders of this kind in the last ninety days.

    What was sent within the last half minute has not had its chance yet, and does not count.
    """
    asked: dict[str, Any] = {"since": now - LOOK_BACK, "until": now - WITHIN, "within": WITHIN, "combo": is_combo}
    with connection.cursor() as cursor:
        cursor.execute(READ, asked)
        return {
            key: Quality(Record(fills, misses), LATENCY if latency is None else Decimal(str(round(latency, 1))))
            for key, fills, misses, latency in cursor.fetchall()
        }


def pooled(records: dict[int, Quality]) -> Record:
    """Return all connections' record together."""
    fills = sum(quality.record.fills for quality in records.values())
    return Record(fills, sum(quality.record.misses for quality in records.values()))


def explored(*, now: datetime) -> Past:
    """Return how many routed orders of the last ninety days could have explored, and how many did."""
    rows = RouteScorecard.objects.filter(scored_at__gt=now - LOOK_BACK, card__could_explore=True)
    counts = rows.aggregate(could=Count("pk"), did=Count("pk", filter=Q(card__explores=True)))
    return Past(counts["could"], counts["did"])
