"""Is the process alive, and can it serve."""

from collections.abc import Callable, Mapping
from functools import cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from drf_spectacular.utils import extend_schema
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

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
    answer = state()
    return JsonResponse(answer, status=200 if answer["ready"] else 503)


def plain(status: int, sentence: str) -> Callable[..., HttpResponse]:
    """Return a view that answers with a sentence, for a process that has no pages to be wrong with."""

    def answer(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
        return HttpResponse(f"{sentence}\n", status=status, content_type="text/plain")

    return answer


class HealthOut(serializers.Serializer[object]):
    """What works: `checks` says "ok" or what is wrong, by part."""

    ready = serializers.BooleanField()
    checks = serializers.DictField(child=serializers.CharField())


class Health(APIView):
    """The desk's health."""

    @extend_schema(responses={200: HealthOut})
    def get(self, request: Request) -> Response:
        """Say what the desk can use now and what it lacks; always 200, since asking has worked."""
        return Response(state())


def state() -> dict[str, object]:
    """Return whether the desk is ready, and each check's finding."""
    problems = {name: check() for name, check in CHECKS.items()}
    checks = {name: problem or "ok" for name, problem in problems.items()}
    return {"ready": not any(problems.values()), "checks": checks}


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
