"""Nobody trades with themselves."""

from dataclasses import replace

import pytest

from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side
from allcore.kernel.tickets import OrderTicket
from risk.domain.book import Pending
from risk.domain.request import Awaits
from risk.domain.verdict import Outcome
from tests.builders.risk import (
    LOWER_PUT,
    PUT,
    book,
    buy_back,
    check,
    combo,
    dec,
    leg,
    market,
    pending,
    put_spread,
    request,
    sell_put,
    single,
)

HARD, PASS, ERROR = Outcome.HARD_BLOCK, Outcome.PASS, Outcome.ERROR


def against(resting: OrderTicket, **changes: object) -> Pending:
    return replace(pending(resting), **changes)  # type: ignore[arg-type]


def spread_back(limit: str) -> OrderTicket:
    return combo(
        leg(PUT, Side.BUY, PositionEffect.CLOSE),
        leg(LOWER_PUT, Side.SELL, PositionEffect.CLOSE),
        effect=PriceEffect.DEBIT,
        limit=limit,
    )


@pytest.mark.parametrize(("bid", "outcome"), [("4.15", PASS), ("4.16", HARD), ("4.17", HARD)])
def test_a_sale_meets_an_own_bid_at_or_above_its_price(bid: str, outcome: Outcome) -> None:
    resting = against(buy_back(1, bid))

    assert check("self_trade", request(sell_put(1, "4.16"), book=book(pending=(resting,)))).outcome is outcome


@pytest.mark.parametrize(("bid", "outcome"), [("4.15", PASS), ("4.16", HARD), ("4.17", HARD)])
def test_a_purchase_meets_an_own_offer_at_or_below_its_price(bid: str, outcome: Outcome) -> None:
    resting = against(sell_put(1, "4.16"))

    assert check("self_trade", request(buy_back(1, bid), book=book(pending=(resting,)))).outcome is outcome


def test_an_order_of_another_account_of_the_household_counts_and_is_named() -> None:
    resting = against(buy_back(1, "4.20", account="REV-1"))

    result = check("self_trade", request(sell_put(1, "4.16"), book=book(elsewhere=(resting,))))

    assert result.outcome is HARD
    assert str(resting.order_id) in result.message
    assert f"of REV-1, which buys {PUT} at 4.20." in result.message


def test_the_same_side_another_contract_and_the_replaced_order_do_not_meet() -> None:
    same, other, old = against(sell_put(1)), against(buy_back(1, "9.00", LOWER_PUT)), against(buy_back(1, "9.00"))
    asked = request(sell_put(1), book=book(pending=(same, other, old)), exclude_order_id=old.order_id)

    assert check("self_trade", asked).outcome is PASS


def test_what_takes_any_price_meets_whatever_rests() -> None:
    resting = against(sell_put(1, "9.00"))
    asked = request(buy_back(1, None, ord_type=OrdType.MARKET), book=book(pending=(resting,)))

    assert check("self_trade", asked).outcome is HARD


def test_what_waits_for_its_trigger_does_not_rest() -> None:
    stop = single(PUT, Side.BUY, PositionEffect.CLOSE, 1, "5.00", ord_type=OrdType.STOP_LIMIT, stop_price=dec("4.90"))
    held = against(buy_back(1, "5.00"), is_held=True)

    assert check("self_trade", request(sell_put(1), book=book(pending=(against(stop), held)))).outcome is PASS
    assert check("self_trade", request(stop, book=book(pending=(against(sell_put(1)),)))).outcome is PASS


def test_an_order_that_waits_is_asked_when_it_is_released() -> None:
    asked = request(sell_put(1), book=book(pending=(against(buy_back(1, "9.00")),)), awaits=Awaits.TRIGGER)

    assert check("self_trade", asked).message.endswith("Asked when the order is released.")


@pytest.mark.parametrize(("debit", "outcome"), [("2.59", PASS), ("2.60", HARD), ("2.61", HARD)])
def test_two_combinations_that_mirror_each_other_meet_by_their_net_prices(debit: str, outcome: Outcome) -> None:
    asked = request(spread_back(debit), book=book(pending=(against(put_spread(1, "2.60")),)))

    assert check("self_trade", asked).outcome is outcome


# The spread's put is sold for 2.60 and what the lower put costs at best, its bid of 1.50: at 4.10.
@pytest.mark.parametrize(("bid", "outcome"), [("4.09", PASS), ("4.10", HARD), ("4.11", HARD)])
def test_a_combinations_leg_meets_a_single_order_at_what_its_limit_leaves(bid: str, outcome: Outcome) -> None:
    asked = request(put_spread(1, "2.60"), book=book(pending=(against(buy_back(1, bid)),)))

    assert check("self_trade", asked).outcome is outcome


def test_a_leg_that_cannot_be_priced_is_not_passed() -> None:
    dark = market(quotes={symbol: q for symbol, q in market().quotes.items() if symbol != LOWER_PUT})
    asked = request(put_spread(1, "2.60"), book=book(pending=(against(buy_back(1, "1.00")),)), market=dark)

    assert check("self_trade", asked).outcome is ERROR
