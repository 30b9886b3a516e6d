"""What is answered outside of any view: under /api/ in the API's shape, elsewhere as a page."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views import defaults
from redis.exceptions import RedisError

from allcore.api.errors import RETRY_AFTER_SECONDS, body
from allcore.api.json import dumps

API = "/api/"


def _json(status: int, code: str, message: str) -> HttpResponse:
    return HttpResponse(dumps(body(code, message)), status=status, content_type="application/json")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    if request.path.startswith(API):
        return _json(404, "NOT_FOUND", "There is nothing at this address.")
    return defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, of a host or a body that Django refused."""
    if request.path.startswith(API):
        return _json(400, "INVALID_INPUT", "The request is malformed.")
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    if request.path.startswith(API):
        return _json(403, "FORBIDDEN", "This is not yours to do.")
    return defaults.permission_denied(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what nothing caught: 503 where a store is away, else 500. Neither page reads the store again."""
    away = isinstance(sys.exception(), OperationalError | InterfaceError | RedisError)
    answer = _away(request) if away else _failed(request)
    if away:
        answer["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def _away(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API):
        return _json(503, "UNAVAILABLE", "The desk's store does not answer. Try again with the same Idempotency-Key.")
    return HttpResponse(loader.render_to_string("503.html"), status=503)


def _failed(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API):
        return _json(500, "INTERNAL_ERROR", "The desk failed. Whoever keeps it finds the reason under the trace id.")
    return defaults.server_error(request)
