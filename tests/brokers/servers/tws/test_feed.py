"""The desk's quotes reach the test exchange."""

from decimal import Decimal

from tests.brokers.servers.tws.feed import show
from tests.brokers.servers.tws.server import TwsServer
from tests.builders.paper import PUT


def row(bid: str | None, ask: str | None, *, is_halted: bool = False) -> list[object]:
    return [bid, ask, 7, 9, None, "2026-06-10T14:00:00+00:00", "2026-06-10T14:00:00+00:00", "sim", 0, is_halted]


async def test_quotes_are_shown_with_the_smaller_size() -> None:
    exchange = TwsServer.make().exchange

    show(exchange, [(PUT, row("4.10", "4.20"))])

    assert (exchange.board[PUT].ask, exchange.board[PUT].ask_size) == (Decimal("4.20"), 7)


async def test_what_is_halted_has_no_price() -> None:
    exchange = TwsServer.make().exchange

    show(exchange, [(PUT, row("4.10", "4.20", is_halted=True))])

    assert exchange.board[PUT].ask is None
