"""What holds on every page: it can be used by everybody, on a phone too, in both themes."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.models import User
from allcore.audit.services import record
from allcore.kernel.instruments import OptionContract, Right
from marketdata.models import Instrument
from risk.models import Role
from risk.services.limits import ensure_defaults
from tests.browser.cards import content, order, proposal
from tests.browser.conftest import PHONE
from tests.browser.fake_socket import NOW, FakeSocket
from tests.builders import market
from tests.builders.orders import make_order, make_ticket
from tests.builders.risk import make_account, person
from trading.models import MarketWeek, StrategyNote

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SERIOUS = {"serious", "critical"}
PAGES = [
    "/",
    "/orders/",
    "/positions/",
    "/stories/",
    "/algos/",
    "/algos/new/",
    "/breaks/",
    "/brokers/",
    "/chain/TSLA/",
    "/ticket/TSLA/",
    "/risk/",
    "/strategy/",
    "/audit/",
    "/accounts/2fa/",
    "/nowhere/",
]
READY = {
    "/": ".queue-card",
    "/orders/": "[role=row] a",
    "/positions/": "#pnl-cards .card-desk",
    "/chain/TSLA/": "#chain-rows tr",
    "/ticket/TSLA/": "#chain-rows tr",
    "/risk/": "#limits-rows tr",
    "/strategy/": "#sleeves td",
    "/audit/": "#audit-rows td",
}


def position() -> dict[str, object]:
    names = [
        "avg_px",
        "mark",
        "market_value",
        "unrealised",
        "realised",
        "fees",
        "day_pnl",
        "delta",
        "gamma",
        "theta",
        "vega",
    ]
    symbol = "TSLA  260612P00245000"
    row = {"id": f"REV-1:{symbol}", "account": "REV-1", "symbol": symbol, "description": "TSLA 12 Jun 245 put"}
    return row | {"underlying": "TSLA", "kind": "OPTION", "qty": -2} | dict.fromkeys(names, "-12.50")


def pnl() -> dict[str, object]:
    names = [
        "equity",
        "cash",
        "realised",
        "unrealised",
        "fees",
        "day_pnl",
        "net_delta",
        "net_gamma",
        "net_theta",
        "net_vega",
    ]
    row = {"account": "REV-1", "deployed": "49000", "deployed_ratio": "0.65", "drawdown": "0.01", "breaches": 1}
    return row | dict.fromkeys(names, "1234.50") | {"at": NOW.isoformat()}


@pytest.fixture
def furnished(socket: FakeSocket, sign_in: Callable[[User], None]) -> User:
    """A desk with something on every page, and a risk officer who may see it all."""
    account = make_account("REV-1")
    officer = person("ann", Role.RISK_OFFICER).user
    ensure_defaults(NOW)
    make_order(make_ticket(account), account)
    Instrument.objects.filter(kind="OPTION").update(is_active=False)  # its contract is older than those below
    record("order.staged", "order:one", {"quantity": 2}, actor="user:ann", at=NOW, account="REV-1")
    MarketWeek.objects.create(monday=date(2026, 6, 8), klass="GREEN", evidence={"trend": "BULL"}, classified_at=NOW)
    for outcome, name in (("PROPOSED", "TSLA"), ("WAITING", "NVDA"), ("IDLE", "AMZN")):
        fields = {"outcome": outcome, "reason_code": "x", "sentence": "So it is.", "decided_at": NOW}
        StrategyNote.objects.create(account=account, underlying=name, **fields)
    for strike in (240, 245, 250):
        for right in ("C", "P"):
            symbol = OptionContract("TSLA", date(2026, 6, 12), Right(right), Decimal(strike)).symbol
            market.instrument(symbol)
            market.write_quotes([market.quote(symbol, "3.40", "3.50")])
            market.write_greeks({symbol: market.greeks()}, open_interest=100)
    market.write_quotes([market.quote("TSLA", "249.98", "250.02", last="250.00")])
    soft = proposal("soft", outcome="SOFT_BLOCK", content=content("Sell 2 TSLA 12 Jun 245 put at 3.45 limit, day"))
    soft["content"]["limits"][0] |= {"outcome": "SOFT_BLOCK", "message": "It would be 72 % of equity."}
    socket.rows |= {
        "proposals": [proposal("one"), soft],
        "orders": [order("FILLED"), order("REJECTED", id="2"), order("IN_DOUBT", id="3"), order("NEW", id="4")],
        "positions": [position()],
        "pnl": [pnl()],
    }
    sign_in(officer)
    return officer


def visit(page: Page, live_server: LiveServer, path: str) -> None:
    page.goto(live_server.url + path)
    if path in READY:
        expect(page.locator("html")).to_have_attribute("data-live", "yes")
        expect(page.locator(READY[path]).first).to_be_visible()


def serious_faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for fault in found
        if fault["impact"] in SERIOUS
        for node in fault["nodes"][:4]
    ]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.usefixtures("furnished")
def test_everybody_can_use_it_in_both_themes_and_a_phone_scrolls_down_only(
    page: Page, live_server: LiveServer, path: str
) -> None:
    """One visit for all three, since a visit costs more than what is looked at."""
    visit(page, live_server, path)
    found = {"dark": serious_faults(page)}
    page.evaluate("document.documentElement.dataset.bsTheme = 'light'")
    found["light"] = serious_faults(page)

    page.set_viewport_size(PHONE)

    found["phone"] = serious_faults(page)
    assert found == {"dark": [], "light": [], "phone": []}
    page.wait_for_function("width => document.documentElement.scrollWidth <= width", arg=PHONE["width"])


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.usefixtures("furnished")
def test_the_sign_in_page_has_no_serious_fault(page: Page, live_server: LiveServer, theme: str) -> None:
    page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    page.context.clear_cookies()

    visit(page, live_server, "/accounts/login/")

    expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
    assert serious_faults(page) == []


@pytest.mark.usefixtures("furnished")
def test_axe_finds_nothing_serious_in_an_open_dialog(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server, "/")

    page.get_by_role("button", name="Kill switch").click()

    expect(page.locator("#kill-dialog")).to_be_visible()
    assert serious_faults(page) == []


@pytest.mark.usefixtures("furnished")
def test_on_a_phone_the_signs_without_words_have_names(page: Page, live_server: LiveServer) -> None:
    page.set_viewport_size(PHONE)

    visit(page, live_server, "/orders/")

    for role, name in (("link", "ALL-USE Desk"), ("button", "Kill switch"), ("button", "Menu")):
        expect(page.get_by_role(role, name=name, exact=True)).to_be_visible()  # type: ignore[arg-type]


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize(("path", "table"), [("/brokers/", ".table-matrix"), ("/algos/", ".table-choices")])
def test_on_a_phone_a_wide_table_becomes_cards_that_do_not_scroll_sideways(
    page: Page, live_server: LiveServer, path: str, table: str
) -> None:
    page.set_viewport_size(PHONE)

    visit(page, live_server, path)

    box = page.locator(f".scroll-x:has({table})")
    expect(box).to_be_visible()
    assert box.evaluate("box => box.scrollWidth - box.clientWidth") == 0


@pytest.mark.usefixtures("furnished")
def test_the_algorithms_are_reached_from_the_navigation(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server, "/orders/")

    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Algos").click()

    expect(page.get_by_role("heading", name="Algorithms")).to_be_visible()


@pytest.mark.usefixtures("furnished")
def test_on_a_phone_the_decision_is_always_at_hand(page: Page, live_server: LiveServer) -> None:
    page.set_viewport_size(PHONE)

    visit(page, live_server, "/")
    page.locator(".queue-card").first.click()

    approve = page.get_by_role("button", name="Approve").first
    expect(approve).to_be_in_viewport()
    expect(approve).to_be_enabled()


@pytest.mark.usefixtures("furnished")
def test_the_theme_is_kept(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server, "/")
    page.get_by_role("button", name="Switch to light").click()

    visit(page, live_server, "/orders/")

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


@pytest.mark.usefixtures("furnished")
def test_a_limit_is_edited_with_a_reason_and_loosening_waits(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server, "/risk/")
    page.locator("#limits-rows tr[data-code=buffer]").get_by_role("button").click()
    page.locator("#limit-dialog").get_by_label("Hard").fill("0.01")
    page.locator("#limit-dialog").get_by_label("Reason, at least 15 characters").fill(
        "A wider margin is agreed for the week."
    )

    page.locator("#limit-dialog").get_by_role("button", name="Edit").click()

    expect(page.locator("#limit-dialog")).to_be_hidden()
    expect(page.locator("#limit-changes")).to_contain_text("Waits")
    expect(page.locator("#limit-changes")).to_contain_text("Another person decides it.")


@pytest.mark.usefixtures("furnished")
def test_the_audit_trail_is_searched_and_verified(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server, "/audit/")
    page.get_by_label("Action").fill("proposal")
    expect(page.locator("#audit-rows")).to_contain_text("No entry matches")

    page.get_by_role("button", name="Verify the chain").click()

    expect(page.locator("#audit-report")).to_contain_text("The chain holds")


@pytest.mark.usefixtures("furnished")
def test_a_price_in_the_chain_opens_the_ticket_with_that_leg(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server, "/chain/TSLA/")
    page.get_by_role("button", name="Sell 245 put").click()

    expect(page).to_have_title(re.compile("TSLA ticket"))
    expect(page.locator("#ticket-legs")).to_contain_text("TSLA 12 Jun 245 put")


@pytest.mark.usefixtures("furnished")
def test_the_depth_of_a_contract_is_shown_and_said_to_be_the_best_prices_only(
    page: Page, live_server: LiveServer
) -> None:
    market.write_clock()
    visit(page, live_server, "/chain/TSLA/")
    page.get_by_label("Contract").select_option(label="245.00 put")

    expect(page.locator("#depth-kind")).to_have_text("Best prices only")
    expect(page.locator("#depth-note")).to_contain_text("no book is behind them")
    expect(page.locator("#depth-rows tr")).to_have_count(1)


@pytest.mark.usefixtures("furnished")
def test_one_failure_said_again_and_again_stands_once(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server, "/orders/")

    page.evaluate(
        """async () => {
          const { toast } = await import("/static/js/toast.js");
          for (const text of ["one", "one", "two"]) toast("wrong", "Not read", text);
        }"""
    )

    expect(page.locator(".desk-toast.wrong")).to_have_count(2)
