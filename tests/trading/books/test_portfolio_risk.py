"""Portfolio risk of real books, against a revaluation worked out here day by day."""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from django.test import Client

from allcore.accounts.models import User
from allcore.kernel.clock import utc_now
from allcore.kernel.quotes import Greeks
from brokers.models import Account
from marketdata.domain import pricing
from marketdata.models import MarketEvent
from risk.domain.margin import tree
from risk.models import AccountGrant, Role
from tests.builders import market
from tests.builders.orders import make_account
from trading.models import CorporateAction, EquityPoint, Position
from trading.selectors import measure_rows
from trading.services.fund import deposit

pytestmark = pytest.mark.django_db
DAY = date(2026, 6, 9)  # the last session before the market's Wednesday
PUT = "TSLA  260618P00240000"
YEARS = (8 * 86_400 + 6 * 3600) / (365 * 86_400)  # to Thursday week, 16:00
RATE, IV = 0.045, 0.5
A_CENT_A_SHARE = 2.0  # of two contracts: what the desk's quick American values are off by
VALUES = Greeks(price=5.0, iv=IV, delta=-0.35, gamma=0.02, theta=-0.30, vega=0.12, rho=-0.01)


def walk(start: float, size: float, count: int = 300) -> list[float]:
    """Prices that swing without chance: a wave whose length divides nothing."""
    return [round(start * math.exp(size * math.sin(1.7 * n) + size * math.sin(0.11 * n)), 2) for n in range(count)]


TSLA, SPY, VIX = walk(250, 0.03), walk(600, 0.01), walk(18, 0.08)


def worth(spot: float, volatility: float, years: float) -> float:
    """An American put of strike 240 on a tree which no measure uses."""
    put = tree.Option(is_call=False, strike=240.0, years=years, rate=RATE)
    return float(tree.values(put, [spot], volatility)[0])


@pytest.fixture(autouse=True)
def exchange() -> Iterator[None]:
    market.clear()
    market.write_clock()
    market.write_quotes([market.quote("TSLA", "249.99", "250.01"), market.quote("SPY", "599.99", "600.01")])
    market.write_quotes([market.quote(PUT, "4.95", "5.05")])
    market.write_greeks({PUT: VALUES})
    yield
    market.clear()


@pytest.fixture
def account() -> Account:
    account = make_account()
    deposit(account, Decimal(100_000), market.START - timedelta(days=30), "Opening balance")
    return account


@pytest.fixture
def viewer(account: Account) -> User:
    user = User.objects.create_user("viewer", password=None)
    AccountGrant.objects.create(user=user, account=account, role=Role.VIEWER)
    return user


def bars(**closes: list[float]) -> None:
    for symbol, values in closes.items():
        market.daily_closes(symbol, values, last_day=DAY)


def hold(account: Account, symbol: str, qty: int, px: str = "5.00") -> None:
    Position.objects.create(
        account=account,
        instrument=market.instrument(symbol),
        qty=qty,
        avg_px=Decimal(px),
        booked_through=market.START,
        updated_at=market.START,
    )


def told(user: User) -> dict[str, Any]:
    return cast("dict[str, Any]", measure_rows.rows(user, utc_now()))


def test_a_day_s_tails_are_those_of_the_book_revalued_on_each_day_of_the_past(account: Account, viewer: User) -> None:
    bars(TSLA=TSLA, SPY=SPY, VIX=VIX)
    hold(account, PUT, -2)
    hold(account, "TSLA", 100, "250")

    row = told(viewer)["results"][0]

    gains = []
    for n in range(len(TSLA) - 252, len(TSLA)):
        spot = 250 * TSLA[n] / TSLA[n - 1]
        volatility = min(IV * VIX[n] / VIX[n - 1], 2.0)
        change = worth(spot, volatility, YEARS - 1 / 365) - worth(250, IV, YEARS)
        gains.append(-200 * change + 100 * (spot - 250))
    gains.sort()
    low, high = row["var"]["tails"]
    assert (row["var"]["observations"], row["var"]["volatility"]) == (252, "INDEX")
    assert (low["worst_days"], high["worst_days"]) == (13, 3)
    assert float(low["var"]) == pytest.approx(-gains[12], abs=A_CENT_A_SHARE)
    assert float(low["es"]) == pytest.approx(-sum(gains[:13]) / 13, abs=A_CENT_A_SHARE)
    assert float(high["var"]) == pytest.approx(-gains[2], abs=A_CENT_A_SHARE)
    assert low["of_equity"] == pytest.approx(-gains[12] / float(row["equity"]), abs=1e-4)
    assert row["var"]["backtest"]["days"] == 49


