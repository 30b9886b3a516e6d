"""The section of portfolio risk: a line an account, what is behind it, and what is said where a number is not told."""

import math
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.models import User
from allcore.kernel.quotes import Greeks
from brokers.models import Account
from risk.models import Role
from tests.browser.fake_socket import FakeSocket
from tests.builders import market
from tests.builders.risk import make_account, person
from trading.models import Position
from trading.services.fund import deposit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAY = date(2026, 6, 9)
PUT = "TSLA  260618P00240000"
NEAR = "NVDA  260612P00128000"


def walk(start: float, size: float) -> list[float]:
    return [round(start * math.exp(size * math.sin(1.7 * n) + size * math.sin(0.11 * n)), 2) for n in range(300)]


def hold(account: Account, symbol: str, qty: int, px: str) -> None:
    Position.objects.create(
        account=account, instrument=market.instrument(symbol), qty=qty, avg_px=Decimal(px),
        booked_through=market.START, updated_at=market.START,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def desk(db: None, sign_in: Callable[[User], None], socket: FakeSocket) -> Iterator[None]:
    market.clear()
    market.write_clock()
    quotes = {"TSLA": 250, "NVDA": 130, "SPY": 600, PUT: 5, NEAR: 2}
    market.write_quotes([market.quote(name, mid - 0.01, mid + 0.01) for name, mid in quotes.items()])
    market.write_greeks({
        PUT: Greeks(5.0, 0.5, -0.35, 0.02, -0.30, 0.12, -0.01),
        NEAR: Greeks(2.0, 0.45, -0.40, 0.06, -0.50, 0.04, -0.01),
    })  # fmt: skip
    for name, start, size in (("TSLA", 250, 0.03), ("NVDA", 130, 0.03), ("SPY", 600, 0.01), ("VIX", 18, 0.08)):
        market.daily_closes(name, walk(start, size), last_day=DAY)
    for code, cash in (("GEN-1", 150_000), ("REV-1", 100_000), ("COM-1", 50_000)):
        deposit(make_account(code), Decimal(cash), market.START - timedelta(days=30), "Opening balance")
    gen, rev = Account.objects.get(code="GEN-1"), Account.objects.get(code="REV-1")
    hold(gen, NEAR, -4, "2.10")
    hold(rev, PUT, -2, "5.20")
    hold(rev, "TSLA", 100, "248")
    sign_in(person("ann", Role.RISK_OFFICER).user)
    yield
    market.clear()


@pytest.mark.parametrize("width", [1440, 390])
def test_all_accounts_come_first_and_each_opens_what_is_behind_its_line(
    page: Page, live_server: LiveServer, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})

    page.goto(f"{live_server.url}/risk/")

    lines = page.locator("#measures-table tbody tr")
    expect(lines).to_have_count(4)
    expect(lines.nth(0)).to_contain_text("All 3 accounts")
    expect(page.locator("#stress-grid tbody tr")).to_have_count(13)
    expect(page.locator("#stress-grid td.is-worst")).to_have_count(1)
    facts = page.locator("#measures-facts")
    expect(facts).to_contain_text("n = 252 joint moves")
    expect(facts).to_contain_text("4 of 4 quotes good.")
    expect(facts.get_by_text("NVDA", exact=True)).to_be_visible()

    page.get_by_role("button", name="REV-1", exact=True).click()

    expect(lines.nth(2)).to_have_class("is-chosen")
    expect(facts.get_by_text("NVDA", exact=True)).to_be_hidden()
    expect(page.locator("#stress-days")).to_contain_text("TSLA alone gaps \N{MINUS SIGN}30 %")


def test_a_missing_volatility_is_named_and_no_number_is_told(page: Page, live_server: LiveServer) -> None:
    other = "TSLA  260618P00230000"
    hold(Account.objects.get(code="REV-1"), other, -1, "3.00")

    page.goto(f"{live_server.url}/risk/")
    page.get_by_role("button", name="REV-1", exact=True).click()

    expect(page.locator("#measures-note")).to_contain_text(f"No price or no volatility for {other}")
    expect(page.locator("#stress-grid")).to_contain_text("Not told")
    expect(page.locator("#measures-facts")).to_contain_text(f"{other}: no quote")

    page.get_by_role("button", name="COM-1", exact=True).click()

    expect(page.locator("#measures-note")).to_have_text("Nothing is held: there is nothing to lose.")


@pytest.mark.parametrize(
    ("exceptions", "is_rejected", "said"), [(0, True, "Too careful"), (2, False, "Holds"), (9, True, "Rejected")]
)
def test_a_back_test_says_which_way_it_fails(
    page: Page, live_server: LiveServer, exceptions: int, is_rejected: bool, said: str
) -> None:
    def answer(route: Route) -> None:
        body = route.fetch().json()
        done = {"days": 49, "exceptions": exceptions, "expected": 2.45, "confidence": 0.95, "zone": "GREEN"}
        for row in body["results"]:
            if row["var"] is not None:
                row["var"]["backtest"] = done | {"is_rejected": is_rejected}
        route.fulfill(json=body)

    page.route("**/api/v1/risk/measures/", answer)

    page.goto(f"{live_server.url}/risk/")

    expect(page.locator("#measures")).to_contain_text(f"{exceptions} of 49 days beyond VaR 95 %, 2.5 expected {said}")
