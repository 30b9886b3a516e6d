"""The exchange under the test servers, by itself."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.orders import OrdType, Side, TimeInForce
from tests.brokers.servers.book import Leg, Refusal, Status, Terms
from tests.brokers.servers.control import Server, serve_control
from tests.brokers.servers.exchange import Event, Exchange, Kind
from tests.brokers.servers.faults import Faults
from tests.builders.paper import LOW_PUT, PUT

AT = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)


@pytest.fixture
def exchange() -> Exchange:
    made = Exchange(lambda: AT, accounts={"U1": Decimal(100_000)})
    made.show(PUT, "4.10", "4.20")
    made.show(LOW_PUT, "1.00", "1.05")
    return made


def heard(exchange: Exchange) -> list[Event]:
    events: list[Event] = []
    exchange.listen(events.append)
    return events


def buying(limit: str | None, qty: int = 1, side: Side = Side.BUY) -> Terms:
    return Terms((Leg(PUT, side),), qty, limit=None if limit is None else Decimal(limit))


def test_an_order_takes_what_is_shown_and_the_rest_waits(exchange: Exchange) -> None:
    events = heard(exchange)

    order = exchange.place("U1", buying("4.20", 15))

    assert (order.status, order.cum, order.leaves) == (Status.WORKING, 10, 5)
    assert [e.kind for e in events] == [Kind.BOOKED, Kind.FILLED]
    exchange.show(PUT, "4.10", "4.15")
    assert (order.status, order.cum) == (Status.FILLED, 15)


def test_a_sell_never_trades_below_its_limit(exchange: Exchange) -> None:
    order = exchange.place("U1", buying("-4.15", side=Side.SELL))
    assert order.cum == 0

    exchange.show(PUT, "4.15", "4.25")

    assert order.cum == 1
    assert exchange.accounts["U1"].positions[PUT] == (-1, Decimal("4.15"))


def test_a_combo_trades_whole_units_at_its_net_price(exchange: Exchange) -> None:
    spread = Terms((Leg(PUT, Side.SELL), Leg(LOW_PUT, Side.BUY, 2)), 7, limit=Decimal("-2.00"))

    order = exchange.place("U1", spread)

    assert (order.cum, [(e.symbol, e.qty, e.px) for e in exchange.executions]) == (
        5,
        [(PUT, 5, Decimal("4.10")), (LOW_PUT, 10, Decimal("1.05"))],
    )
    assert len({e.group for e in exchange.executions}) == 1


def test_a_combo_that_costs_a_cent_more_than_its_limit_waits(exchange: Exchange) -> None:
    spread = Terms((Leg(PUT, Side.SELL), Leg(LOW_PUT, Side.BUY)), 1, limit=Decimal("-3.06"))

    assert exchange.place("U1", spread).cum == 0
    assert exchange.place("U1", replace(spread, limit=Decimal("-3.05"))).cum == 1


def test_a_stop_waits_for_its_price(exchange: Exchange) -> None:
    terms = Terms((Leg(PUT, Side.SELL),), 1, OrdType.STOP, stop=Decimal("4.00"))
    order = exchange.place("U1", terms)
    exchange.show(PUT, "4.05", "4.15")
    assert order.status is Status.HELD

    exchange.show(PUT, "4.00", "4.10")

    assert (order.status, exchange.executions[0].px) == (Status.FILLED, Decimal("4.00"))


def test_a_trailing_stop_follows_the_best_price(exchange: Exchange) -> None:
    terms = Terms((Leg(PUT, Side.SELL),), 1, OrdType.TRAILING_STOP, trail_amount=Decimal("0.50"))
    order = exchange.place("U1", terms)
    exchange.show(PUT, "5.00", "5.10")
    exchange.show(PUT, "4.55", "4.65")
    assert order.status is Status.HELD

    exchange.show(PUT, "4.50", "4.60")

    assert order.status is Status.FILLED


def test_fill_or_kill_is_all_or_nothing_and_immediate_takes_what_there_is(exchange: Exchange) -> None:
    killed = exchange.place("U1", replace(buying("4.20", 11), time_in_force=TimeInForce.FOK))
    partly = exchange.place("U1", replace(buying("4.20", 11), time_in_force=TimeInForce.IOC))

    assert (killed.status, killed.cum) == (Status.CANCELED, 0)
    assert (partly.status, partly.cum) == (Status.CANCELED, 10)


def test_one_of_a_group_cancels_the_others_and_a_parent_frees_its_children(exchange: Exchange) -> None:
    parent = exchange.place("U1", buying("4.00"))
    high = exchange.place("U1", buying("-4.40", side=Side.SELL), group="g", parent=parent.number)
    low = exchange.place("U1", buying("-3.50", side=Side.SELL), group="g", parent=parent.number)
    assert [high.status, low.status] == [Status.HELD, Status.HELD]

    exchange.show(PUT, "3.90", "4.00")
    exchange.match()

    assert parent.status is Status.FILLED
    assert {high.status, low.status} == {Status.FILLED, Status.CANCELED}


def test_a_replace_counts_the_total_and_stops_at_what_has_traded(exchange: Exchange) -> None:
    order = exchange.place("U1", buying("4.20", 15))

    exchange.replace(order.number, buying("4.20", 5))

    assert (order.status, order.terms.quantity, order.leaves) == (Status.FILLED, 10, 0)
    with pytest.raises(Refusal) as e:
        exchange.cancel(order.number)
    assert e.value.code == "TOO_LATE"


def test_a_correction_and_a_bust_rewrite_the_books(exchange: Exchange) -> None:
    exchange.place("U1", buying("4.20", 2))
    first = exchange.executions[0]

    second = exchange.correct(first.exec_id, px="4.15")

    assert second.exec_id.rsplit(".", 1) == [first.exec_id.rsplit(".", 1)[0], "02"]
    assert exchange.accounts["U1"].cash == Decimal(100_000) - Decimal("4.15") * 200 - Decimal("1.30")
    exchange.bust(second.exec_id)
    assert (exchange.accounts["U1"].cash, exchange.accounts["U1"].positions) == (Decimal(100_000), {})


def test_a_cancel_that_waits_may_lose_to_a_fill(exchange: Exchange) -> None:
    exchange.cancels_wait = True
    order = exchange.place("U1", buying("4.00"))
    exchange.cancel(order.number)

    exchange.show(PUT, "3.90", "4.00")
    exchange.finish_cancels()

    assert order.status is Status.FILLED


def test_the_day_ends_for_day_orders_alone(exchange: Exchange) -> None:
    day = exchange.place("U1", buying("4.00"))
    gtc = exchange.place("U1", replace(buying("4.00"), time_in_force=TimeInForce.GTC))
    past = exchange.place(
        "U1", replace(buying("4.00"), time_in_force=TimeInForce.GTD, expire_at=AT - timedelta(seconds=1))
    )

    exchange.end_day()

    assert [o.status for o in (day, gtc, past)] == [Status.EXPIRED, Status.WORKING, Status.EXPIRED]


def test_an_order_for_the_close_waits_for_the_auction(exchange: Exchange) -> None:
    order = exchange.place("U1", replace(buying("4.20"), time_in_force=TimeInForce.CLS))
    assert order.cum == 0

    exchange.auction(TimeInForce.CLS)

    assert order.status is Status.FILLED


def test_what_cannot_be_booked_is_refused(exchange: Exchange) -> None:
    cases = {
        "OFF_TICK": buying("4.03"),
        "BAD_QUANTITY": buying("4.00", 0),
        "UNKNOWN_SYMBOL": Terms((Leg("NIX", Side.BUY),), 1),
    }

    for code, terms in cases.items():
        with pytest.raises(Refusal) as e:
            exchange.place("U1", terms)
        assert e.value.code == code


def test_faults_arrange_the_messages() -> None:
    assert Faults(duplicates=True).arranged(["a", "b"]) == ["a", "a", "b", "b"]
    assert Faults(reorders=True).arranged(["a", "b"]) == ["b", "a"]
    assert Faults(mute=True).arranged(["a"]) == []


async def test_the_control_channel_answers_each_line(exchange: Exchange) -> None:
    server = Server(exchange)
    channel = await serve_control(server)
    reader, writer = await asyncio.open_connection("127.0.0.1", channel.number)

    async def ask(**words: object) -> dict[str, object]:
        writer.write(json.dumps(words).encode() + b"\n")
        answer: dict[str, object] = json.loads(await reader.readline())
        return answer

    assert await ask(do="show", symbol=PUT, bid="4.00", ask="4.05") == {"ok": None}
    assert exchange.board[PUT].ask == Decimal("4.05")
    assert await ask(do="fault", duplicates=True) == {"ok": None}
    assert server.faults.duplicates
    assert "error" in await ask(do="fault", nonsense=1)
    assert "error" in await ask(do="nothing")
    writer.close()
    await writer.wait_closed()
    await channel.close()