@pytest.mark.parametrize(("count", "is_told"), [(250, False), (251, True)])
def test_a_value_at_risk_needs_two_hundred_and_fifty_moves(
    account: Account, viewer: User, count: int, is_told: bool
) -> None:
    bars(TSLA=TSLA[-count:], SPY=SPY, VIX=VIX)
    hold(account, "TSLA", 100, "250")

    var = told(viewer)["results"][0]["var"]

    assert bool(var["tails"]) is is_told
    assert var["without_history"] == ([] if is_told else ["TSLA"])
    assert var["backtest"] is None


def test_without_the_volatility_index_volatilities_are_held_and_it_is_said(account: Account, viewer: User) -> None:
    bars(TSLA=TSLA, SPY=SPY)
    hold(account, PUT, -2)

    var = told(viewer)["results"][0]["var"]

    assert var["volatility"] == "HELD"
    assert len(var["tails"]) == 2


def test_a_split_is_not_a_move(account: Account, viewer: User) -> None:
    halved = [*TSLA[:-10], *(close / 2 for close in TSLA[-10:])]
    bars(TSLA=halved, SPY=SPY, VIX=VIX)
    split_on = DAY - timedelta(days=13)  # ten sessions back: two weekends lie between
    CorporateAction.objects.create(
        kind="SPLIT", symbol="TSLA", ex_date=split_on, ratio_new=2, ratio_old=1, state="CONFIRMED",
        entered_by=viewer, entered_at=market.START, decided_by=User.objects.create_user("second", password=None),
        decided_at=market.START,
    )  # fmt: skip
    hold(account, "TSLA", 100, "250")

    high = told(viewer)["results"][0]["var"]["tails"][1]

    assert float(high["es"]) < 0.1 * 25_000  # of its three worst days none is a halving


def cents(value: float) -> str:
    return f"{value:.2f}"


def test_stress_greeks_and_beta_of_the_book(account: Account, viewer: User) -> None:
    bars(TSLA=[250 * (close / 600) ** 2 for close in SPY], SPY=SPY, VIX=VIX)
    hold(account, PUT, -2)
    hold(account, "TSLA", 100, "250")

    answer = told(viewer)
    row = answer["results"][0]

    second = pricing.second_order(
        pricing.terms(is_call=[False], spot=250.0, strike=240.0, years=YEARS, rate=RATE, dividend=0.0), IV
    )
    assert row["greeks"] == {
        "vanna_a_point": cents(-200 * 250 * second.vanna[0] / 100),
        "charm_a_day": cents(-200 * 250 * second.charm[0] / 365),
        "vomma_a_point": cents(-200 * second.vomma[0] / 10_000),
        "delta": "42500.00",  # 100 + 200 x 0.35 shares at 250
        "gamma_a_percent": "-2500.00",  # 200 x 0.02 x 250^2 / 100
        "vega_a_point": "-24.00",
        "theta_a_day": "60.00",
    }
    still = row["stress"]["grid"][answer["moves"].index(0.0)][answer["points"].index(0.0)]
    assert still == "0.00"
    at = answer["moves"].index(-0.2), answer["points"].index(0.2)
    fall = -200 * (worth(200, IV + 0.2, YEARS) - worth(250, IV, YEARS)) - 100 * 50
    assert float(row["stress"]["grid"][at[0]][at[1]]) == pytest.approx(fall, rel=1e-3)
    assert (row["stress"]["worst"]["move"], row["stress"]["worst"]["points"]) == at
    assert float(row["stress"]["worst"]["pnl"]) == pytest.approx(fall, rel=1e-3)
    assert row["stress"]["gap"]["underlying"] == "TSLA"
    assert row["stress"]["gap"]["move"] == -0.3
    assert row["beta"]["shares"] == pytest.approx(2 * 42_500 / 600, rel=0.02)  # it moves twice as far
    assert float(row["beta"]["a_percent"]) == pytest.approx(row["beta"]["shares"] * 6, rel=1e-3)


def test_what_has_no_volatility_is_named_and_nothing_is_told_without_it(account: Account, viewer: User) -> None:
    bars(TSLA=TSLA, SPY=SPY, VIX=VIX)
    other = "TSLA  260618P00230000"
    hold(account, PUT, -2)
    hold(account, other, -1)

    row = told(viewer)["results"][0]

    assert row["quotes"]["missing"] == [other]
    assert row["quotes"]["doubtful"] == {other: "NONE"}
    assert (row["greeks"], row["beta"], row["var"], row["stress"]) == (None, None, None, None)


def test_a_quote_that_stands_still_is_said(account: Account, viewer: User) -> None:
    bars(TSLA=TSLA, SPY=SPY, VIX=VIX)
    hold(account, "TSLA", 100, "250")
    market.write_quotes([market.quote("TSLA", "249.99", "250.01", received_at=utc_now() - timedelta(seconds=61))])

    row = told(viewer)["results"][0]

    assert row["quotes"]["doubtful"] == {"TSLA": "STALE"}
    assert len(row["var"]["tails"]) == 2


