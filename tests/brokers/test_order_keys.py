"""The key book: which order is whose, whatever crashed in between."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from brokers import registry
from brokers.models import Connection, OrderKeyRow
from brokers.ports import OrderKey
from brokers.services.order_keys import DatabaseKeys, IdBurnedError

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
AT = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)


def key(cl_ord_id: str, at: datetime = AT) -> OrderKey:
    return OrderKey(cl_ord_id, "U1", {"underlying": "AMZN"}, at)


@pytest.fixture
def name(db: None) -> str:
    Connection.objects.create(name="one", broker="paper", environment="PAPER")
    return "one"


async def test_an_id_is_burned_when_it_is_intended(name: str) -> None:
    keys = DatabaseKeys(name)
    await keys.intend(key("C1"))

    with pytest.raises(IdBurnedError):
        await keys.intend(key("C1"))

    await keys.close()


async def test_the_brokers_ids_are_learned_once_and_in_order(name: str) -> None:
    keys = DatabaseKeys(name)
    await keys.intend(key("C1"))
    for broker_id in ("7", "8", "7"):
        await keys.learn("C1", broker_id, {"perm_id": broker_id})

    found = await keys.by_broker_order_id("8")

    assert found is not None
    assert (found.cl_ord_id, found.chain, found.details) == ("C1", ("7", "8"), {"perm_id": "7"})
    assert await keys.by_broker_order_id("9") is None
    await keys.close()


async def test_details_add_to_what_was_known_and_a_key_that_was_never_intended_learns_nothing(name: str) -> None:
    keys = DatabaseKeys(name)
    await keys.intend(key("C1"))
    await keys.learn("C1", "", {"answer": "accepted"})
    await keys.learn("C1", "7", {"first": {"e1": [1, "4.20"]}})

    with pytest.raises(OrderKeyRow.DoesNotExist):
        await keys.learn("C2", "8")

    found = await keys.by_cl_ord_id("C1")
    assert found is not None
    assert (found.chain, found.details) == (("7",), {"answer": "accepted", "first": {"e1": [1, "4.20"]}})
    await keys.close()


async def test_keys_are_listed_from_a_time_on_oldest_first(name: str) -> None:
    keys = DatabaseKeys(name)
    for n, cl_ord_id in enumerate(("C1", "C2", "C3")):
        await keys.intend(key(cl_ord_id, AT + timedelta(seconds=n)))

    assert [k.cl_ord_id for k in await keys.since(AT + timedelta(seconds=1))] == ["C2", "C3"]
    await keys.close()


async def test_a_session_that_is_closed_leaves_no_thread_behind(name: str) -> None:
    plumbing = registry.plumbing(registry.ConnectionSpec(name, "schwab", "PAPER"))
    await plumbing.keys.intend(key("C1"))
    assert any(thread.name.startswith("one-keys") for thread in threading.enumerate())

    await plumbing.release()
    await plumbing.release()

    assert not any(thread.name.startswith("one-keys") and thread.is_alive() for thread in await settled())


async def settled() -> list[threading.Thread]:
    """Give a thread that was told to end the time to do so."""
    for thread in threading.enumerate():
        if thread.name.startswith("one-keys"):
            await asyncio.to_thread(thread.join, 5)
    return threading.enumerate()
