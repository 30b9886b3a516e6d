"""The strategy page: the protocol's numbers, a chapter at a time."""

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.models import User
from risk.models import Role
from tests.browser.fake_socket import NOW, FakeSocket
from tests.builders.risk import make_account, person
from trading.domain.protocol.defaults import DEFAULT
from trading.models import MarketWeek, ParameterSet

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_protocol_s_numbers_are_chapters_that_open(
    page: Page, live_server: LiveServer, socket: FakeSocket, sign_in: Callable[[User], None]
) -> None:
    make_account("REV-1")
    sign_in(person("ann", Role.VIEWER).user)
    numbers = {"vix": {"red": 30, "max_pct": "0.10"}, "risk_free_rate": 0.045}
    ParameterSet.objects.create(version=1, parameters=numbers, is_active=True, created_at=NOW)

    page.goto(f"{live_server.url}/strategy/")

    expect(page.get_by_text("Risk free rate")).to_be_visible()
    expect(page.get_by_text("Max share")).to_be_hidden()
    page.locator("summary", has_text="VIX").click()
    expect(page.get_by_text("Max share")).to_be_visible()


EVIDENCE = {
    "as_of": "2026-06-09",
    "trend": "BULL",
    "vix": 15.94,
    "vix_ratio": 0.8686,
    "vix_jump": 0.08,
    "seen": ["GREEN", "CHOP"],
    "indices": {"SPY": {"close": 600.0, "mean": 571.6075, "change": 0.0444}},
    "supports": {"TSLA": {"close": 250.0, "low": 133.69, "atr": 9.8955}},
    "names": {"TSLA": {"atr": 9.8955, "percentile": 34.127}},
}


def test_what_the_week_was_read_from_is_shown_in_units_and_in_order(
    page: Page, live_server: LiveServer, socket: FakeSocket, sign_in: Callable[[User], None]
) -> None:
    make_account("REV-1")
    sign_in(person("ann", Role.VIEWER).user)
    MarketWeek.objects.create(monday=date(2026, 6, 8), klass="CHOP", evidence=EVIDENCE, classified_at=NOW)

    page.goto(f"{live_server.url}/strategy/")

    said = page.locator("#evidence tr")
    expect(said).to_have_text(
        [
            "From the closes up to9 June 2026",
            "IndicesBull",
            "VIX15.94",
            "VIX against its mean86.9 %",
            "VIX since the session before+0.08 points",
            "Classes so far this weekGreen, then Chop",
            "IndexCloseMeanChange",
            "SPY$600.00$571.61▲+4.4 %",
            "NameCloseLow beforeDaily rangeIts rank",
            "TSLA$250.00$133.69$9.9034 of 100",
        ]
    )


def test_each_number_of_the_protocol_has_its_unit(
    page: Page, live_server: LiveServer, socket: FakeSocket, sign_in: Callable[[User], None]
) -> None:
    make_account("REV-1")
    sign_in(person("ann", Role.VIEWER).user)
    ParameterSet.objects.create(version=1, parameters=DEFAULT.as_dict(), is_active=True, created_at=NOW)

    page.goto(f"{live_server.url}/strategy/")

    chapters = page.locator("#parameters")
    for row in (
        "Risk free rate4.5 %",
        "GEN · Universe" + "TSLA, NVDA",
        "GEN · Entry days" + "none",
        "REV · Entry days" + "Monday, Tuesday, Wednesday",
        "GEN · Deploy" + "90 % to 95 %",
        "REV · DTE sessions" + "2 sessions to 4 sessions",
        "Order notional soft · Paper" + "$100,000",
        "Option" + "$0.65 a contract",
        "Stock share" + "$0.005 a share",
        "Start" + "10:00 ET",
        "Chop · Size" + "0.55 ×",  # noqa: RUF001 the sign that is shown
        "Months" + "March, June, September, December",
        "Age seconds" + "10 seconds",
    ):
        expect(chapters.locator("tr").filter(has_text=row)).to_have_count(1)
