"""What Prometheus is told.

Each process counts for itself; files under PROMETHEUS_MULTIPROC_DIR join the processes of one machine. What is a fact
of the database (open orders, the outbox) is read at the scrape instead: `allcore.scrape`.
"""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from prometheus_client import Histogram

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2, 2.5, 5.0)

http_seconds = Histogram("desk_http_request_seconds", "Time to answer.", ["method", "route", "status"], buckets=SECONDS)


class MetricsMiddleware:
    """Times each request by its route, never by its path: a path holds ids, and each would be a series of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer and count."""
        started = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        route = "unknown" if match is None else match.route
        http_seconds.labels(request.method, route, response.status_code).observe(time.perf_counter() - started)
        return response
