"""What is proposed for a sleeve, decided from values."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.orders import PositionEffect, PriceEffect, Side
from allcore.kernel.quotes import Quote
from tests.builders.protocol import FRIDAY, SESSION, Market, dec, position
from trading.domain.proposals.decide import decide
from trading.domain.proposals.refresh import is_stale
from trading.domain.proposals.view import Idea, NameState, Note, SleeveView
from trading.domain.protocol.cycles import Cause, Cycle, Movement
from trading.domain.protocol.defaults import DEFAULT
from trading.domain.protocol.overlays import MarketState
from trading.domain.protocol.sleeves import ShortOption, Sleeve
from trading.domain.protocol.strikes import Candidate
from trading.domain.protocol.words import Klass, Reason, Strategy, Tier

THURSDAY = datetime(2026, 6, 11, 14, 30, tzinfo=UTC)  # 10:30 in New York
MONDAY = datetime(2026, 6, 8, 14, 30, tzinfo=UTC)
EXPIRY_DAY = datetime(2026, 6, 12, 15, 0, tzinfo=UTC)
NEXT = date(2026, 6, 18)
STRIKES = [240.0, 242.5, 245.0, 247.5, 250.0, 252.5]
GREEN = MarketState(Klass.GREEN, (Klass.GREEN,), vix=16, vix_ratio=0.9, vix_jump=0, index_change=0.01)
PUT = OptionContract("TSLA", FRIDAY, Right.PUT, dec(250))


def spot(price: float, at: datetime) -> Quote:
    mid = dec(price)
    return Quote("TSLA", mid - Decimal("0.01"), mid + Decimal("0.01"), 100, 100, mid, at, at, "test")


def fresh(candidates: list[Candidate], at: datetime) -> tuple[Candidate, ...]:
    """Return the candidates with quotes vouched for just now."""
    return tuple(replace(c, quote=replace(c.quote, received_at=at)) for c in candidates if c.quote is not None)


def view(
    at: datetime = THURSDAY,
    *,
    price: float = 250,
    years: float = 1.25 * SESSION,
    market: MarketState | None = GREEN,
    sleeve: Sleeve | None = None,
    movements: tuple[Movement, ...] = (),
    options: tuple[Candidate, ...] | None = None,
    **known: object,
) -> SleeveView:
    listed = options
    if listed is None:
        quoted = Market("TSLA", price, 0.60, years)
        listed = fresh(quoted.chain(STRIKES) + quoted.chain(STRIKES, Right.CALL), at)
    seen = SleeveView(
        account="GEN-1",
        tier=Tier.GEN,
        parameters=DEFAULT,
        sleeve=sleeve or Sleeve("TSLA", 0, ()),
        cycle=Cycle(movements),
        options=listed,
        rate=0.045,
        now=at,
        exchange_now=at,
        market=market,
        name=NameState(atr=10.0, percentile=50),
        spot=spot(price, at),
        position=position("100000"),
    )
    return replace(seen, **known)  # type: ignore[arg-type]


def idea(seen: SleeveView) -> Idea:
    decided = decide(seen)
    assert isinstance(decided, Idea), decided
    return decided


def note(seen: SleeveView) -> Note:
    decided = decide(seen)
    assert isinstance(decided, Note), decided
    return decided


def sold_put(at: datetime, price: str = "4.17", spot_then: str = "250", contracts: int = 1) -> Movement:
    return Movement(
        at,
        "order 1",
        Cause.TRADE,
        PUT.symbol,
        PUT,
        -contracts,
        Decimal(price),
        Decimal("0.65"),
        100,
        Decimal(spot_then),
    )


def short_put(contracts: int = 1) -> Sleeve:
    return Sleeve("TSLA", 0, (ShortOption(PUT, contracts, Decimal("4.17")),))


def shares(basis: str = "251.36") -> dict[str, Any]:
    bought = Movement(THURSDAY, "assignment", Cause.ASSIGNMENT, "TSLA", None, 200, Decimal(basis), Decimal(0), 1, None)
    return {"sleeve": Sleeve("TSLA", 200, ()), "movements": (bought,)}


def test_on_its_entry_day_a_sleeve_in_cash_sells_puts_at_the_mid() -> None:
    decided = idea(view())

    (leg,) = decided.ticket.legs
    assert decided.strategy is Strategy.CASH_SECURED_PUT
    assert (leg.symbol, leg.side, leg.position_effect) == (PUT.symbol, Side.SELL, PositionEffect.OPEN)
    assert (decided.ticket.quantity, decided.ticket.price_effect) == (2, PriceEffect.CREDIT)
    assert decided.ticket.limit_price == Decimal("4.15")  # the mid of 4.19, on the nickel grid
    assert decided.minutes == 15
    assert decided.approvals_needed == 1
    assert all(rule.passed for rule in decided.rules)
    assert round(sum(decided.expected.values()), 9) == 1
    assert [a.sentence for a in decided.alternatives][-1] == "Do nothing"


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"is_enabled": False}, Reason.HUMAN),
        ({"has_break": True}, Reason.DATA),
        ({"has_working_order": True}, Reason.ORDER_WORKING),
        ({"cool_until": THURSDAY + timedelta(seconds=1)}, Reason.COOL_DOWN),
        ({"market": None}, Reason.DATA),
        ({"name": None}, Reason.DATA),
        ({"spot": None}, Reason.DATA),
        ({"position": None}, Reason.DATA),
        ({"kill_level": 1}, Reason.KILL),
        ({"options": ()}, Reason.DATA),
        ({"earnings": frozenset({FRIDAY})}, Reason.EARNINGS),
        ({"position": position("100000", in_name=50_000, deployed=50_000)}, Reason.NO_ROOM),
        ({"position": position("40000")}, Reason.NOT_OPERABLE),
        ({"position": position("100000", drawdown="0.15", ladder="0")}, Reason.DRAWDOWN),
        ({"market": replace(GREEN, klass=Klass.CHOP)}, Reason.CHOP),
        ({"market": replace(GREEN, vix_ratio=1.6)}, Reason.VIX),
        ({"market": replace(GREEN, index_change=-0.03)}, Reason.CONDITION),
    ],
)
def test_whatever_stands_in_the_way_is_named(known: dict[str, object], reason: Reason) -> None:
    assert note(view(**known)).reason is reason  # type: ignore[arg-type]


def test_a_cool_down_ends_at_its_time() -> None:
    assert isinstance(decide(view(cool_until=THURSDAY)), Idea)


def test_earnings_after_the_expiry_do_not_matter() -> None:
    assert isinstance(decide(view(earnings=frozenset({NEXT}))), Idea)


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (datetime(2026, 6, 10, 15, tzinfo=UTC), Reason.ENTRY_DAY),
        (datetime(2026, 6, 11, 13, 45, tzinfo=UTC), Reason.ENTRY_TIME),
        (datetime(2026, 6, 11, 21, tzinfo=UTC), Reason.CLOSED),
        (datetime(2026, 6, 13, 15, tzinfo=UTC), Reason.CLOSED),
    ],
)
def test_outside_its_day_and_hours_it_waits(at: datetime, reason: Reason) -> None:
    waits = note(view(at))

    assert (waits.outcome, waits.reason) == ("WAITING", reason)


@pytest.mark.parametrize(("age", "is_decided"), [(10, True), (11, False)])
def test_an_old_quote_of_the_underlying_stops_the_decision(age: int, is_decided: bool) -> None:
    seen = view()
    old = replace(seen, spot=spot(250, THURSDAY - timedelta(seconds=age)))

    assert isinstance(decide(old), Idea) is is_decided


def test_without_a_strike_in_the_range_the_week_is_idle() -> None:
    low = Market("TSLA", 250, 0.60, 1.25 * SESSION)

    idle = note(view(options=fresh(low.chain([240.0, 242.5]), THURSDAY)))

    assert (idle.outcome, idle.reason) == ("IDLE", Reason.NO_CANDIDATE)
    rejected = idle.details["rejected"]
    assert isinstance(rejected, list)
    assert [one["option"] for one in rejected] == ["TSLA 12 Jun 242.5 put", "TSLA 12 Jun 240 put"]  # the nearest first


def test_a_red_week_sells_fewer_puts_further_out() -> None:
    red = MarketState(Klass.RED, (Klass.RED,), vix=25, vix_ratio=1.39, vix_jump=0, index_change=0.0)

    decided = idea(view(market=red))

    assert decided.ticket.legs[0].symbol == OptionContract("TSLA", FRIDAY, Right.PUT, dec("247.5")).symbol
    assert decided.ticket.quantity == 1


def test_shares_without_a_call_sell_one_above_their_cost() -> None:
    decided = idea(view(MONDAY, price=246, years=4.5 * SESSION, **shares()))

    assert decided.strategy is Strategy.COVERED_CALL
    assert decided.ticket.quantity == 2
    assert decided.ticket.legs[0].symbol == OptionContract("TSLA", FRIDAY, Right.CALL, dec(250)).symbol
    assert decided.approvals_needed == 1


def test_a_call_that_locks_in_a_loss_needs_two_people_and_says_the_loss() -> None:
    decided = idea(view(MONDAY, price=246, years=4.5 * SESSION, **shares("258")))

    floor = next(rule for rule in decided.rules if rule.code == "call_floor")
    assert not floor.passed
    assert "lock in a loss of" in floor.text
    assert decided.approvals_needed == 2


def test_shares_far_under_their_cost_sell_only_a_recovery_call() -> None:
    decided = idea(
        view(
            MONDAY,
            price=222,
            **shares("250"),
            options=fresh(Market("TSLA", 222, 0.6, 4.5 * SESSION).chain([222.5, 230, 235, 240], Right.CALL), MONDAY),
        )
    )

    assert decided.delta_range == (20, 30)


@pytest.mark.parametrize(("iv", "strike", "gives"), [(2.4, 300, True), (0.6, 245, False)])
def test_a_roll_down_may_give_way_only_while_it_locks_in_no_loss(iv: float, strike: float, gives: bool) -> None:
    market = Market("TSLA", 217.5, iv, 3.5 * SESSION)
    call = OptionContract("TSLA", FRIDAY, Right.CALL, dec(strike))
    held = Sleeve("TSLA", 200, (ShortOption(call, 2, Decimal("0.10")),))
    listed = market.chain([220, 225, 230, 235, 240, 245, 250, 260, 300], Right.CALL)
    seen = view(MONDAY, price=market.spot, **{**shares("234"), "sleeve": held, "options": fresh(listed, MONDAY)})

    decided = idea(seen)

    net = decided.ticket.limit_price
    assert (decided.strategy, decided.ticket.price_effect) == (Strategy.ROLL, PriceEffect.CREDIT)
    assert net is not None
    assert decided.least is not None
    assert decided.least <= net
    assert (decided.least < net) is gives, (net, decided.least)


def test_shares_more_than_15_percent_under_cost_are_left_to_a_person() -> None:
    assert note(view(MONDAY, price=212, **shares("250"))).reason is Reason.GBR4


def test_a_put_that_runs_well_is_left_alone_on_its_last_day() -> None:
    held = view(EXPIRY_DAY, price=253, years=0.2 * SESSION, sleeve=short_put(), movements=(sold_put(THURSDAY),))

    assert note(held).reason is Reason.HOLDING


def test_most_of_the_premium_won_with_a_session_left_is_taken() -> None:
    held = view(THURSDAY, price=262, years=0.6 * SESSION, sleeve=short_put(2), movements=(sold_put(MONDAY),))

    decided = idea(held)

    (leg,) = decided.ticket.legs
    assert decided.strategy is Strategy.BUY_TO_CLOSE
    assert (leg.side, leg.position_effect, decided.ticket.quantity) == (Side.BUY, PositionEffect.CLOSE, 2)
    assert decided.ticket.price_effect is PriceEffect.DEBIT
    assert decided.minutes == 10


def rolling(price: float, at: datetime = EXPIRY_DAY, **known: object) -> SleeveView:
    now = Market("TSLA", price, 0.9, 0.2 * SESSION)
    later = Market("TSLA", price, 0.7, 4 * SESSION, expiry=NEXT)
    ladder = [225.0, 230.0, 235.0, 240.0, 245.0, 247.5, 250.0]
    options = fresh(now.chain([250.0]) + later.chain(ladder), at)
    held = {"sleeve": short_put(), "movements": (sold_put(THURSDAY),), "options": options, **known}
    return view(at, price=price, **held)  # type: ignore[arg-type]


def test_a_mandatory_move_rolls_the_put_as_one_order() -> None:
    decided = idea(rolling(234.5))  # 15.5 dollars against it, 1.55 ATR, and 6.2 % under the strike

    buy, sell = decided.ticket.legs
    assert decided.strategy is Strategy.ROLL
    assert (buy.symbol, buy.side, buy.position_effect) == (PUT.symbol, Side.BUY, PositionEffect.CLOSE)
    assert (sell.side, sell.position_effect) == (Side.SELL, PositionEffect.OPEN)
    assert OptionContract.parse(sell.symbol).expiry == NEXT
    assert OptionContract.parse(sell.symbol).strike < 250
    assert decided.minutes == 10
    assert decided.least is not None
    assert decided.least < 0  # a roll may cost a part of what the put brought in
    assert "Take assignment" in [a.sentence for a in decided.alternatives]


def test_a_smaller_move_on_the_last_day_takes_assignment() -> None:
    waits = note(rolling(238))

    assert (waits.reason, waits.details["zone"]) == (Reason.HOLDING, "PREPARE")


def test_without_an_acceptable_roll_assignment_is_taken() -> None:
    seen = rolling(234.5)
    only_today = tuple(o for o in seen.options if o.contract.expiry == FRIDAY)

    assert note(replace(seen, options=only_today)).reason is Reason.NO_ROLL


def test_a_fall_of_more_than_15_percent_buys_back_before_any_roll() -> None:
    decided = idea(rolling(212))

    assert decided.strategy is Strategy.BUY_TO_CLOSE
    assert decided.minutes == 5


def test_the_kill_switch_does_not_stop_what_only_closes() -> None:
    assert idea(rolling(212, kill_level=2)).strategy is Strategy.BUY_TO_CLOSE


def test_no_new_put_while_one_is_open() -> None:
    held = view(THURSDAY, sleeve=short_put(), movements=(sold_put(MONDAY),))

    assert note(held).reason is Reason.HOLDING


def test_a_card_stands_while_its_option_stays_in_range_and_its_market_within_tolerance() -> None:
    seen = view()
    shown = idea(seen)

    assert is_stale(seen, shown, shown.ticket, "4.19") is None
    assert is_stale(seen, shown, shown.ticket, "3.80") is not None  # 0.39, more than a tenth
    assert is_stale(seen, shown, replace(shown.ticket, quantity=3), "4.19") is not None


def test_a_card_is_taken_back_when_its_option_leaves_the_range_or_the_market() -> None:
    seen = view()
    shown = idea(seen)
    outside = OptionContract("TSLA", FRIDAY, Right.PUT, dec("247.5")).symbol
    other = replace(shown.ticket, legs=(replace(shown.ticket.legs[0], symbol=outside),))
    gone = tuple(o for o in seen.options if o.contract != PUT)

    assert is_stale(seen, shown, other, "3.04") == "The delta of its option has left the range."
    assert is_stale(replace(seen, options=gone), shown, shown.ticket, "4.19") is not None
