"""The hub between Redis and the tabs."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from allcore import live
from allcore.accounts.models import User
from tests.trading.consumers.conftest import Books
from trading.consumers.client import SIGNED_OUT
from trading.consumers.hub import Hub

OpenTab = Callable[..., Any]


def publish_quotes(*batch: tuple[str, list[object]]) -> None:
    live.client().publish("quotes", orjson.dumps(batch))


async def test_a_tab_gets_a_snapshot_and_then_the_changes(hub: Hub, books: Books, open_tab: OpenTab) -> None:
    books.rows["orders"] = [{"id": "1", "status": "NEW"}]
    tab = await open_tab(hub, "orders", accounts={"GEN-1"})
    snapshot = await tab.hears("orders")
    live.publish("orders", "order", {"id": "1", "status": "FILLED"}, account="GEN-1")

    change = await tab.hears("orders")

    assert (snapshot["type"], snapshot["data"], snapshot["seq"]) == ("snapshot", [{"id": "1", "status": "NEW"}], 1)
    assert (change["type"], change["data"], change["seq"]) == ("order", {"id": "1", "status": "FILLED"}, 2)


async def test_nothing_of_another_account_reaches_a_tab(hub: Hub, open_tab: OpenTab) -> None:
    tab = await open_tab(hub, "orders", accounts={"GEN-1"})
    await tab.hears("orders", "snapshot")
    live.publish("orders", "order", {"id": "theirs"}, account="REV-1")
    live.publish("orders", "order", {"id": "mine"}, account="GEN-1")

    change = await tab.hears("orders")

    assert change["data"] == {"id": "mine"}


async def test_what_concerns_no_account_reaches_everybody(hub: Hub, open_tab: OpenTab) -> None:
    tab = await open_tab(hub, "risk")
    await tab.hears("risk", "snapshot")
    live.publish("risk", "kill", {"level": 2})

    message = await tab.hears("risk")

    assert (message["type"], message["data"]) == ("kill", {"level": 2})


async def test_a_book_of_the_market_reaches_the_tab_that_follows_depth(hub: Hub, open_tab: OpenTab) -> None:
    tab = await open_tab(hub, "risk", "depth")
    await tab.hears("risk", "snapshot")  # the hub hears now; depth has no snapshot of its own
    live.publish("depth", "book", {"symbol": "TSLA", "bids": []})

    message = await tab.hears("depth")

    assert (message["type"], message["data"], message["seq"]) == ("book", {"symbol": "TSLA", "bids": []}, 1)


async def test_a_tab_hears_only_the_streams_it_asked_for(hub: Hub, open_tab: OpenTab) -> None:
    tab = await open_tab(hub, "orders", accounts={"GEN-1"})
    await tab.hears("orders", "snapshot")
    live.publish("positions", "position", {"id": "p"}, account="GEN-1")
    live.publish("orders", "order", {"id": "o"}, account="GEN-1")

    async with asyncio.timeout(5):
        frame = await tab.frames.get()

    assert frame["stream"] == "orders"


async def test_quotes_come_of_the_underlyings_asked_for_alone(hub: Hub, open_tab: OpenTab) -> None:
    tab = await open_tab(hub, "quotes", underlyings=["TSLA"])
    await tab.hears("quotes", "snapshot")
    publish_quotes(("NVDA", ["1"]), ("TSLA", ["250"]), ("TSLA  260612P00245000", ["3.4"]))

    frame = await tab.hears("quotes")

    assert frame["data"] == [{"symbol": "TSLA", "bid": "250"}, {"symbol": "TSLA  260612P00245000", "bid": "3.4"}]


async def test_an_option_stands_for_itself_alone(hub: Hub, open_tab: OpenTab) -> None:
    tab = await open_tab(hub, "quotes", underlyings=["TSLA  260612P00245000"])
    await tab.hears("quotes", "snapshot")
    publish_quotes(("TSLA", ["250"]), ("TSLA  260612P00240000", ["2.2"]), ("TSLA  260612P00245000", ["3.4"]))

    frame = await tab.hears("quotes")

    assert [row["symbol"] for row in frame["data"]] == ["TSLA  260612P00245000"]


async def test_a_resync_brings_a_fresh_snapshot(hub: Hub, books: Books, open_tab: OpenTab) -> None:
    tab = await open_tab(hub, "orders", accounts={"GEN-1"})
    await tab.hears("orders", "snapshot")
    books.rows["orders"] = [{"id": "2"}]

    await hub.subscribe(tab.client, ["orders"], None)

    assert (await tab.hears("orders", "snapshot"))["data"] == [{"id": "2"}]


async def test_it_beats_each_second_with_the_servers_clock(hub: Hub, open_tab: OpenTab) -> None:
    tab = await open_tab(hub, "system")

    first, second = await tab.hears("system", "beat"), await tab.hears("system", "beat")

    assert first["data"]["phase"] == "OPEN"
    assert second["data"]["live"] is True
    assert second["data"]["system_time"] > first["data"]["system_time"]


async def test_without_redis_it_beats_and_says_that_nothing_is_live(deaf_hub: Hub, open_tab: OpenTab) -> None:
    tab = await open_tab(deaf_hub, "system", "orders")

    beat = await tab.hears("system", "beat")

    assert beat["data"]["live"] is False


async def test_it_beats_though_the_store_is_away(hub: Hub, books: Books, open_tab: OpenTab) -> None:
    books.fails = True
    tab = await open_tab(hub, "system")

    beat = await tab.hears("system", "beat")

    assert beat["data"]["facts_missing"] is True


async def test_a_snapshot_that_cannot_be_read_is_said(hub: Hub, books: Books, open_tab: OpenTab) -> None:
    books.fails = True
    tab = await open_tab(hub, "orders", "system")

    message = await tab.hears("system", "no_snapshot")

    assert message["data"] == {"streams": ["orders"]}


async def test_when_redis_comes_back_every_tab_gets_fresh_snapshots(hub: Hub, books: Books, open_tab: OpenTab) -> None:
    tab = await open_tab(hub, "orders", accounts={"GEN-1"})
    await tab.hears("orders", "snapshot")
    books.rows["orders"] = [{"id": "missed"}]
    live.client().client_kill_filter(_type="pubsub")

    again = await tab.hears("orders", "snapshot")
    live.publish("orders", "order", {"id": "later"}, account="GEN-1")

    assert again["data"] == [{"id": "missed"}]
    assert (await tab.hears("orders"))["data"] == {"id": "later"}


async def test_a_stuck_tab_holds_nobody_up_and_keeps_one_value_a_row(hub: Hub, open_tab: OpenTab) -> None:
    stuck = await open_tab(hub, "orders", accounts={"GEN-1"})
    brisk = await open_tab(hub, "orders", accounts={"GEN-1"})
    await stuck.hears("orders", "snapshot")
    await brisk.hears("orders", "snapshot")
    stuck.stuck.set()

    for number in range(200):
        live.publish("orders", "order", {"id": "1", "n": number}, account="GEN-1")
    while (await brisk.hears("orders"))["data"]["n"] < 199:
        pass

    assert len(stuck.client.outbox) <= 1


async def test_a_tab_that_takes_nothing_is_given_up(hub: Hub, open_tab: OpenTab) -> None:
    tab = await open_tab(hub, "orders", accounts={"GEN-1"})
    tab.stuck.set()
    tab.client.send_timeout = 0.05
    tab.client.put("orders", "order", b"{}", key="1")

    with pytest.raises(TimeoutError):
        await tab.client.feed()


async def test_more_than_is_kept_is_made_good_by_snapshots(hub: Hub, books: Books, open_tab: OpenTab) -> None:
    tab = await open_tab(hub, "risk", accounts={"GEN-1"})
    await tab.hears("risk", "snapshot")
    books.rows["risk"] = [{"whole": True}]
    tab.client.outbox.overflowed = True
    live.publish("risk", "kill", {"level": 2})

    assert (await tab.hears("risk", "snapshot"))["data"] == [{"whole": True}]


async def test_an_ended_session_is_closed_at_the_next_look(hub: Hub, books: Books, open_tab: OpenTab) -> None:
    tab = await open_tab(hub, "orders", accounts={"GEN-1"})
    books.audience = None

    await hub.recheck()

    assert tab.closed_with == SIGNED_OUT


async def test_a_changed_grant_counts_at_the_next_look(hub: Hub, books: Books, open_tab: OpenTab) -> None:
    tab = await open_tab(hub, "orders", accounts={"GEN-1"})
    books.audience = (User(username="tab0"), frozenset({"REV-1"}))

    await hub.recheck()

    assert not tab.client.hears("orders", "GEN-1")
    assert tab.client.hears("orders", "REV-1")


async def test_a_broken_message_silences_nobody(hub: Hub, open_tab: OpenTab) -> None:
    tab = await open_tab(hub, "orders", accounts={"GEN-1"})
    await tab.hears("orders", "snapshot")
    live.client().publish("live", b"{not json")
    live.client().publish("live", b'{"stream":"orders"}')
    live.publish("orders", "order", {"id": "after"}, account="GEN-1")

    assert (await tab.hears("orders"))["data"] == {"id": "after"}
