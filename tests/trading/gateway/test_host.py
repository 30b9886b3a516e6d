"""Which connections a worker hosts."""

import asyncio

import pytest
from django.db import connections

from brokers.models import Connection
from brokers.ports import Session
from trading.gateway import host
from trading.gateway.host import ANY, Host

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
PATIENCE = 10.0


class Asked:
    """A builder of sessions that notes for whom it was asked, and fails as told."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.news = asyncio.Event()

    def __call__(self, name: str) -> Session:
        self.names.append(name)
        self.news.set()
        raise RuntimeError("a bug in this adapter") if name == "buggy" else OSError("nobody answers")

    async def wait_for(self, name: str, times: int = 1) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.names.count(name) < times:
                self.news.clear()
                await self.news.wait()


@pytest.fixture
async def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    monkeypatch.setattr(host, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(host, "AFTER_A_FAULT", 0.05)
    return Asked()


async def connect(name: str) -> None:
    def add() -> None:
        Connection.objects.create(name=name, broker="paper", environment="PAPER")
        connections.close_all()

    await asyncio.to_thread(add)


async def test_a_worker_of_any_takes_up_connections_that_are_added_later(asked: Asked) -> None:
    await connect("first")
    hosting = asyncio.create_task(Host([ANY], "w1", asked).run())
    await asked.wait_for("first")

    await connect("second")

    await asked.wait_for("second")
    hosting.cancel()
    await asyncio.gather(hosting, return_exceptions=True)


async def test_a_worker_of_one_leaves_the_others_alone(asked: Asked) -> None:
    await connect("first")
    await connect("second")
    hosting = asyncio.create_task(Host(["first"], "w1", asked).run())

    await asked.wait_for("first", times=2)

    hosting.cancel()
    await asyncio.gather(hosting, return_exceptions=True)
    assert "second" not in asked.names


async def test_a_fault_in_one_adapter_leaves_the_others_running_and_is_tried_again(asked: Asked) -> None:
    await connect("buggy")
    await connect("sound")
    hosting = asyncio.create_task(Host([ANY], "w1", asked).run())

    await asked.wait_for("buggy", times=2)
    await asked.wait_for("sound", times=2)

    assert not hosting.done()
    hosting.cancel()
    await asyncio.gather(hosting, return_exceptions=True)
