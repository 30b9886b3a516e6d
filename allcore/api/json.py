"""JSON without a float in it: decimals leave as text, and numbers arrive as Decimal."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer


class TooLargeError(APIException):
    """The body is larger than any order."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "BODY_TOO_LARGE"
    default_detail = "The body is too large."


def plain(value: object) -> object:
    """Return what orjson does not know as text; a Decimal without exponent."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def dumps(value: object) -> bytes:
    """Return the value as JSON; datetimes become ISO text with their offset."""
    return orjson.dumps(value, default=plain, option=orjson.OPT_NON_STR_KEYS)


class OrjsonRenderer(BaseRenderer):
    """Answers in JSON."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """Return the body; nothing to say is an empty one."""
        return b"" if data is None else dumps(data)


class ExactJsonParser(BaseParser):
    """Reads JSON whose numbers stay exact: 4.35 is Decimal("4.35"), and NaN is no number.

    A key given twice is refused, since one of the two would silently be ignored; so is what no answer could repeat:
    half a character, a whole number of more than 64 bits, brackets hundreds deep.
    """

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the body's value.

        Raises:
            ParseError: it is not JSON in UTF-8.
        """
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLargeError
        try:
            value = json.loads(
                body.decode(), parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_without_repeats
            )
            dumps(value)
        except (ValueError, RecursionError, TypeError) as e:
            raise ParseError(f"The body is not JSON: {e}.") from e
        return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key is given twice")
    return content
