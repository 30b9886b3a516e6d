"""How a view answers a repeat: `Idempotency-Key` on everything that orders or decides."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from rest_framework.request import Request
from rest_framework.response import Response

from allcore.accounts.actors import Actor
from allcore.api.errors import body, status_of
from allcore.kernel.errors import DeskError, UnavailableError
from trading.services import idempotency
from trading.services.idempotency import Answer


def key_of(request: Request) -> str:
    """Return the caller's key, or one nobody can repeat."""
    return str(request.headers.get("Idempotency-Key", "")) or f"unkeyed:{uuid4()}"


def answer_once(request: Request, actor: Actor, now: datetime, act: Callable[[], Answer]) -> Response:
    """Answer the request, or repeat the answer it got before."""
    wanted = idempotency.request_hash(str(request.method), request.path, request.data)
    answer = idempotency.once(user=actor.user, key=key_of(request), wanted=wanted, now=now, act=act, tell=_tell)
    return Response(
        answer.body, status=answer.status, headers={"Idempotent-Replay": "true"} if answer.is_repeat else None
    )


def _tell(error: DeskError) -> Answer:
    """Keep a refusal as the answer; what may work on another try is not kept."""
    if isinstance(error, UnavailableError):
        raise error
    return Answer(status=status_of(error), body=body(error.code, error.message, _plain(error.context)))


def _plain(context: dict[str, object]) -> dict[str, object]:
    return {
        name: value if isinstance(value, str | int | list | dict) else str(value) for name, value in context.items()
    }
