"""What is counted over the day, over an order, and over a strategy."""

from uuid import uuid4

import pytest

from allcore.kernel.orders import Side
from risk.domain.structure import Structure
from risk.domain.verdict import Outcome
from tests.builders.risk import PUT, SHARE, around, book, buy_back, check, dec, holding, request, sell_call, sell_put

SOFT, HARD, PASS = Outcome.SOFT_BLOCK, Outcome.HARD_BLOCK, Outcome.PASS


@pytest.mark.parametrize(
    ("opened", "outcome"),
    [(175_000, PASS), (175_001, SOFT), (275_000, SOFT), (275_001, HARD)],
)
def test_what_is_opened_in_a_day_has_an_end(opened: int, outcome: Outcome) -> None:
    result = check("notional_day", request(around=around(opened_today=dec(opened))))

    assert (result.outcome, result.before) == (outcome, dec(opened) / 100_000)


def test_what_filled_of_a_changed_order_counts_with_it() -> None:
    asked = request(sell_put(4), exclude_order_id=uuid4(), filled=3, around=around(opened_today=dec(100_000)))

    assert check("notional_day", asked).value == dec(2)


def test_a_covered_call_puts_nothing_to_work() -> None:
    asked = request(sell_call(), book=book(holdings=(holding(SHARE, 100),)), around=around(opened_today=dec(200_000)))

    assert check("notional_day", asked).outcome is PASS


@pytest.mark.parametrize(("count", "outcome"), [(18, PASS), (19, PASS), (20, HARD)])
def test_an_order_is_changed_twenty_times(count: int, outcome: Outcome) -> None:
    asked = request(exclude_order_id=uuid4(), around=around(replaces=count))

    assert check("order_replaces", asked).outcome is outcome


def test_a_new_order_changes_no_other() -> None:
    assert check("order_replaces", request(around=around(replaces=99))).outcome is PASS


STOPPED = around(held=frozenset({(Structure.CASH_SECURED_PUT, Side.SELL)}))


def test_a_kind_of_trade_that_was_stopped_is_not_opened() -> None:
    assert check("repeated_fills", request(around=STOPPED)).outcome is HARD


def test_another_kind_goes_on_and_what_is_held_may_be_closed() -> None:
    call = request(sell_call(), around=STOPPED, book=book(holdings=(holding(SHARE, 100),)))
    closing = request(buy_back(), around=STOPPED, book=book(holdings=(holding(PUT, -1),)))

    assert check("repeated_fills", call).outcome is PASS
    assert check("repeated_fills", closing).outcome is PASS
