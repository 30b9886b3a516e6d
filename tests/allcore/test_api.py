"""The API's manners: one error shape, exact numbers, steady pages."""

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404
from django.urls.resolvers import RoutePattern
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework import exceptions
from rest_framework.exceptions import ParseError

from allcore.accounts.models import User
from allcore.api.errors import handle
from allcore.api.json import ExactJsonParser, OrjsonRenderer, TooLargeError
from allcore.kernel import errors
from allcore.logs import bound_trace


class NoSuchRuleError(errors.RefusedError):
    code = "NO_SUCH_RULE"


class RiskDeniedError(errors.RefusedError):
    code = "RISK_DENIED"


class ReusedError(errors.ConflictError):
    code = "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.InvalidInputError("No."), 400, "INVALID_INPUT"),
        (errors.NotFoundError("No."), 404, "NOT_FOUND"),
        (errors.RefusedError("No."), 409, "REFUSED"),
        (NoSuchRuleError("No."), 409, "NO_SUCH_RULE"),
        (errors.ForbiddenError("No."), 403, "FORBIDDEN"),
        (errors.ConflictError("No."), 409, "CONFLICT"),
        (errors.UnavailableError("No."), 503, "UNAVAILABLE"),
        (errors.UnknownOutcomeError("No."), 202, "UNKNOWN_OUTCOME"),
        (RiskDeniedError("No."), 422, "RISK_DENIED"),
        (ReusedError("No."), 422, "IDEMPOTENCY_KEY_REUSED"),
        (Http404(), 404, "NOT_FOUND"),
        (PermissionDenied(), 403, "FORBIDDEN"),
        (exceptions.NotAuthenticated(), 401, "NOT_AUTHENTICATED"),
        (exceptions.Throttled(wait=3), 429, "TOO_MANY_REQUESTS"),
        (exceptions.MethodNotAllowed("PUT"), 405, "METHOD_NOT_ALLOWED"),
        (exceptions.ValidationError({"order_qty": ["Too many."]}), 400, "INVALID_INPUT"),
        (OperationalError("gone"), 503, "UNAVAILABLE"),
        (RedisConnectionError("gone"), 503, "UNAVAILABLE"),
        (DataError("too long"), 400, "INVALID_INPUT"),
        (IntegrityError("check"), 500, "INTERNAL_ERROR"),
        (ZeroDivisionError(), 500, "INTERNAL_ERROR"),
    ],
)
def test_every_failure_has_the_one_shape(error: Exception, status: int, code: str) -> None:
    with bound_trace("trace-0001"):
        answer = handle(error, {})

    assert (answer.status_code, answer.data["code"], answer.data["trace_id"]) == (status, code, "trace-0001")
    assert set(answer.data) == {"code", "message", "detail", "trace_id"}
    assert answer.data["message"]


@pytest.mark.parametrize("error", [errors.UnavailableError("Away."), exceptions.Throttled(wait=3)])
def test_what_passes_says_when_to_try_again(error: Exception) -> None:
    assert int(handle(error, {})["Retry-After"]) >= 2


def test_an_unexpected_failure_tells_nothing_of_itself() -> None:
    answer = handle(ValueError("password=hunter2"), {})

    assert "hunter2" not in str(answer.data)


def test_a_repeat_caught_by_a_unique_constraint_is_a_conflict(alice: User) -> None:
    with pytest.raises(IntegrityError) as caught:
        User.objects.create(username="alice")

    answer = handle(caught.value, {})

    assert (answer.status_code, answer.data["code"]) == (409, "CONFLICT")


def test_a_field_error_is_a_sentence_that_names_the_field() -> None:
    error = exceptions.ValidationError({"legs": [{}, {"ratio": ["A whole number."]}]})

    assert handle(error, {}).data["message"] == "legs.ratio: A whole number."


def parse(body: bytes) -> Any:
    return ExactJsonParser().parse(BytesIO(body))


def test_numbers_arrive_as_they_were_written() -> None:
    assert parse(b'{"px": 0.1, "qty": 3}') == {"px": Decimal("0.1"), "qty": 3}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"px": NaN}',
        b'{"px": Infinity}',
        b'{"qty": 1, "qty": 2}',
        b"\xff",
        b"[" * 100_000,
        b"[" * 300 + b"]" * 300,
        b'{"side": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"qty": 18446744073709551616}',
    ],
)
def test_what_is_not_plain_json_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body)


def test_the_largest_whole_number_that_can_be_answered_is_read() -> None:
    assert parse(b'{"qty": 18446744073709551615}') == {"qty": 2**64 - 1}


def test_a_body_at_the_limit_is_read_and_one_above_is_not(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert parse(b'"' + b"a" * 8 + b'"') == "a" * 8

    with pytest.raises(TooLargeError):
        parse(b'"' + b"a" * 9 + b'"')


def test_decimals_leave_as_text_without_exponent() -> None:
    assert OrjsonRenderer().render({"px": Decimal("1E+2"), "fee": Decimal("0.650")}) == b'{"px":"100","fee":"0.650"}'


@pytest.mark.parametrize(("written", "value"), [("7", 7), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("-1", None)])
def test_a_row_key_in_a_path_is_a_number_that_a_column_can_hold(written: str, value: int | None) -> None:
    pattern = RoutePattern("limits/<row:limit_id>/", is_endpoint=True)

    match = pattern.match(f"limits/{written}/")

    assert (None if match is None else match[2]["limit_id"]) == value
