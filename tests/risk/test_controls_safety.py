"""Who and whether at all."""

from datetime import timedelta
from typing import Any

import pytest

from allcore.kernel.calendar import Phase
from risk.domain.verdict import Outcome
from tests.builders.risk import CLOSE, PUT, book, buy_back, check, holding, market, request, sell_put

HARD, PASS, WARN = Outcome.HARD_BLOCK, Outcome.PASS, Outcome.WARN
HELD = book(holdings=(holding(PUT, -1),))


def test_a_ticket_for_another_account_than_the_books_is_blocked() -> None:
    assert check("account", request(sell_put(1, account="REV-1"))).outcome is HARD


@pytest.mark.parametrize(
    ("mode", "environment", "source", "outcome"),
    [
        ("paper", "PAPER", "SIMULATED", PASS),
        ("paper", "PAPER", "LIVE", PASS),
        ("paper", "LIVE", "LIVE", HARD),
        ("live", "PAPER", "LIVE", HARD),
        ("live", "LIVE", "LIVE", PASS),
        ("live", "LIVE", "SIMULATED", HARD),
        ("live", "LIVE", "REPLAY", HARD),
        ("live", "elsewhere", "LIVE", HARD),
    ],
)
def test_mode_connection_and_prices_agree(mode: str, environment: str, source: str, outcome: Outcome) -> None:
    asked = request(book=book(environment=environment), market=market(trading_mode=mode, feed_source=source))

    assert check("environment", asked).outcome is outcome


@pytest.mark.parametrize(("level", "outcome"), [(0, PASS), (1, HARD), (2, HARD), (3, HARD)])
def test_from_level_one_nothing_is_opened(level: int, outcome: Outcome) -> None:
    assert check("kill_switch", request(market=market(kill_level=level))).outcome is outcome


@pytest.mark.parametrize(
    ("changes", "opening", "closing"),
    [
        ({"connection_state": "UP"}, PASS, PASS),
        ({"connection_state": "DOWN"}, HARD, WARN),
        ({"connection_state": "SYNCING"}, HARD, WARN),
        ({"connection_state": ""}, HARD, WARN),
        ({"connection_paused": True}, HARD, WARN),
    ],
)
def test_opening_needs_a_connection_that_is_up_and_not_paused(
    changes: dict[str, Any], opening: Outcome, closing: Outcome
) -> None:
    seen = market(**changes)

    assert check("connection", request(sell_put(), market=seen)).outcome is opening
    assert check("connection", request(buy_back(), book=HELD, market=seen)).outcome is closing


def test_a_break_in_the_name_blocks_opening_and_not_closing() -> None:
    breaks = frozenset({"TSLA"})

    assert check("reconciled", request(book=book(open_breaks=breaks))).outcome is HARD
    assert check("reconciled", request(book=book(open_breaks=frozenset({"NVDA"})))).outcome is PASS
    held = book(open_breaks=breaks, holdings=HELD.holdings)
    assert check("reconciled", request(buy_back(), book=held)).outcome is PASS


@pytest.mark.parametrize("phase", [Phase.CLOSED, Phase.PRE_OPEN, Phase.AFTER_CLOSE])
def test_nothing_goes_while_the_exchange_is_not_open(phase: Phase) -> None:
    assert check("market_hours", request(market=market(phase=phase))).outcome is HARD
    assert check("market_hours", request(buy_back(), book=HELD, market=market(phase=phase))).outcome is HARD


@pytest.mark.parametrize(("before_close", "outcome"), [(1, PASS), (0, HARD), (-1, HARD)])
def test_the_second_of_the_close_is_too_late(before_close: int, outcome: Outcome) -> None:
    seen = market(exchange_now=CLOSE - timedelta(seconds=before_close))

    assert check("market_hours", request(market=seen)).outcome is outcome
