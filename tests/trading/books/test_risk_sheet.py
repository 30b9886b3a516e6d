"""What the monitor prepares for the gate, from the closes that the desk has."""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from allcore import live
from allcore.kernel.clock import utc_now
from marketdata.models import Instrument
from risk.domain.sheet_wire import PAST_KEY
from tests.builders import market
from trading.selectors import risk_sheet
from trading.services.monitor import Monitor
from trading.services.risk_sheet import Keeper

LAST = (market.START - timedelta(days=1)).date()
START = market.START


@pytest.fixture(autouse=True)
def desk(transactional_db: None) -> Iterator[None]:
    market.clear()
    yield
    market.clear()


def closes(symbol: str, moves: list[float]) -> None:
    prices = [100.0]
    for move in moves:
        prices.append(prices[-1] * (1 + move))
    market.daily_closes(symbol, [f"{price:.4f}" for price in prices], last_day=LAST)


def test_a_names_moves_beta_and_sector_are_there_for_the_gate() -> None:
    index = [0.01, -0.02, 0.015] * 22
    closes("SPY", index)
    closes("TSLA", [2 * move for move in index])
    Instrument.objects.filter(symbol="TSLA").update(sector="Cars")

    Keeper().keep(now=utc_now(), exchange_now=START, rate=0.04)

    sheet = risk_sheet.sheet()
    assert sheet is not None
    assert sheet.rate == 0.04
    assert sheet.names["TSLA"].sector == "Cars"
    assert sheet.names["TSLA"].moves[-3:] == pytest.approx([0.02, -0.04, 0.03], abs=1e-4)
    assert sheet.beta("TSLA") == pytest.approx(2.0, abs=0.01)
    assert sheet.beta("SPY") == 1.0
    assert sheet.together("TSLA", "SPY") == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize(("days", "known"), [(59, False), (60, True)])
def test_a_beta_takes_sixty_days(days: int, known: bool) -> None:
    moves = ([0.01, -0.02, 0.015] * 20)[:days]
    closes("SPY", moves)
    closes("TSLA", moves)

    assert (risk_sheet.past(START.date()).names["TSLA"].beta is not None) is known


def test_a_name_without_closes_is_known_to_have_none() -> None:
    market.instrument("TSLA")
    closes("SPY", [0.01, 0.02])

    past = risk_sheet.past(START.date())

    assert np.isnan(past.names["TSLA"].moves).all()
    assert past.volatility is None


def test_the_past_is_read_once_a_minute_and_the_look_told_each_time() -> None:
    closes("SPY", [0.01, 0.02])
    keeper, now = Keeper(), utc_now()
    keeper.keep(now=now, exchange_now=START, rate=0.04)

    with CaptureQueriesContext(connection) as asked:
        keeper.keep(now=now + timedelta(seconds=59), exchange_now=START, rate=0.04)
    first = risk_sheet.sheet()
    keeper.keep(now=now + timedelta(seconds=60), exchange_now=START, rate=0.04)

    assert len(asked) == 0
    assert first is not None
    assert first.at == now + timedelta(seconds=59)


def test_a_close_that_came_in_is_in_the_next_days_sheet() -> None:
    closes("SPY", [0.01, 0.02])
    keeper, now = Keeper(), utc_now()
    keeper.keep(now=now, exchange_now=START, rate=0.04)
    market.daily_closes("SPY", ["50"], last_day=START.date())

    keeper.keep(now=now, exchange_now=START + timedelta(days=1), rate=0.04)

    sheet = risk_sheet.sheet()
    assert sheet is not None
    assert len(sheet.names["SPY"].moves) == 3


def test_the_gate_asks_no_database_for_it() -> None:
    closes("SPY", [0.01, 0.02])
    Keeper().keep(now=utc_now(), exchange_now=START, rate=0.04)

    with CaptureQueriesContext(connection) as asked:
        assert risk_sheet.sheet() is not None

    assert len(asked) == 0


def test_without_a_look_or_its_past_there_is_no_sheet() -> None:
    assert risk_sheet.sheet() is None

    market.write_sheet()
    live.client().set(PAST_KEY, b"[{},null]")
    risk_sheet._past.cache_clear()

    assert risk_sheet.sheet() is None


def test_each_look_of_the_monitor_says_that_the_risk_is_watched() -> None:
    market.write_clock()
    live.client().delete(PAST_KEY)
    now = utc_now()

    Monitor().look(now)

    sheet = risk_sheet.sheet()
    assert sheet is not None
    assert sheet.at == now
