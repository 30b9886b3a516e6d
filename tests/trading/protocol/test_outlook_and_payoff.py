"""Probabilities before the week, and what a position is worth at its end."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.tickets import OrderTicket, TicketLeg
from tests.builders.protocol import FRIDAY, NOW, SESSION, dec
from trading.domain.proposals.payoff import Line, Situation, payoff
from trading.domain.proposals.sentences import sentence
from trading.domain.proposals.ttl import adjust_minutes, entry_minutes
from trading.domain.protocol import outlook
from trading.domain.protocol.defaults import DEFAULT
from trading.domain.protocol.outlook import Law
from trading.domain.protocol.words import WeekType

LAW = Law(spot=250, iv=0.6, years=1.25 * SESSION, rate=0.045)
PUT = OptionContract("TSLA", FRIDAY, Right.PUT, dec(250))
CALL = OptionContract("TSLA", FRIDAY, Right.CALL, dec(250))
SITUATION = Situation(spot=255.0, sigma=0.6, rate=0.045, exchange_now=NOW)


def test_an_at_the_money_put_expires_worthless_about_every_other_time() -> None:
    expected = outlook.of_put(LAW, 250, DEFAULT.week_type)

    assert expected[WeekType.P_EW] == pytest.approx(0.4937, abs=0.0001)  # N(-0.0158)
    assert outlook.likeliest(expected)[0] in {WeekType.P_EW, WeekType.P_AWL}


@given(spot=st.floats(50, 500), strike=st.floats(50, 500), iv=st.floats(0.05, 2.0), basis=st.floats(50, 500))
def test_probabilities_are_never_negative_and_sum_to_one(spot: float, strike: float, iv: float, basis: float) -> None:
    law = Law(spot, iv, 3 * SESSION, 0.045)

    for expected in (
        outlook.of_put(law, strike, DEFAULT.week_type),
        outlook.of_call(law, strike, basis, DEFAULT.week_type),
    ):
        assert all(chance >= -1e-12 for chance in expected.values())
        assert sum(expected.values()) == pytest.approx(1.0)


def test_a_lower_put_expires_worthless_more_often() -> None:
    chances = [outlook.of_put(LAW, strike, DEFAULT.week_type)[WeekType.P_EW] for strike in (255, 250, 245)]

    assert chances == sorted(chances)


def test_a_short_put_gains_its_premium_at_most_and_breaks_even_under_the_strike() -> None:
    sold = payoff([Line(PUT, -2, 100, 0.6)], Decimal(-834), SITUATION)

    assert sold.max_profit == 834
    assert sold.max_loss == pytest.approx(-50_000 + 834, abs=0.01)
    assert sold.break_evens == [pytest.approx(245.83)]
    assert len(sold.prices) == len(sold.at_expiry) == len(sold.today) == 61
    assert sold.prices == sorted(sold.prices)
    assert sold.sigma_low < 255 < sold.sigma_high


def test_a_covered_call_is_capped_above_and_bears_the_shares_below() -> None:
    lines = [Line(None, 200, 1, None), Line(CALL, -2, 100, 0.6)]

    covered = payoff(lines, Decimal(51_000) - Decimal(1178), SITUATION)

    assert covered.max_profit == 50_000 - 51_000 + 1178
    assert covered.max_loss == pytest.approx(-51_000 + 1178, abs=0.01)
    assert covered.break_evens == [pytest.approx(249.11)]


def test_shares_alone_gain_without_end() -> None:
    assert payoff([Line(None, 100, 1, None)], Decimal(25_000), SITUATION).max_profit is None


def test_a_closed_position_is_a_flat_line() -> None:
    flat = payoff([], Decimal(-50), SITUATION)

    assert set(flat.at_expiry) == set(flat.today) == {50.0}
    assert flat.break_evens == []
    assert (flat.max_profit, flat.max_loss) == (50, 50)


def test_today_is_worth_less_than_expiry_while_the_price_stands_still() -> None:
    sold = payoff([Line(PUT, -1, 100, 0.6)], Decimal(-417), SITUATION)

    middle = min(range(61), key=lambda n: abs(sold.prices[n] - 255))
    assert sold.today[middle] < sold.at_expiry[middle]


def test_a_later_option_is_worth_its_time_at_the_first_expiry() -> None:
    later = OptionContract("TSLA", datetime(2026, 6, 18, tzinfo=UTC).date(), Right.PUT, dec(250))
    both = payoff([Line(PUT, -1, 100, 0.6), Line(later, 1, 100, 0.6)], Decimal(200), SITUATION)

    at_strike = min(range(61), key=lambda n: abs(both.prices[n] - 250))
    assert both.at_expiry[at_strike] > -200


def ticket(legs: tuple[TicketLeg, ...], quantity: int, effect: PriceEffect, limit: str) -> OrderTicket:
    return OrderTicket(
        "GEN", "TSLA", legs, quantity, OrdType.LIMIT, TimeInForce.DAY, effect, limit_price=Decimal(limit)
    )


SELL = TicketLeg(PUT.symbol, Side.SELL, PositionEffect.OPEN)


def test_an_order_is_said_in_one_sentence() -> None:
    assert sentence(ticket((SELL,), 5, PriceEffect.CREDIT, "3.42")) == "Sell 5 TSLA 12 Jun 250 put at 3.42 limit, day"


def test_a_roll_names_both_legs_and_who_pays() -> None:
    bought = TicketLeg(CALL.symbol, Side.BUY, PositionEffect.CLOSE)

    words = sentence(ticket((bought, SELL), 2, PriceEffect.CREDIT, "1.3"))

    assert words == "Buy 2 TSLA 12 Jun 250 call, sell 2 TSLA 12 Jun 250 put at 1.30 credit limit, day"


def test_other_orders_are_said_too() -> None:
    shares = TicketLeg("TSLA", Side.BUY, PositionEffect.OPEN, multiplier=1)
    market = OrderTicket("G", "TSLA", (shares,), 100, OrdType.MARKET, TimeInForce.IOC, PriceEffect.DEBIT)
    stop = OrderTicket(
        "G", "TSLA", (SELL,), 1, OrdType.STOP, TimeInForce.GTC, PriceEffect.CREDIT, stop_price=Decimal(2)
    )

    assert sentence(market) == "Buy 100 TSLA at market, immediate or cancel"
    assert sentence(stop) == "Sell 1 TSLA 12 Jun 250 put at market when 2.00 trades, good till cancelled"


def test_an_entry_waits_a_quarter_of_an_hour_in_the_session_and_two_hours_outside() -> None:
    after_close = datetime(2026, 6, 11, 21, tzinfo=UTC)

    assert entry_minutes(DEFAULT.hitl, NOW) == 15
    assert entry_minutes(DEFAULT.hitl, after_close) == 120


def test_a_roll_is_critical_on_the_day_the_option_expires() -> None:
    assert adjust_minutes(DEFAULT.hitl, NOW, FRIDAY) == 30
    assert adjust_minutes(DEFAULT.hitl, datetime(2026, 6, 12, 15, tzinfo=UTC), FRIDAY) == 10


def test_what_lives_on_is_never_worth_less_than_its_exercise_nor_nothing_for_want_of_a_volatility() -> None:
    later = OptionContract("TSLA", PUT.expiry + timedelta(days=28), Right.PUT, PUT.strike)
    calendar = [Line(PUT, 1, 100, 0.6), Line(later, -1, 100, None)]

    shown = payoff(calendar, Decimal(-300), SITUATION)

    known = payoff([Line(PUT, 1, 100, 0.6), Line(later, -1, 100, SITUATION.sigma)], Decimal(-300), SITUATION)
    assert shown == known  # by the name's volatility; by its exercise alone it would have lost nothing
    assert shown.max_loss is not None
    assert shown.max_loss < -500
    assert shown.max_profit == 300.0  # far in the money both are worth their exercise
