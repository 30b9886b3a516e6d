"""The start of a session: which orders are at work, what has traded, which numbers are used."""

from datetime import timedelta

from brokers.ibkr import books
from brokers.ibkr.desk import Desk
from brokers.ibkr.gateway import Gateway
from brokers.ibkr.library import Library
from brokers.ibkr.news import OrderNews
from brokers.ibkr.tracks import has_terms, highest_number

NUMBERS_FOR = timedelta(days=400)  # how far back our order numbers are looked for


async def take_up(gateway: Gateway, library: Library, desk: Desk) -> int:
    """Ask for the gateway's books, follow the orders that are ours, and return the next order number.

    What the books tell is not told again as news: whoever opens a session asks for them whole.

    Raises:
        UnavailableError: a question was not answered.
    """
    room = desk.room
    told = await books.read(gateway, library)
    used = highest_number(await room.keys.since(room.clock() - NUMBERS_FOR), room.client_id)
    seen = [news.names.order_id for news in told.orders if news.names.client_id == room.client_id]
    desk.fills.known(told.executions)
    for news in told.orders:
        await _follow(desk, news)
    return max(gateway.ears.next_order_id, used + 1, max(seen, default=0) + 1)


async def _follow(desk: Desk, news: OrderNews) -> None:
    track = await desk.room.tracks.of(news.names, news)
    if track is None:
        return
    track.is_acked, track.is_ended = True, news.is_completed
    desk.look_at_conditions(track, news)
    if track.cl_ord_id != track.ref and has_terms(news, track.ticket):  # a replacement that nobody heard answered
        await desk.room.keys.learn(track.cl_ord_id, "", {"answer": "accepted"})
