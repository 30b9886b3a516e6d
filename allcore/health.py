"""Is the process alive, and can it serve."""

from collections.abc import Callable, Mapping
from functools import cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

from allcore import live
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import DeskError
from marketdata.selectors import clock

FEED_STALE_SECONDS = 10


def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process runs and answers; it asks nothing of anybody."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether the desk can serve: 200, or 503 with what is missing."""
    problems = {name: check() for name, check in CHECKS.items()}
    is_ready = not any(problems.values())
    answer = {"ready": is_ready, "checks": {name: problem or "ok" for name, problem in problems.items()}}
    return JsonResponse(answer, status=200 if is_ready else 503)


def _postgresql() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connection.close()  # the next check starts afresh instead of on a broken connection
        return "does not answer"
    return ""


def _redis() -> str:
    try:
        live.client().ping()
    except RedisError:
        return "does not answer"
    return ""


def _migrations() -> str:
    try:
        waiting = _newest_migrations() - set(MigrationRecorder(connection).applied_migrations())
    except DatabaseError:
        return "cannot be read"
    return "are to be applied: " + ", ".join(f"{app} {name}" for app, name in sorted(waiting)) if waiting else ""


@cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    """Return each app's last migration in this code; reading them takes long and changes only with the process."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _feed() -> str:
    if settings.FEED == "none":
        return ""
    try:
        age = clock.data_age(utc_now())
    except (DeskError, DatabaseError) as e:
        return str(e)
    return f"was last heard {age:.0f} s ago" if age > FEED_STALE_SECONDS else ""


CHECKS: Mapping[str, Callable[[], str]] = {
    "postgresql": _postgresql,
    "redis": _redis,
    "migrations": _migrations,
    "feed": _feed,
}
