"""What sets stops, trailing stops and touches off; and that nothing else does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.orders import OrdType, PositionEffect, Side, TriggerPrice
from allcore.kernel.quotes import Quote
from tests.builders.risk import CALL, PUT, SHARE, single
from trading.domain.contingent.view import View
from trading.domain.contingent.watches import Seen, Watch, level_of, look, watch_of

NOW = datetime(2026, 6, 11, 15, 0, tzinfo=UTC)
BUY, SELL = Side.BUY, Side.SELL
CLOSE = PositionEffect.CLOSE


def quote(bid: str | None, ask: str | None, *, seconds: float = 0, symbol: str = PUT, last: str | None = None) -> Quote:
    at = NOW + timedelta(seconds=seconds)
    return Quote(
        symbol=symbol,
        bid=None if bid is None else Decimal(bid),
        ask=None if ask is None else Decimal(ask),
        bid_size=10,
        ask_size=10,
        last=None if last is None else Decimal(last),
        source_at=at,
        received_at=at,
        source="test",
    )


def see(watch: Watch, *quotes: Quote, age: float = 0.0, seen: Seen | None = None) -> tuple[Seen, bool]:
    """Look at each quote when it comes, `age` seconds late."""
    state, fired = seen or Seen(), False
    for one in quotes:
        now = one.received_at + timedelta(seconds=age)
        state, fired = look(watch, state, View(now, now, {one.symbol: one}))
        if fired:
            break
    return state, fired


def sell_stop(level: str = "4.00", trigger: TriggerPrice = TriggerPrice.OPPOSITE) -> Watch:
    return Watch(PUT, SELL, trigger, rises=False, level=Decimal(level))


@pytest.mark.parametrize(("bid", "fires"), [("4.01", False), ("4.00", True), ("3.99", True)])
def test_a_sale_s_stop_is_looked_for_on_the_bid(bid: str, *, fires: bool) -> None:
    ask = f"{Decimal(bid) + Decimal('0.10')}"

    assert see(sell_stop(), quote(bid, ask), quote(bid, ask, seconds=1))[1] is fires


def test_one_quote_of_an_option_is_no_price() -> None:
    assert see(sell_stop(), quote("3.90", "4.00")) == (Seen(1, NOW), False)


def test_the_same_quote_seen_twice_counts_once() -> None:
    once, _ = see(sell_stop(), quote("3.90", "4.00"))

    assert see(sell_stop(), quote("3.90", "4.00"), seen=once) == (once, False)


def test_a_quote_back_above_the_stop_starts_the_count_anew() -> None:
    quotes = (quote("3.90", "4.00"), quote("4.10", "4.20", seconds=1), quote("3.90", "4.00", seconds=2))

    assert see(sell_stop(), *quotes)[1] is False


@pytest.mark.parametrize(("age", "fires"), [(2.0, True), (2.001, False)])
def test_a_stale_quote_triggers_nothing(age: float, *, fires: bool) -> None:
    assert see(sell_stop(), quote("3.90", "4.00"), quote("3.90", "4.00", seconds=1), age=age)[1] is fires


@pytest.mark.parametrize(
    "bad",
    [
        quote("4.00", "3.90"),
        quote("3.95", "3.95"),
        quote(None, "3.90"),
        replace(quote("3.90", "4.00"), is_halted=True),
        replace(quote("3.90", "4.00"), source_at=NOW - timedelta(days=1)),
    ],
    ids=["crossed", "locked", "one-sided", "halted", "of yesterday"],
)
def test_a_quote_that_cannot_be_believed_changes_nothing(bad: Quote) -> None:
    assert see(sell_stop(), bad) == (Seen(), False)


@pytest.mark.parametrize(("ask", "fires"), [("4.50", True), ("6.51", False)])
def test_a_quote_too_wide_to_be_a_price_triggers_nothing(ask: str, *, fires: bool) -> None:
    assert see(sell_stop(), quote("3.90", ask), quote("3.90", ask, seconds=1))[1] is fires


def test_a_print_of_a_share_triggers_at_once_and_of_an_option_twice() -> None:
    share = Watch(SHARE, SELL, TriggerPrice.LAST, rises=False, level=Decimal(250))
    option = sell_stop(trigger=TriggerPrice.LAST)

    assert see(share, quote("250.00", "250.04", symbol=SHARE, last="249.99"))[1]
    assert not see(option, quote("4.10", "4.20", last="3.90"))[1]


@pytest.mark.parametrize(
    ("symbol", "side", "kind", "rises"),
    [
        (PUT, SELL, OrdType.STOP, False),
        (PUT, BUY, OrdType.STOP, True),
        (PUT, SELL, OrdType.LIMIT_IF_TOUCHED, True),
        (PUT, BUY, OrdType.LIMIT_IF_TOUCHED, False),
    ],
)
def test_a_stop_waits_for_what_hurts_and_a_touch_for_what_helps(
    symbol: str, side: Side, kind: OrdType, *, rises: bool
) -> None:
    limit = "4.00" if kind is OrdType.LIMIT_IF_TOUCHED else None
    watch = watch_of(single(symbol, side, CLOSE, 1, limit, ord_type=kind, stop_price=Decimal(4)))

    assert watch is not None
    assert watch.rises is rises


@pytest.mark.parametrize(("symbol", "rises"), [(PUT, True), (CALL, False), (SHARE, False)])
def test_by_the_underlying_s_price_a_put_s_stop_goes_the_other_way(symbol: str, *, rises: bool) -> None:
    ticket = single(
        symbol,
        SELL,
        CLOSE,
        1,
        None,
        ord_type=OrdType.STOP,
        stop_price=Decimal(250),
        trigger=TriggerPrice.UNDERLYING_LAST,
    )
    watch = watch_of(ticket)

    assert watch is not None
    assert (watch.symbol, watch.rises) == (SHARE, rises)


def test_a_plain_order_watches_nothing() -> None:
    assert watch_of(single(PUT, SELL, CLOSE)) is None


CENTS = st.integers(min_value=100, max_value=2000)
TRAILS = st.one_of(
    st.tuples(st.decimals("0.01", "5", places=2), st.none()), st.tuples(st.none(), st.decimals("0.1", "50", places=1))
)
GOOD = st.tuples(CENTS, st.integers(1, 20), st.just("good"))
BAD = st.tuples(CENTS, st.integers(1, 20), st.sampled_from(["crossed", "stale", "wide"]))


@given(st.sampled_from([BUY, SELL]), TRAILS, st.lists(st.one_of(GOOD, BAD), max_size=30))
def test_a_trail_never_moves_against_whoever_placed_it(
    side: Side, trail: tuple[Decimal | None, Decimal | None], tape: list[tuple[int, int, str]]
) -> None:
    amount, percent = trail
    watch = Watch(PUT, side, TriggerPrice.OPPOSITE, side is BUY, None, amount, percent)
    seen, levels = Seen(), []

    for n, (cents, width, kind) in enumerate(tape):
        bid, ask = Decimal(cents) / 100, Decimal(cents + width) / 100
        if kind == "crossed":
            bid, ask = ask, bid
        elif kind == "wide":
            ask = bid * 3 + 1
        one = quote(str(bid), str(ask), seconds=n)
        now = one.received_at + timedelta(seconds=3 if kind == "stale" else 0)
        before = seen.mark
        seen, fired = look(watch, seen, View(now, now, {PUT: one}))
        if kind != "good":
            assert seen.mark == before
            assert not fired
        if (level := level_of(watch, seen.mark)) is not None:
            levels.append(level)
        if fired:
            break

    assert levels == sorted(levels, reverse=side is BUY)


@given(st.lists(GOOD, min_size=1, max_size=20))
def test_what_is_remembered_across_a_restart_is_all_there_is(tape: list[tuple[int, int, str]]) -> None:
    watch = Watch(PUT, SELL, TriggerPrice.OPPOSITE, False, None, Decimal("0.50"), None)  # noqa: FBT003 it falls
    whole, kept = Seen(), Seen()

    for n, (cents, width, _) in enumerate(tape):
        one = quote(str(Decimal(cents) / 100), str(Decimal(cents + width) / 100), seconds=n)
        view = View(one.received_at, one.received_at, {PUT: one})
        whole, first = look(watch, whole, view)
        kept, second = look(watch, Seen.from_dict(kept.as_dict()), view)
        assert (whole, first) == (kept, second)