def test_names_share_what_is_at_work(account: Account, viewer: User) -> None:
    market.write_quotes([market.quote("NVDA", "119.99", "120.01")])
    hold(account, PUT, -2)  # binds 48,000
    hold(account, "NVDA", 100, "120")  # worth 12,000

    row = told(viewer)["results"][0]["concentration"]

    assert [(n["underlying"], n["at_work"], n["share"]) for n in row["names"]] == [
        ("TSLA", "48000.00", 0.8),
        ("NVDA", "12000.00", 0.2),
    ]
    assert (row["hhi"], row["effective_names"]) == (0.68, 1.47)


CALL = "TSLA  260618C00240000"


@pytest.mark.parametrize(("amount", "is_expected"), [("0.05", False), ("9.00", True)])
def test_a_short_call_over_the_next_session_s_dividend_may_be_assigned(
    account: Account, viewer: User, amount: str, is_expected: bool
) -> None:
    market.write_greeks({CALL: VALUES})
    hold(account, CALL, -1)
    MarketEvent.objects.create(
        instrument=market.instrument("TSLA"), kind="EX_DIVIDEND", day=date(2026, 6, 11), amount=Decimal(amount)
    )

    [row] = told(viewer)["results"][0]["assignments"]

    assert (row["symbol"], row["qty"], row["ex_date"]) == (CALL, -1, "2026-06-11")
    assert row["interest"] == pytest.approx(240 * (1 - math.exp(-RATE * YEARS)), abs=1e-3)
    assert row["is_expected"] is is_expected


@pytest.mark.parametrize("day", [10, 12])
def test_a_dividend_that_is_gone_or_later_than_the_next_session_is_not_told_of(
    account: Account, viewer: User, day: int
) -> None:
    market.write_greeks({CALL: VALUES})
    hold(account, CALL, -1)
    MarketEvent.objects.create(
        instrument=market.instrument("TSLA"), kind="EX_DIVIDEND", day=date(2026, 6, day), amount=Decimal(9)
    )

    assert told(viewer)["results"][0]["assignments"] == []


def close(account: Account, day: int, equity: int) -> None:
    at = datetime(2026, 6, day, 20, 0, tzinfo=UTC)
    zero = Decimal(0)
    EquityPoint.objects.create(
        account=account, at=at, equity=Decimal(equity), cash=zero, realised=zero, unrealised=zero, is_close=True
    )


def test_the_drawdown_is_of_closes_and_now_and_free_of_deposits(account: Account, viewer: User) -> None:
    close(account, 3, 110_000)
    close(account, 4, 99_000)
    deposit(account, Decimal(50_000), datetime(2026, 6, 5, 14, 0, tzinfo=UTC), "More")
    close(account, 5, 154_000)

    row = told(viewer)["results"][0]["drawdown"]

    assert row["worst"] == pytest.approx(0.1)  # 110,000 to 99,000
    assert row["now"] == pytest.approx(10_000 / 160_000)  # the equity now is what was put in: 150,000
    assert row["values"] == 5


def test_the_household_is_the_sum_of_what_one_sees(account: Account, viewer: User) -> None:
    bars(TSLA=TSLA, SPY=SPY, VIX=VIX)
    second, hidden = make_account("REV-1"), make_account("COM-1")
    AccountGrant.objects.create(user=viewer, account=second, role=Role.VIEWER)
    hold(account, "TSLA", 100, "250")
    hold(second, "TSLA", -40, "250")
    hold(hidden, "TSLA", 1_000, "250")

    together, *single = told(viewer)["results"]

    assert (together["account"], together["accounts"]) == (None, [row["account"] for row in single])
    assert {row["account"] for row in single} == {account.code, "REV-1"}
    assert together["greeks"]["delta"] == "15000.00"
    assert float(together["stress"]["worst"]["pnl"]) == pytest.approx(-0.2 * 15_000, abs=0.01)


def test_an_account_that_holds_nothing_has_nothing_to_revalue(account: Account, viewer: User) -> None:
    row = told(viewer)["results"][0]

    assert (row["positions"], row["var"], row["stress"], row["concentration"]) == (0, None, None, None)
    assert row["drawdown"]["now"] == 0.0


def test_the_api_tells_who_may_see_the_account(account: Account, viewer: User, client: Client) -> None:
    bars(TSLA=TSLA, SPY=SPY, VIX=VIX)
    hold(account, "TSLA", 100, "250")
    client.force_login(viewer)
    seen = client.get("/api/v1/risk/measures/").json()
    client.force_login(User.objects.create_user("stranger", password=None))

    assert [row["title"] for row in seen["results"]] == [account.code]
    assert (seen["needed"], seen["horizon_days"]) == (250, 1)
    assert client.get("/api/v1/risk/measures/").json()["results"] == []
