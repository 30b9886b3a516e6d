"""The socket as a browser meets it: who comes in, and what it may say."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.db import connections
from django.test import Client as Browser

from allcore import live
from allcore.accounts.models import User
from allcore.asgi import application
from risk.models import AccountGrant, Role
from tests.builders.risk import make_account
from trading.consumers.client import BAD_MESSAGE, SIGNED_OUT
from trading.consumers.desk import MESSAGE_LIMIT, BadMessageError, read_message

pytestmark = pytest.mark.django_db(transaction=True)

ORIGIN = (b"origin", b"http://localhost:8000")


@pytest.fixture(autouse=True)
async def _close_connections() -> AsyncIterator[None]:
    """Let go of the database in the thread that reads sessions."""
    yield
    await sync_to_async(connections.close_all)()


def signed_in(name: str = "alice", *accounts: str) -> str:
    """Make a person who may view the accounts and return their session's key."""
    user = User.objects.create(username=name, password="!")
    for code in accounts:
        AccountGrant.objects.create(user=user, account=make_account(code), role=Role.VIEWER)
    browser = Browser()
    browser.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return str(browser.session.session_key)


async def open_socket(session_key: str | None, origin: tuple[bytes, bytes] = ORIGIN) -> ApplicationCommunicator:
    """Knock at the socket; its first answer is still to be read."""
    cookie = f"{settings.SESSION_COOKIE_NAME}={session_key}".encode()
    headers = [origin, (b"cookie", cookie)] if session_key else [origin]
    scope = {"type": "websocket", "path": "/ws/desk/", "query_string": b"", "headers": headers, "subprotocols": []}
    tab = ApplicationCommunicator(application, scope)
    await tab.send_input({"type": "websocket.connect"})
    return tab


async def accepted(session_key: str) -> ApplicationCommunicator:
    tab = await open_socket(session_key)
    assert (await tab.receive_output(timeout=5))["type"] == "websocket.accept"
    return tab


async def leave(tab: ApplicationCommunicator) -> None:
    await tab.send_input({"type": "websocket.disconnect", "code": 1000})
    await tab.wait(timeout=5)


async def say(tab: ApplicationCommunicator, message: dict[str, Any]) -> None:
    await tab.send_input({"type": "websocket.receive", "text": orjson.dumps(message).decode()})


async def hear(tab: ApplicationCommunicator, stream: str) -> dict[str, Any]:
    while True:
        frame: dict[str, Any] = orjson.loads((await tab.receive_output(timeout=5))["text"])
        if frame["stream"] == stream:
            return frame


async def test_nobody_comes_in_without_a_session() -> None:
    tab = await open_socket(None)

    await tab.receive_output(timeout=5)

    assert await tab.receive_output(timeout=5) == {"type": "websocket.close", "code": SIGNED_OUT}


async def test_another_sites_page_is_not_let_in() -> None:
    key = await sync_to_async(signed_in)()

    tab = await open_socket(key, (b"origin", b"https://elsewhere.example"))

    assert (await tab.receive_output(timeout=5))["type"] == "websocket.close"


async def test_somebody_who_may_not_sign_in_any_more_is_not_let_in() -> None:
    key = await sync_to_async(signed_in)()
    await User.objects.aupdate(is_active=False)
    tab = await open_socket(key)

    await tab.receive_output(timeout=5)

    assert await tab.receive_output(timeout=5) == {"type": "websocket.close", "code": SIGNED_OUT}


async def test_a_signed_in_person_hears_their_accounts() -> None:
    key = await sync_to_async(signed_in)("alice", "GEN-1")
    tab = await accepted(key)
    await say(tab, {"type": "subscribe", "streams": ["orders"]})
    snapshot = await hear(tab, "orders")
    await sync_to_async(live.publish)("orders", "order", {"id": "theirs"}, account="REV-1")
    await sync_to_async(live.publish)("orders", "order", {"id": "mine"}, account="GEN-1")

    change = await hear(tab, "orders")

    assert (snapshot["type"], snapshot["data"]) == ("snapshot", [])
    assert change["data"] == {"id": "mine"}
    await leave(tab)


async def test_the_beat_says_what_the_exchange_and_the_switch_are_at() -> None:
    key = await sync_to_async(signed_in)("alice", "GEN-1")
    tab = await accepted(key)
    await say(tab, {"type": "subscribe", "streams": ["system"]})

    beat = await hear(tab, "system")

    assert beat["data"]["mode"] == "paper"
    assert beat["data"]["kill"]["level"] == 0
    assert [connection["name"] for connection in beat["data"]["connections"]] == ["paper"]
    await leave(tab)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        '{"type":"subscribe"}',
        '{"type":"subscribe","streams":["everything"]}',
        '{"type":"subscribe","streams":[1]}',
        '{"type":"subscribe","streams":["quotes"],"underlyings":"TSLA"}',
        '{"type":"subscribe","streams":["quotes"],"underlyings":["' + "X" * 22 + '"]}',
        '{"type":"resync","stream":"secrets"}',
        '{"type":"delete","stream":"orders"}',
        " " * (MESSAGE_LIMIT + 1),
    ],
)
def test_what_is_not_of_the_protocol_is_refused(text: str) -> None:
    with pytest.raises(BadMessageError):
        read_message(text)


def test_a_subscription_names_streams_and_underlyings() -> None:
    text = '{"type":"subscribe","streams":["quotes","orders"],"underlyings":["TSLA"]}'

    assert read_message(text) == (["quotes", "orders"], ["TSLA"])


async def test_a_bad_message_closes_the_socket() -> None:
    key = await sync_to_async(signed_in)("alice", "GEN-1")
    tab = await accepted(key)

    await tab.send_input({"type": "websocket.receive", "text": "nonsense"})

    assert await tab.receive_output(timeout=5) == {"type": "websocket.close", "code": BAD_MESSAGE}
    await leave(tab)
