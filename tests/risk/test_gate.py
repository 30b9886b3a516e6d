"""The run of all controls."""

from dataclasses import replace
from decimal import Decimal

import pytest

from risk.domain import gate
from risk.domain.controls.finding import Control, Finding, Scope
from risk.domain.request import GateRequest
from risk.domain.verdict import SEVERITY, Level, Outcome
from tests.builders.risk import (
    GEN_TERMS,
    PUT,
    SHARE,
    book,
    buy_back,
    by_code,
    greeks,
    holding,
    limits,
    market,
    quote,
    request,
    sell_put,
    without_limit,
)

ALL = (*gate.GATEKEEPERS, *gate.CONTROLS)


def test_an_ordinary_order_passes_every_control() -> None:
    assessment = gate.assess(request(sell_put(1), terms=GEN_TERMS))

    assert {r.code: r.message for r in assessment.results if r.outcome is not Outcome.PASS} == {}
    assert assessment.outcome is Outcome.PASS
    assert (assessment.cash_required, assessment.quantity) == (Decimal(25_000), 1)


def test_every_control_is_asked_even_after_the_first_no() -> None:
    asked = request(sell_put(200), terms=GEN_TERMS, market=market(connection_state="DOWN"))

    assert [r.code for r in gate.assess(asked).results] == [c.code for c in ALL]


def test_codes_are_unique() -> None:
    codes = [control.code for control in ALL]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"book": book(is_enabled=False)}, "account"),
        ({"book": book(environment="LIVE")}, "environment"),
        ({"market": market(kill_level=1)}, "kill_switch"),
    ],
)
def test_after_a_gatekeepers_no_nothing_else_is_asked(changes: dict[str, object], code: str) -> None:
    assessment = gate.assess(request(sell_put(1), **changes))

    assert [r.code for r in assessment.results] == [c.code for c in gate.GATEKEEPERS]
    assert by_code(assessment)[code].outcome is Outcome.HARD_BLOCK
    assert assessment.is_blocked


MISSING = {
    "a limit nobody set": ({"limits": without_limit("quote_age")}, "quote_age"),
    "the quote": ({"market": market(quotes={})}, "price_collar"),
    "the underlying's quote": ({"market": market(spots={})}, "spot_age"),
    "the delta": ({"market": market(greeks={})}, "order_delta"),
    "the equity": ({"book": book(equity=None)}, "deployment"),
    "an equity above zero": ({"book": book(equity=Decimal(0))}, "deployment"),
    "the household's equity": ({"book": book(household_equity=None)}, "name_household"),
    "the day's result": ({"book": book(day_pnl=None)}, "day_loss"),
    "the equity at the open": ({"book": book(session_open_equity=None)}, "day_loss"),
    "a mark of what is held": ({"book": book(holdings=(holding(SHARE, 100, None),))}, "deployment"),
    "the delta range": ({"terms": replace(GEN_TERMS, delta_range=None)}, "delta_range"),
    "a side of the quote": ({"market": market(quotes={PUT: quote(PUT, bid="4.10"), SHARE: quote(SHARE)})}, None),
}


@pytest.mark.parametrize(
    ("changes", "code"), [case for case in MISSING.values() if case[1]], ids=[k for k, v in MISSING.items() if v[1]]
)
def test_a_missing_number_blocks_an_opening_order(changes: dict[str, object], code: str) -> None:
    assessment = gate.assess(request(sell_put(1), **changes))

    assert by_code(assessment)[code].outcome is Outcome.ERROR
    assert assessment.outcome is Outcome.HARD_BLOCK
    assert by_code(assessment)[code] in assessment.of(Outcome.HARD_BLOCK)


def test_a_missing_number_warns_of_an_order_that_only_closes() -> None:
    assessment = gate.assess(request(buy_back(1), book=book(holdings=(holding(PUT, -1),)), market=market(spots={})))

    assert assessment.is_closing
    assert by_code(assessment)["spot_age"].outcome is Outcome.ERROR
    assert assessment.outcome is Outcome.WARN


def broken(request: GateRequest) -> Finding:
    raise ZeroDivisionError


def test_a_control_that_fails_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    control = Control("broken", "Broken", Level.SAFETY, Scope.ALL, broken)
    monkeypatch.setattr(gate, "CONTROLS", (*gate.CONTROLS, control))

    assessment = gate.assess(request(sell_put(1), terms=GEN_TERMS))

    assert by_code(assessment)["broken"].outcome is Outcome.ERROR
    assert assessment.is_blocked


def test_an_order_that_only_closes_is_not_held_by_opening_limits() -> None:
    asked = request(
        buy_back(60),
        book=book(holdings=(holding(PUT, -60),), equity=None, day_pnl=Decimal(-50_000)),
        terms=replace(GEN_TERMS, universe=frozenset(), entry_open=False),
    )

    assessment = gate.assess(asked)

    assert assessment.outcome in (Outcome.PASS, Outcome.WARN)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_kill_switch_lets_closing_orders_pass(level: int) -> None:
    asked = request(buy_back(1), book=book(holdings=(holding(PUT, -1),)), market=market(kill_level=level))

    assert gate.assess(asked).outcome is Outcome.PASS


def test_the_worst_result_is_the_outcome() -> None:
    soft = gate.assess(request(sell_put(2), limits=limits(order_contracts=("1", "50"))))
    hard = gate.assess(request(sell_put(2), limits=limits(order_contracts=("1", "1"))))

    assert (soft.outcome, hard.outcome) == (Outcome.SOFT_BLOCK, Outcome.HARD_BLOCK)
    assert soft.soft_levels == {Level.RISK_SOFT}
    assert list(SEVERITY) == sorted(SEVERITY, key=SEVERITY.index)


def test_a_block_says_rule_limit_and_what_was_seen() -> None:
    assessment = gate.assess(request(sell_put(2), limits=limits(order_contracts=(None, "1"))))

    assert assessment.message == (
        "Contracts of one order: The largest leg has 2 contracts; the hard limit is 1 contracts."
    )


def test_a_result_travels_as_text() -> None:
    row = by_code(gate.assess(request(sell_put(2))))["deployment"].as_row()

    assert row == {
        "code": "deployment",
        "label": "Deployment",
        "level": 2,
        "outcome": "PASS",
        "unit": "RATIO",
        "value": "0.5",
        "before": "0",
        "after": "0.5",
        "soft": None,
        "hard": "0.95",
        "message": "Deployment: Deployed, of equity, is 50 %; the hard limit is 95 %.",
    }


def test_the_same_request_gets_the_same_answer() -> None:
    asked = request(sell_put(1), market=market(greeks={PUT: greeks(-0.45)}))

    assert gate.assess(asked) == gate.assess(asked)
