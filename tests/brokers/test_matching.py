"""What an order trades against a quote, and what it never does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allcore.kernel.orders import PriceEffect, Side
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from brokers.paper.market import Market, Taken, Working, is_within_limit, net_debit
from brokers.paper.matching import match
from brokers.paper.triggers import Watch
from tests.builders.paper import CALL, LOW_PUT, OPEN_AT, PUT, buy, leg, sell, ticket

DAY = OPEN_AT.date()
STALE = 2.0
cents = st.integers(1, 2_000).map(lambda n: Decimal(n) / 100)


def quote(symbol: str = PUT, bid: str | None = "4.10", ask: str | None = "4.20", **changes: object) -> Quote:
    shown = Quote(
        symbol=symbol,
        bid=None if bid is None else Decimal(bid),
        ask=None if ask is None else Decimal(ask),
        bid_size=10,
        ask_size=10,
        last=None,
        source_at=OPEN_AT,
        received_at=OPEN_AT,
        source="test",
    )
    return replace(shown, **changes)  # type: ignore[arg-type]


def market(*quotes: Quote, **changes: object) -> Market:
    seen = Market(quotes={q.symbol: q for q in quotes}, taken={}, now=OPEN_AT, trading_day=DAY, stale_after=STALE)
    return replace(seen, **changes)  # type: ignore[arg-type]


def order(terms: OrderTicket, **changes: object) -> Working:
    return replace(Working(ticket=terms, leaves=terms.quantity, arrived_at=OPEN_AT), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("terms", "units", "px"),
    [
        (buy(PUT, "4.19"), 0, None),
        (buy(PUT, "4.20"), 1, "4.20"),
        (buy(PUT, "4.25"), 1, "4.20"),
        (sell(PUT, "4.11"), 0, None),
        (sell(PUT, "4.10"), 1, "4.10"),
        (sell(PUT, "4.05"), 1, "4.10"),
        (buy(PUT), 1, "4.20"),
        (sell(PUT), 1, "4.10"),
    ],
)
def test_an_order_takes_the_far_side_if_its_limit_reaches_it(terms: OrderTicket, units: int, px: str | None) -> None:
    found = match(order(terms), market(quote()))

    assert found.units == units
    assert found.prices == (() if px is None else (Decimal(px),))


def test_a_limit_that_was_not_reached_rests_and_then_trades_at_itself() -> None:
    resting = match(order(buy(PUT, "4.00")), market(quote()))

    found = match(order(buy(PUT, "4.00"), is_resting=resting.is_resting), market(quote(ask="3.90", bid="3.80")))

    assert resting.is_resting
    assert found.prices == (Decimal("4.00"),)


@pytest.mark.parametrize(("qty", "units"), [(9, 9), (10, 10), (11, 10)])
def test_no_more_is_traded_than_is_shown(qty: int, units: int) -> None:
    assert match(order(buy(PUT, "4.20", qty=qty)), market(quote())).units == units


def test_a_size_is_taken_once_for_each_update_of_the_quote() -> None:
    taken = {(PUT, Side.BUY): Taken(OPEN_AT, 10)}

    same = match(order(buy(PUT, "4.20")), market(quote(), taken=taken))
    newer = match(order(buy(PUT, "4.20")), market(quote(source_at=OPEN_AT + timedelta(seconds=1)), taken=taken))
    other_side = match(order(sell(PUT, "4.10")), market(quote(), taken=taken))

    assert [same.units, newer.units, other_side.units] == [0, 1, 1]


@pytest.mark.parametrize(
    "bad",
    [
        quote(bid=None),
        quote(ask=None),
        quote(bid="4.20"),
        quote(bid="4.30"),
        quote(is_halted=True),
        quote(received_at=OPEN_AT - timedelta(seconds=2, microseconds=1)),
        quote(source_at=OPEN_AT - timedelta(days=1)),
    ],
    ids=["no bid", "no ask", "locked", "crossed", "halted", "stale", "yesterday's"],
)
def test_nothing_trades_on_a_bad_quote(bad: Quote) -> None:
    found = match(order(buy(PUT)), market(bad))

    assert (found.units, found.is_resting, found.look_again) == (0, False, True)


def test_a_quote_exactly_as_old_as_allowed_is_traded_on() -> None:
    assert match(order(buy(PUT)), market(quote(received_at=OPEN_AT - timedelta(seconds=2)))).units == 1


def test_nothing_trades_without_a_quote() -> None:
    assert match(order(buy(PUT)), market()).units == 0


def test_nothing_trades_while_the_exchange_is_closed() -> None:
    assert match(order(buy(PUT)), market(quote(), trading_day=None)).units == 0


def test_nothing_trades_before_the_order_has_arrived() -> None:
    late = OPEN_AT + timedelta(microseconds=1)

    assert match(order(buy(PUT), arrived_at=late), market(quote())).units == 0


def test_an_order_does_not_trade_on_a_quote_from_after_its_end() -> None:
    assert match(order(buy(PUT), expires_at=OPEN_AT), market(quote())).units == 0


def spread(limit: str, *, qty: int = 1) -> OrderTicket:
    """Sell the 250 put, buy the 240 put, for a credit."""
    return ticket(leg(PUT, Side.SELL), leg(LOW_PUT, Side.BUY), limit=limit, qty=qty, effect=PriceEffect.CREDIT)


@pytest.mark.parametrize(("limit", "units"), [("2.79", 1), ("2.80", 1), ("2.81", 0)])
def test_a_combo_trades_at_its_net_price_or_better_from_far_sides(limit: str, units: int) -> None:
    found = match(order(spread(limit)), market(quote(), quote(LOW_PUT, "1.20", "1.30")))

    assert found.units == units
    assert found.prices == ((Decimal("4.10"), Decimal("1.30")) if units else ())


def test_a_combo_trades_whole_units_of_the_smallest_leg() -> None:
    wide = ticket(leg(PUT, Side.SELL), leg(LOW_PUT, Side.BUY, ratio=2), limit="1.00", qty=9, effect=PriceEffect.CREDIT)

    found = match(order(wide), market(quote(), quote(LOW_PUT, "1.20", "1.30", ask_size=7)))

    assert found.units == 3


def test_a_combo_with_one_bad_leg_trades_nothing() -> None:
    assert match(order(spread("1.00")), market(quote(), quote(LOW_PUT, None, "1.30"))).units == 0


def test_a_unit_with_shares_is_priced_per_share() -> None:
    legs = (leg("TSLA", Side.BUY, ratio=100), leg(CALL, Side.SELL))

    assert net_debit(legs, (Decimal("250.00"), Decimal("3.00"))) == Decimal("247.00")


@pytest.mark.parametrize(
    ("effect", "limit", "debit", "is_within"),
    [
        (PriceEffect.DEBIT, "1.00", "1.00", True),
        (PriceEffect.DEBIT, "1.00", "1.01", False),
        (PriceEffect.DEBIT, "1.00", "-0.50", True),
        (PriceEffect.CREDIT, "1.00", "-1.00", True),
        (PriceEffect.CREDIT, "1.00", "-0.99", False),
        (PriceEffect.EVEN, "0", "0", True),
        (PriceEffect.EVEN, "0", "0.01", False),
    ],
)
def test_a_net_price_is_held_against_the_limit_by_who_pays(
    effect: PriceEffect, limit: str, debit: str, *, is_within: bool
) -> None:
    terms = ticket(leg(PUT, Side.SELL), leg(LOW_PUT, Side.BUY), limit=limit, effect=effect)

    assert is_within_limit(terms, Decimal(debit)) is is_within


def vouched(seconds: float, **shown: str) -> Quote:
    moment = OPEN_AT + timedelta(seconds=seconds)
    return replace(quote(**shown), received_at=moment, source_at=moment)


def looked(stop: Working, seen: Quote) -> Working:
    found = match(stop, market(seen, now=seen.received_at))
    assert found.units == 0
    return replace(stop, watch=found.watch)


def test_a_stop_triggers_on_two_quotes_in_a_row_and_trades_on_the_next() -> None:
    stop = order(sell(PUT, stop="4.00"))

    once = looked(stop, vouched(0, bid="4.00", ask="4.10"))
    twice = looked(once, vouched(1, bid="3.95", ask="4.05"))
    found = match(twice, market(vouched(2, bid="3.50", ask="3.60"), now=OPEN_AT + timedelta(seconds=2)))

    assert [once.watch.is_triggered, twice.watch.is_triggered] == [False, True]
    assert found.prices == (Decimal("3.50"),)


def test_a_triggered_stop_does_not_trade_on_the_quote_that_triggered_it() -> None:
    seen = vouched(1, bid="3.95", ask="4.05")
    triggered = order(sell(PUT, stop="4.00"), watch=Watch(is_triggered=True, confirmations=2, seen_at=seen.received_at))

    found = match(triggered, market(seen, now=seen.received_at))

    assert (found.units, found.look_again) == (0, True)


def test_the_same_quote_seen_twice_confirms_once() -> None:
    stop = order(sell(PUT, stop="4.00"))
    seen = vouched(0, bid="4.00", ask="4.10")

    twice = looked(looked(stop, seen), seen)

    assert (twice.watch.is_triggered, twice.watch.confirmations) == (False, 1)


def test_a_quote_on_the_right_side_between_two_starts_the_count_anew() -> None:
    stop = order(sell(PUT, stop="4.00"))

    after = looked(looked(stop, vouched(0, bid="4.00", ask="4.10")), vouched(1, bid="4.01", ask="4.11"))

    assert after.watch.confirmations == 0


@pytest.mark.parametrize(("ask", "count"), [("4.49", 0), ("4.50", 1), ("4.51", 1)])
def test_a_buy_stop_looks_at_the_ask(ask: str, count: int) -> None:
    assert looked(order(buy(PUT, stop="4.50")), vouched(0, bid="4.40", ask=ask)).watch.confirmations == count


@pytest.mark.parametrize(("ask", "count"), [("0.45", 1), ("0.46", 0)])
def test_a_quote_too_wide_to_be_a_price_triggers_nothing(ask: str, count: int) -> None:
    assert looked(order(sell(PUT, stop="0.30")), vouched(0, bid="0.20", ask=ask)).watch.confirmations == count


def test_a_stop_limit_gapped_through_rests_at_its_limit() -> None:
    terms = ticket(leg(PUT, Side.SELL), limit="3.90", stop="4.00")
    triggered = order(terms, watch=Watch(is_triggered=True, confirmations=2, seen_at=OPEN_AT))

    found = match(triggered, market(vouched(1, bid="3.50", ask="3.60"), now=OPEN_AT + timedelta(seconds=1)))

    assert (found.units, found.is_resting) == (0, True)


quotes = st.builds(
    lambda bid, ask, bid_size, ask_size, age, halted: quote(
        bid=str(bid) if bid is not None else None,
        ask=str(ask) if ask is not None else None,
        bid_size=bid_size,
        ask_size=ask_size,
        received_at=OPEN_AT - timedelta(seconds=age),
        is_halted=halted,
    ),
    bid=st.none() | cents,
    ask=st.none() | cents,
    bid_size=st.integers(0, 40),
    ask_size=st.integers(0, 40),
    age=st.floats(0, 4),
    halted=st.booleans(),
)


@settings(deadline=None)
@given(
    seen=quotes,
    side=st.sampled_from(Side),
    limit=st.none() | cents,
    qty=st.integers(1, 60),
    used=st.integers(0, 50),
    resting=st.booleans(),
)
def test_whatever_is_shown_a_fill_is_within_limit_within_size_and_on_a_good_quote(
    seen: Quote, side: Side, limit: Decimal | None, qty: int, used: int, *, resting: bool
) -> None:
    terms = ticket(leg(PUT, side), limit=None if limit is None else str(limit), qty=qty)
    shelf = {(PUT, side): Taken(seen.source_at, used)}

    found = match(order(terms, is_resting=resting), market(seen, taken=shelf))

    shown = seen.ask_size if side is Side.BUY else seen.bid_size
    assert 0 <= found.units <= min(qty, max(shown - used, 0))
    if found.units:
        assert seen.bid is not None
        assert seen.ask is not None
        assert seen.bid < seen.ask
        assert seen.age(OPEN_AT) <= STALE
        assert not seen.is_halted
        assert is_within_limit(terms, net_debit(terms.legs, found.prices))


@settings(deadline=None)
@given(
    near=st.tuples(cents, cents),
    far=st.tuples(cents, cents),
    limit=cents,
    effect=st.sampled_from([PriceEffect.DEBIT, PriceEffect.CREDIT]),
    ratio=st.integers(1, 3),
)
def test_a_combo_is_never_worse_than_its_net_limit(
    near: tuple[Decimal, Decimal], far: tuple[Decimal, Decimal], limit: Decimal, effect: PriceEffect, ratio: int
) -> None:
    terms = ticket(leg(PUT, Side.SELL), leg(LOW_PUT, Side.BUY, ratio=ratio), limit=str(limit), qty=20, effect=effect)
    seen = (quote(PUT, str(min(near)), str(max(near))), quote(LOW_PUT, str(min(far)), str(max(far))))

    found = match(order(terms), market(*seen))

    assert found.units * ratio <= 10
    if found.units:
        assert is_within_limit(terms, net_debit(terms.legs, found.prices))
        assert found.prices == (min(near), max(far))


def test_an_hour_of_another_zone_is_still_the_same_trading_day() -> None:
    evening = datetime(2026, 6, 10, 19, 59, tzinfo=UTC)

    assert match(order(buy(PUT)), market(quote(source_at=evening))).units == 1
