"""What Prometheus reads: the counters of every process, and what the database knows."""

import os
from collections.abc import Iterator, Mapping
from secrets import compare_digest

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

LOOPBACK = frozenset({"127.0.0.1", "::1", ""})  # empty: a Unix socket

FACTS: Mapping[str, tuple[str, str, str]] = {
    "desk_open_orders": (
        "Orders that may yet fill, by status.",
        "status",
        'SELECT status, count(*) FROM "order" WHERE closed_at IS NULL GROUP BY 1',
    ),
    "desk_open_requests": (
        "Requests to brokers without an answer, by state.",
        "state",
        "SELECT state, count(*) FROM order_request WHERE state IN ('TO_SEND', 'SENT', 'IN_DOUBT') GROUP BY 1",
    ),
    "desk_open_proposals": (
        "Proposals that wait for a decision, by status.",
        "status",
        "SELECT status, count(*) FROM proposal WHERE status IN ('PENDING', 'HELD', 'PARTIAL') GROUP BY 1",
    ),
    "desk_connections": ("Broker connections by state.", "state", "SELECT state, count(*) FROM connection GROUP BY 1"),
    "desk_audit_links": ("Length of the audit chain.", "", "SELECT '', coalesce(max(seq), 0) FROM audit_link"),
}


class Facts(Collector):
    """Gauges counted at the scrape, so that they are right whichever process did the work."""

    def collect(self) -> Iterator[Metric]:
        """Yield one gauge a fact."""
        with connection.cursor() as cursor:
            for name, (words, label, query) in FACTS.items():
                gauge = GaugeMetricFamily(name, words, labels=[label] if label else [])
                cursor.execute(query)
                for value, count in cursor.fetchall():
                    gauge.add_metric([value] if label else [], count)
                yield gauge


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer a scrape; where the database is away, the counters alone."""
    if not _may_read(request):
        return HttpResponseForbidden("Metrics are for this machine, or for whoever has METRICS_TOKEN.\n")
    text = generate_latest(_registry())
    try:
        facts = CollectorRegistry()
        facts.register(Facts())
        text += generate_latest(facts)
    except DatabaseError:
        text += b"# the database does not answer\n"
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus-client leaves it untyped
    return registry


def _may_read(request: HttpRequest) -> bool:
    """Behind a proxy every caller seems to be local, so there the token is the only way in."""
    if settings.METRICS_TOKEN:
        return compare_digest(request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}")
    return not settings.BEHIND_TLS and request.META.get("REMOTE_ADDR", "") in LOOPBACK
