"""The same key, the same answer: the key is inserted in the transaction of the act, so a crash undoes both.

A second caller with the key waits at the unique index until the first has committed, then reads its answer.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import orjson
from django.db import connection, transaction

from allcore.accounts.models import User
from allcore.api.json import dumps
from allcore.kernel.errors import DeskError, InvalidInputError
from trading.models import IdempotencyKey

LONGEST_KEY = 80
INSERT = """
INSERT INTO idempotency_key (user_id, key, request_hash, created_at) VALUES (%s, %s, %s, %s)
ON CONFLICT ON CONSTRAINT a_key_is_used_once DO NOTHING
"""
ANSWER = "UPDATE idempotency_key SET status = %s, answer = %s::jsonb WHERE user_id = %s AND key = %s"


class KeyReusedError(InvalidInputError):
    """The key was used for another request."""

    code = "IDEMPOTENCY_KEY_REUSED"


class BadKeyError(InvalidInputError):
    """The key is empty or too long."""

    code = "IDEMPOTENCY_KEY_INVALID"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as it was first given; `is_repeat` on every later one."""

    status: int
    body: dict[str, object]
    is_repeat: bool = False


def request_hash(method: str, path: str, body: object) -> str:
    """Return what makes two requests the same."""
    canonical = orjson.dumps([method, path, body], option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.sha256(canonical).hexdigest()


def once(
    *, user: User, key: str, wanted: str, now: datetime, act: Callable[[], Answer], tell: Callable[[DeskError], Answer]
) -> Answer:
    """Act once for the user's key, or give the first answer again; a refusal is an answer too.

    Raises:
        KeyReusedError: the key stands for another request.
        BadKeyError: the key is no key.
    """
    if not 0 < len(key) <= LONGEST_KEY:
        raise BadKeyError(f"An Idempotency-Key has 1 to {LONGEST_KEY} characters, had {len(key)}.")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(INSERT, (user.pk, key, wanted, now))
            is_first = cursor.rowcount == 1
        if not is_first:
            return _first_answer(user, key, wanted)
        try:
            answer = act()
        except DeskError as e:  # the services' own transactions have undone what they began
            answer = tell(e)
        with connection.cursor() as cursor:
            cursor.execute(ANSWER, (answer.status, dumps(answer.body).decode(), user.pk, key))
        return answer


def _first_answer(user: User, key: str, wanted: str) -> Answer:
    row = IdempotencyKey.objects.get(user=user, key=key)
    if row.request_hash != wanted:
        raise KeyReusedError("This Idempotency-Key was used for another request. Nothing was done.", key=key)
    return Answer(status=row.status or 500, body=row.answer or {}, is_repeat=True)
