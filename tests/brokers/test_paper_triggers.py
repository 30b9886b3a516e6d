"""What sets a waiting order off, and what does not."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allcore.kernel.orders import OrdType, Side, TriggerPrice
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from brokers.paper.market import Market, Match, Working
from brokers.paper.matching import match
from brokers.paper.triggers import Watch, level_of, symbols_of, watched
from tests.builders.paper import CALL, OPEN_AT, PUT, buy, leg, sell, ticket


def shown(seconds: float, bid: str, ask: str, *, symbol: str = PUT, last: str | None = None) -> Quote:
    at = OPEN_AT + timedelta(seconds=seconds)
    return Quote(symbol, Decimal(bid), Decimal(ask), 10, 10, None if last is None else Decimal(last), at, at, "test")


def trailing(side: Side, *, amount: str | None = None, percent: str | None = None, symbol: str = PUT) -> OrderTicket:
    return replace(
        ticket(leg(symbol, side)),
        ord_type=OrdType.TRAILING_STOP,
        trail_amount=None if amount is None else Decimal(amount),
        trail_percent=None if percent is None else Decimal(percent),
    )


def touched(side: Side, *, touch: str, limit: str) -> OrderTicket:
    stop = ticket(leg(PUT, side), limit=limit, stop=touch)
    return replace(stop, ord_type=OrdType.LIMIT_IF_TOUCHED)


def after(terms: OrderTicket, *quotes: Quote, watch: Watch | None = None) -> Watch:
    watch = watch or Watch()
    for quote in quotes:
        watch = watched(terms, watch, {quote.symbol: quote})
    return watch


def tried(terms: OrderTicket, watch: Watch, quote: Quote) -> Match:
    order = Working(terms, terms.quantity, OPEN_AT, watch)
    market = Market({quote.symbol: quote}, {}, quote.received_at, OPEN_AT.date(), 2.0)
    return match(order, market)


def test_a_trailing_sells_mark_follows_the_bid_up_and_never_down() -> None:
    terms = trailing(Side.SELL, amount="0.50")

    watch = after(terms, shown(0, "4.00", "4.10"), shown(1, "4.30", "4.40"), shown(2, "4.10", "4.20"))

    assert (watch.mark, level_of(terms, watch)) == (Decimal("4.30"), Decimal("3.80"))


def test_a_trailing_buys_mark_follows_the_ask_down_and_never_up() -> None:
    terms = trailing(Side.BUY, percent="10")

    watch = after(terms, shown(0, "4.00", "4.10"), shown(1, "3.90", "4.00"), shown(2, "4.00", "4.20"))

    assert (watch.mark, level_of(terms, watch)) == (Decimal("4.00"), Decimal("4.40"))


@pytest.mark.parametrize(("bid", "is_triggered"), [("3.81", False), ("3.80", True), ("3.79", True)])
def test_a_trailing_stop_is_set_off_at_its_distance_on_two_quotes_in_a_row(bid: str, *, is_triggered: bool) -> None:
    terms = trailing(Side.SELL, amount="0.50")

    watch = after(terms, shown(0, "4.30", "4.40"), shown(1, bid, "3.95"), shown(2, bid, "3.95"))

    assert watch.is_triggered is is_triggered


def test_a_trailing_stop_once_set_off_trades_on_the_next_quote_wherever_that_is() -> None:
    terms = trailing(Side.SELL, amount="0.50")
    watch = after(terms, shown(0, "4.30", "4.40"), shown(1, "3.80", "3.90"), shown(2, "3.80", "3.90"))

    found = tried(terms, watch, shown(3, "3.20", "3.30"))

    assert found.prices == (Decimal("3.20"),)


@pytest.mark.parametrize(
    "bad",
    [
        replace(shown(1, "9.00", "9.10"), is_halted=True),
        shown(1, "9.00", "8.90"),
        shown(1, "9.00", "9.00"),
        replace(shown(1, "9.00", "9.10"), received_at=OPEN_AT - timedelta(seconds=10)),
        shown(1, "5.00", "20.00"),
    ],
    ids=["halted", "crossed", "locked", "stale", "too wide"],
)
def test_a_mark_does_not_move_on_a_bad_quote(bad: Quote) -> None:
    terms = trailing(Side.SELL, amount="0.50")
    watch = after(terms, shown(0, "4.30", "4.40"))

    market = Market({PUT: bad}, {}, OPEN_AT + timedelta(seconds=1), OPEN_AT.date(), 2.0)
    found = match(Working(terms, 1, OPEN_AT, watch), market)

    assert found.watch.mark == Decimal("4.30")


@settings(deadline=None)
@given(
    bids=st.lists(st.integers(100, 900), min_size=1, max_size=30),
    side=st.sampled_from(Side),
    amount=st.integers(1, 300),
)
def test_a_trailing_stop_ratchets_only_in_favour(bids: list[int], side: Side, amount: int) -> None:
    terms = trailing(side, amount=str(Decimal(amount) / 100))
    watch, levels = Watch(), []
    for second, cents in enumerate(bids):
        bid = Decimal(cents) / 100
        watch = after(terms, shown(second, str(bid), str(bid + Decimal("0.10"))), watch=watch)
        levels.append(level_of(terms, watch))

    in_order = sorted(level for level in levels if level is not None)
    assert levels == (in_order if side is Side.SELL else in_order[::-1])


@pytest.mark.parametrize(("ask", "count"), [("4.01", 0), ("4.00", 1), ("3.99", 1)])
def test_a_buys_touch_waits_for_the_ask_to_fall_to_it(ask: str, count: int) -> None:
    terms = touched(Side.BUY, touch="4.00", limit="3.95")

    assert after(terms, shown(0, "3.90", ask)).confirmations == count


@pytest.mark.parametrize(("bid", "count"), [("4.49", 0), ("4.50", 1), ("4.51", 1)])
def test_a_sells_touch_waits_for_the_bid_to_rise_to_it(bid: str, count: int) -> None:
    terms = touched(Side.SELL, touch="4.50", limit="4.55")

    assert after(terms, shown(0, bid, "4.60")).confirmations == count


def test_a_touched_limit_trades_at_its_limit_or_better_only() -> None:
    terms = touched(Side.BUY, touch="4.00", limit="3.95")
    watch = after(terms, shown(0, "3.90", "4.00"), shown(1, "3.90", "4.00"))

    waits = tried(terms, watch, shown(2, "3.90", "4.00"))
    trades = tried(terms, watch, shown(2, "3.90", "3.95"))

    assert watch.is_triggered
    assert (waits.units, waits.is_resting) == (0, True)
    assert trades.prices == (Decimal("3.95"),)


def stop(side: Side, level: str, trigger: TriggerPrice, symbol: str = PUT) -> OrderTicket:
    return replace(ticket(leg(symbol, side), stop=level), trigger=trigger)


def test_a_stop_on_the_middle_looks_at_the_middle() -> None:
    terms = stop(Side.SELL, "4.00", TriggerPrice.MID)

    assert after(terms, shown(0, "3.90", "4.11")).confirmations == 0
    assert after(terms, shown(0, "3.90", "4.10")).confirmations == 1


def test_one_print_of_an_option_is_not_enough_and_of_a_share_is() -> None:
    option, share = stop(Side.SELL, "4.00", TriggerPrice.LAST), stop(Side.SELL, "250.00", TriggerPrice.LAST, "TSLA")

    by_option = after(option, shown(0, "4.10", "4.20", last="4.00"))
    by_share = after(share, shown(0, "250.01", "250.03", symbol="TSLA", last="250.00"))

    assert [by_option.is_triggered, by_share.is_triggered] == [False, True]


def test_a_stop_on_prints_waits_while_there_was_none() -> None:
    assert after(stop(Side.SELL, "4.00", TriggerPrice.LAST), shown(0, "3.00", "3.10")) == Watch()


@pytest.mark.parametrize(
    ("side", "symbol", "last", "is_triggered"),
    [
        (Side.BUY, PUT, "239.99", True),
        (Side.BUY, PUT, "240.00", True),
        (Side.BUY, PUT, "240.01", False),
        (Side.SELL, PUT, "240.00", True),
        (Side.SELL, PUT, "239.99", False),
        (Side.BUY, CALL, "240.00", True),
        (Side.BUY, CALL, "239.99", False),
        (Side.SELL, CALL, "240.00", True),
        (Side.SELL, CALL, "240.01", False),
    ],
)
def test_a_stop_on_the_underlying_waits_for_the_move_that_hurts(
    side: Side, symbol: str, last: str, *, is_triggered: bool
) -> None:
    terms = stop(side, "240.00", TriggerPrice.UNDERLYING_LAST, symbol)

    watch = after(terms, shown(0, "239.90", "240.10", symbol="TSLA", last=last))

    assert watch.is_triggered is is_triggered


def test_an_order_that_looks_at_its_underlying_needs_its_quotes_too() -> None:
    assert symbols_of(stop(Side.BUY, "240.00", TriggerPrice.UNDERLYING_LAST)) == {PUT, "TSLA"}
    assert symbols_of(buy(PUT, stop="4.50")) == {PUT}
    assert symbols_of(sell(PUT, "4.10")) == {PUT}
