"""The protocol's rules at opening."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from allcore.kernel.orders import PositionEffect, PriceEffect, Side
from allcore.kernel.tickets import OrderTicket
from risk.domain.protocol import NOT_PROTOCOL
from risk.domain.structure import Structure, structure_of
from risk.domain.verdict import Outcome
from tests.builders.risk import (
    CALL,
    GEN_TERMS,
    HIGHER_CALL,
    LOWER_PUT,
    NEXT_PUT,
    PUT,
    SHARE,
    book,
    buy_back,
    check,
    combo,
    greeks,
    holding,
    leg,
    market,
    put_spread,
    request,
    roll,
    sell_call,
    sell_put,
    single,
)

HARD, SOFT, PASS, WARN, ERROR = (
    Outcome.HARD_BLOCK,
    Outcome.SOFT_BLOCK,
    Outcome.PASS,
    Outcome.WARN,
    Outcome.ERROR,
)
OPEN, CLOSE, BUY, SELL = PositionEffect.OPEN, PositionEffect.CLOSE, Side.BUY, Side.SELL

STRUCTURES = {
    Structure.CASH_SECURED_PUT: sell_put(),
    Structure.COVERED_CALL: sell_call(),
    Structure.CLOSING: buy_back(),
    Structure.ROLL: roll(effect=PriceEffect.CREDIT, limit="0.10"),
    Structure.LONG_OPTION: single(CALL, BUY, OPEN, 1, "2.05"),
    Structure.LONG_STOCK: single(SHARE, BUY, OPEN, 1, "250.00"),
    Structure.SHORT_STOCK: single(SHARE, SELL, OPEN, 1, "250.00"),
    Structure.COMBO: put_spread(),
}


@pytest.mark.parametrize(("structure", "ticket"), STRUCTURES.items(), ids=str)
def test_a_ticket_is_known_by_its_legs(structure: Structure, ticket: OrderTicket) -> None:
    assert structure_of(ticket) is structure


@pytest.mark.parametrize(
    "legs",
    [
        (leg(PUT, BUY, CLOSE), leg(CALL, SELL, OPEN)),
        (leg(PUT, SELL, CLOSE), leg(NEXT_PUT, BUY, OPEN)),
        (leg(PUT, BUY, CLOSE), leg(NEXT_PUT, SELL, OPEN, ratio=2)),
        (leg(PUT, BUY, CLOSE), leg(NEXT_PUT, SELL, OPEN), leg(LOWER_PUT, BUY, OPEN)),
        (leg(SHARE, BUY, CLOSE), leg(NEXT_PUT, SELL, OPEN)),
    ],
    ids=["other right", "a long", "two for one", "with a wing", "shares"],
)
def test_only_a_short_option_for_a_short_option_is_a_roll(legs: tuple[object, ...]) -> None:
    ticket = combo(*legs, effect=PriceEffect.CREDIT)  # type: ignore[arg-type]  # legs

    assert structure_of(ticket) is Structure.COMBO


def test_only_approved_names_are_opened() -> None:
    terms = replace(GEN_TERMS, universe=frozenset({"NVDA"}))

    assert check("universe", request(terms=terms)).outcome is HARD
    assert check("universe", request(terms=GEN_TERMS)).outcome is PASS
    assert check("universe", request(terms=NOT_PROTOCOL)).outcome is PASS


@pytest.mark.parametrize(
    ("ticket", "outcome"),
    [
        (sell_put(), PASS),
        (sell_call(), PASS),
        (roll(effect=PriceEffect.CREDIT, limit="0.10"), PASS),
        (put_spread(), HARD),
        (single(CALL, BUY, OPEN, 1, "2.05"), HARD),
        (single(SHARE, BUY, OPEN, 1, "250.00"), HARD),
    ],
)
def test_only_the_protocols_trades_are_opened(ticket: OrderTicket, outcome: Outcome) -> None:
    assert check("strategy", request(ticket, terms=GEN_TERMS)).outcome is outcome


@pytest.mark.parametrize(
    ("delta", "outcome"),
    [(-0.396, HARD), (-0.3999, HARD), (-0.40, PASS), (-0.45, PASS), (-0.50, PASS), (-0.5001, HARD), (0.45, PASS)],
)
def test_short_options_are_opened_inside_the_range(delta: float, outcome: Outcome) -> None:
    asked = request(sell_put(), terms=GEN_TERMS, market=market(greeks={PUT: greeks(delta)}))

    assert check("delta_range", asked).outcome is outcome


@pytest.mark.parametrize(
    ("delta", "said"),
    [
        (-0.396, "39.6"),
        (-0.342871, "34.3"),
        (-0.45, "45.0"),
        (-0.3999, "39.99"),
        (-0.500041, "50.004"),
        (-0.500001, "50.0001"),
    ],
)
def test_a_delta_is_said_in_no_more_digits_than_show_its_side_of_the_range(delta: float, said: str) -> None:
    asked = request(sell_put(), terms=GEN_TERMS, market=market(greeks={PUT: greeks(delta)}))

    assert f"is {said} points, the range is 40 to 50." in check("delta_range", asked).message


def test_a_rolls_delta_is_reported_and_not_held() -> None:
    held = book(holdings=(holding(PUT, -1),))

    result = check("delta_range", request(roll(effect=PriceEffect.CREDIT, limit="0.10"), terms=GEN_TERMS, book=held))

    assert (result.outcome, str(result.value)) == (WARN, "30.0000")


def test_a_recovering_names_calls_have_a_range_of_their_own() -> None:
    terms = replace(GEN_TERMS, call_delta_ranges={"TSLA": (10.0, 20.0)})
    held = book(holdings=(holding(SHARE, 100, "250"),))

    assert check("delta_range", request(sell_call(1, "0.83", HIGHER_CALL), terms=terms, book=held)).outcome is PASS
    assert check("delta_range", request(sell_call(), terms=terms, book=held)).outcome is HARD
    assert check("delta_range", request(sell_put(), terms=terms, book=held)).outcome is PASS


def test_without_a_range_no_short_option_is_opened() -> None:
    assert check("delta_range", request(terms=replace(GEN_TERMS, delta_range=None))).outcome is ERROR


def test_without_a_delta_no_short_option_is_opened() -> None:
    assert check("delta_range", request(terms=GEN_TERMS, market=market(greeks={}))).outcome is ERROR


def test_outside_the_entry_days_a_put_needs_an_approver() -> None:
    closed = replace(GEN_TERMS, entry_open=False, entry_reason="GEN enters on Thursday.")

    result = check("entry_window", request(terms=closed))

    assert (result.outcome, result.message) == (SOFT, "Entry day and time: GEN enters on Thursday.")


def test_covered_calls_have_days_of_their_own_and_rolls_have_any() -> None:
    closed = replace(GEN_TERMS, entry_open=False, calls_open=True)
    no_calls = replace(closed, calls_open=False)
    rolling = roll(effect=PriceEffect.CREDIT, limit="0.10")

    assert check("entry_window", request(sell_call(), terms=closed)).outcome is PASS
    assert check("entry_window", request(sell_call(), terms=no_calls)).outcome is SOFT
    assert check("entry_window", request(rolling, terms=no_calls)).outcome is PASS


@pytest.mark.parametrize(
    ("day", "outcome"),
    [
        (datetime(2026, 6, 12, 14, 0, tzinfo=UTC), SOFT),  # the Friday itself: 0 sessions
        (datetime(2026, 6, 11, 14, 0, tzinfo=UTC), PASS),
        (datetime(2026, 6, 10, 14, 0, tzinfo=UTC), SOFT),
    ],
)
def test_new_puts_expire_within_the_window_of_sessions(day: datetime, outcome: Outcome) -> None:
    assert check("dte_window", request(terms=GEN_TERMS, market=market(exchange_now=day))).outcome is outcome


def test_the_window_is_not_for_calls_and_not_for_outsiders() -> None:
    late = market(exchange_now=datetime(2026, 6, 8, 14, 0, tzinfo=UTC))

    assert check("dte_window", request(sell_call(), terms=GEN_TERMS, market=late)).outcome is PASS
    assert check("dte_window", request(terms=NOT_PROTOCOL, market=late)).outcome is PASS
    assert check("dte_window", request(terms=replace(GEN_TERMS, dte_sessions=None), market=late)).outcome is PASS
