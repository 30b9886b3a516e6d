"""Rules of names, and earnings."""

from datetime import date, timedelta

import pytest

from allcore.kernel.orders import PriceEffect
from risk.domain.circumstances import NameRule, NameRuleKind
from risk.domain.verdict import Outcome
from tests.builders.risk import NEXT_PUT, PUT, around, book, buy_back, check, holding, request, roll, sell_put

SOFT, HARD, PASS = Outcome.SOFT_BLOCK, Outcome.HARD_BLOCK, Outcome.PASS
TODAY = date(2026, 6, 11)
HELD = book(holdings=(holding(PUT, -1),))


def rule(kind: NameRuleKind, name: str = "TSLA") -> NameRule:
    return NameRule(kind, name, "Under review")


def test_a_restricted_name_is_not_even_closed() -> None:
    asked = request(buy_back(), book=HELD, around=around(names=(rule(NameRuleKind.RESTRICTED),)))

    result = check("name_rules", asked)

    assert (result.outcome, "Under review." in result.message) == (HARD, True)


def test_a_closing_only_name_is_closed_and_not_opened() -> None:
    only = around(names=(rule(NameRuleKind.CLOSE_ONLY),))

    assert check("name_rules", request(buy_back(), book=HELD, around=only)).outcome is PASS
    assert check("name_rules", request(sell_put(), around=only)).outcome is HARD


def test_a_roll_of_a_closing_only_name_opens() -> None:
    asked = request(
        roll(effect=PriceEffect.DEBIT, limit="1.00"), book=HELD, around=around(names=(rule(NameRuleKind.CLOSE_ONLY),))
    )

    assert check("name_rules", asked).outcome is HARD


@pytest.mark.parametrize(("names", "outcome"), [(("TSLA", "NVDA"), PASS), (("NVDA",), HARD), ((), PASS)])
def test_with_names_allowed_no_other_is_opened(names: tuple[str, ...], outcome: Outcome) -> None:
    asked = request(around=around(names=tuple(rule(NameRuleKind.ALLOWED, name) for name in names)))

    assert check("name_rules", asked).outcome is outcome


def test_a_name_that_is_not_allowed_is_closed() -> None:
    asked = request(buy_back(), book=HELD, around=around(names=(rule(NameRuleKind.ALLOWED, "NVDA"),)))

    assert check("name_rules", asked).outcome is PASS


def earnings(days: int) -> object:
    return around(earnings=frozenset({TODAY + timedelta(days=days)}))


@pytest.mark.parametrize(("days", "outcome"), [(3, SOFT), (4, PASS), (5, PASS)])
def test_the_three_days_before_earnings_are_kept_away_from_by_hand(days: int, outcome: Outcome) -> None:
    assert check("earnings_before", request(is_manual=True, around=earnings(days))).outcome is outcome


@pytest.mark.parametrize(("days", "outcome"), [(0, SOFT), (-1, SOFT), (-2, PASS)])
def test_the_day_after_earnings_is_kept_away_from_by_hand(days: int, outcome: Outcome) -> None:
    assert check("earnings_after", request(is_manual=True, around=earnings(days))).outcome is outcome


@pytest.mark.parametrize(("days", "outcome"), [(7, SOFT), (8, PASS)])
def test_a_short_option_by_hand_does_not_expire_over_earnings(days: int, outcome: Outcome) -> None:
    asked = request(sell_put(symbol=NEXT_PUT, limit="3.05"), is_manual=True, around=earnings(days))

    assert check("earnings_before", asked).outcome is outcome


def test_the_strategy_keeps_its_own_rule_of_earnings() -> None:
    assert check("earnings_before", request(around=earnings(1))).outcome is PASS
    assert check("earnings_after", request(around=earnings(-1))).outcome is PASS
