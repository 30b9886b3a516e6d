"""Losses pause what is opened next; a wash sale is told."""

from datetime import date

import pytest

from allcore.kernel.orders import PriceEffect
from risk.domain.circumstances import Loss
from risk.domain.verdict import Level, Outcome
from tests.builders.risk import CALL, SHARE, around, book, check, dec, holding, request, roll, sell_call

SOFT, PASS, WARN, ERROR = Outcome.SOFT_BLOCK, Outcome.PASS, Outcome.WARN, Outcome.ERROR


@pytest.mark.parametrize(("equity", "outcome"), [("95000.01", PASS), ("95000", PASS), ("94999", SOFT)])
def test_five_percent_lost_in_the_week_pauses_what_is_opened(equity: str, outcome: Outcome) -> None:
    asked = request(book=book(equity=dec(equity)), around=around(week_opened_with=dec(100_000)))

    assert check("week_loss", asked).outcome is outcome


def test_an_account_that_is_younger_than_the_week_has_lost_nothing_yet() -> None:
    assert check("week_loss", request(book=book(equity=dec(1)))).outcome is PASS


def test_without_its_equity_nobody_can_say_what_the_week_lost() -> None:
    asked = request(book=book(equity=None), around=around(week_opened_with=dec(100_000)))

    assert check("week_loss", asked).outcome is ERROR


@pytest.mark.parametrize(("lost", "outcome"), [("-999.99", PASS), ("-1000", PASS), ("-1000.01", SOFT)])
def test_one_percent_lost_by_short_puts_today_pauses_new_ones(lost: str, outcome: Outcome) -> None:
    assert check("strategy_loss", request(around=around(realised_today={"P": dec(lost)}))).outcome is outcome


def test_what_short_puts_lost_does_not_pause_calls() -> None:
    asked = request(sell_call(), around=around(realised_today={"P": dec(-9000)}))

    assert check("strategy_loss", asked).outcome is PASS


@pytest.mark.parametrize(("results", "outcome"), [((-1,) * 2, PASS), ((-1,) * 3, PASS), ((-1,) * 4, SOFT)])
def test_the_fourth_loss_in_a_row_pauses(results: tuple[int, ...], outcome: Outcome) -> None:
    asked = request(around=around(results=tuple(dec(one) for one in results)))

    assert check("losses_in_row", asked).outcome is outcome


def test_a_gain_ends_the_row() -> None:
    asked = request(around=around(results=tuple(dec(one) for one in (-1, -1, 0, -1, -1, -1))))

    assert check("losses_in_row", asked).value == 2


def test_rolls_and_covered_calls_repair_and_go_on() -> None:
    lost = around(week_opened_with=dec(200_000), results=(dec(-1),) * 9)
    rolled = roll(effect=PriceEffect.DEBIT, limit="1.00")
    covered = sell_call(symbol=CALL)

    for ticket, held in ((rolled, book()), (covered, book(holdings=(holding(SHARE, 100),)))):
        asked = request(ticket, book=held, around=lost)
        assert check("week_loss", asked).outcome is PASS
        assert check("losses_in_row", asked).outcome is PASS


def test_a_wash_sale_is_told_and_blocks_nothing() -> None:
    result = check("wash_sale", request(around=around(washing=Loss("GEN-1", date(2026, 6, 1), dec("120.50")))))

    assert (result.outcome, result.level) == (WARN, Level.ADVISORY)
    assert "GEN-1 realised a loss of $120.50 in TSLA on 2026-06-01" in result.message


def test_without_a_late_loss_nothing_is_told() -> None:
    assert check("wash_sale", request()).outcome is PASS
