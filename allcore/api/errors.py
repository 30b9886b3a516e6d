"""Every failure of the API in one shape: `{code, message, detail, trace_id}`."""

from collections.abc import Mapping
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.db import DataError, Error, IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from psycopg.errors import UniqueViolation
from redis.exceptions import RedisError
from rest_framework import exceptions, status
from rest_framework.response import Response

from allcore.kernel.errors import (
    ConflictError,
    DeskError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from allcore.logs import trace_id
from allcore.redaction import scrub

log = structlog.get_logger("desk.api")

STATUS_OF_FAMILY: Mapping[type[BaseException], int] = {
    InvalidInputError: status.HTTP_400_BAD_REQUEST,
    NotFoundError: status.HTTP_404_NOT_FOUND,
    ForbiddenError: status.HTTP_403_FORBIDDEN,
    ConflictError: status.HTTP_409_CONFLICT,
    RefusedError: status.HTTP_409_CONFLICT,
    UnavailableError: status.HTTP_503_SERVICE_UNAVAILABLE,
    UnknownOutcomeError: status.HTTP_202_ACCEPTED,  # it may be done: a 5xx would invite a second try
}
STATUS_OF_CODE: Mapping[str, int] = {
    "IDEMPOTENCY_KEY_REUSED": status.HTTP_422_UNPROCESSABLE_ENTITY,
    "RISK_DENIED": status.HTTP_422_UNPROCESSABLE_ENTITY,
}
CODE_OF_STATUS: Mapping[int, str] = {
    400: "INVALID_INPUT",
    401: "NOT_AUTHENTICATED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    413: "BODY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "TOO_MANY_REQUESTS",
}
RETRY_AFTER_SECONDS = 2


def body(code: str, message: str, detail: object = None) -> dict[str, object]:
    """Return the error's shape."""
    return {"code": code, "message": message, "detail": {} if detail is None else detail, "trace_id": trace_id()}


def status_of(error: DeskError) -> int:
    """Return the HTTP status of an error of ours: by its code, else by the nearest family it belongs to."""
    if error.code in STATUS_OF_CODE:
        return STATUS_OF_CODE[error.code]
    families = [STATUS_OF_FAMILY[kind] for kind in type(error).__mro__ if kind in STATUS_OF_FAMILY]
    return families[0] if families else status.HTTP_500_INTERNAL_SERVER_ERROR


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """Answer any error a view raises; REST framework calls it."""
    if isinstance(error, DeskError):
        return _of_ours(error)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    if isinstance(error, Error | InterfaceError | RedisError):
        return _of_store(error, context)
    return _unexpected(error, context)


def _of_ours(error: DeskError) -> Response:
    answer = Response(body(error.code, scrub(error.message), error.context), status=status_of(error))
    if answer.status_code == status.HTTP_503_SERVICE_UNAVAILABLE:
        answer["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def _of_framework(error: exceptions.APIException) -> Response:
    code = CODE_OF_STATUS.get(error.status_code, "ERROR")
    if isinstance(error, exceptions.ValidationError):
        answer = Response(body(code, _sentence(error.detail), error.detail), status=error.status_code)
    else:
        answer = Response(body(code, str(error.detail)), status=error.status_code)
    if challenge := getattr(error, "auth_header", None):
        answer["WWW-Authenticate"] = challenge
    if (wait := getattr(error, "wait", None)) is not None:
        answer["Retry-After"] = str(int(wait) + 1)
    return answer


def _sentence(detail: object, path: str = "") -> str:
    """Return the first complaint as a sentence that names its field."""
    if isinstance(detail, Mapping) and detail:
        name, inner = next(iter(detail.items()))
        return _sentence(inner, path if name == "non_field_errors" else f"{path}.{name}".lstrip("."))
    if isinstance(detail, list | tuple) and detail:
        return _sentence(next((item for item in detail if item), ""), path)
    return f"{path}: {detail}" if path else str(detail)


def _of_store(error: Exception, context: Mapping[str, Any]) -> Response:
    """A store that is away or busy is 503; a unique constraint says that somebody else was first; the rest is ours."""
    if isinstance(error, OperationalError | InterfaceError | RedisError):
        log.warning("store unavailable", error=str(error))
        sentence = "The desk's store does not answer. Try again with the same Idempotency-Key."
        return _of_ours(UnavailableError(sentence))
    if isinstance(error, IntegrityError) and isinstance(error.__cause__, UniqueViolation):
        constraint = error.__cause__.diag.constraint_name
        return _of_ours(ConflictError("Somebody else was first. Nothing was done.", constraint=constraint))
    if isinstance(error, DataError):
        return _of_ours(InvalidInputError("A value is out of range."))
    return _unexpected(error, context)


def _unexpected(error: Exception, context: Mapping[str, Any]) -> Response:
    """A fault of ours: logged whole, told as nothing but its trace id; Django's signal lets tests see it."""
    request = context.get("request")
    log.error("unhandled error", exc_info=error, view=type(context.get("view")).__name__)
    got_request_exception.send(sender=None, request=getattr(request, "_request", request))
    message = "The desk failed. Whoever keeps it finds the reason under the trace id."
    return Response(body("INTERNAL_ERROR", message), status=status.HTTP_500_INTERNAL_SERVER_ERROR)
