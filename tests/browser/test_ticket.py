"""An order by hand, in a browser: built by clicks, looked at, previewed, sent."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date

import numpy as np
import orjson
import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.demo.seed import seed
from allcore.kernel.clock import utc_now
from allcore.kernel.quotes import Greeks
from brokers.models import Account, Connection
from marketdata.domain import pricing
from marketdata.domain.feeds import parse
from risk.models import AccountGrant, Limit, Role
from tests.browser.fake_socket import FakeSocket
from tests.builders import market
from trading.models import Order, ParameterSet, SoftOverride
from trading.selectors.rows import order_row
from trading.services import overrides

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NAME = "AAPL"
SPOT = 200.0
EXPIRIES = (date(2026, 6, 19), date(2026, 7, 17))
STRIKES = tuple(range(180, 225, 5))
IV = 0.30


def quote_all() -> None:
    """Vouch for the whole market again, as the feed does each second."""
    market.write_clock()
    quotes, values = [market.quote(NAME, "199.98", "200.02", size=500)], {}
    for day in EXPIRIES:
        for right in ("C", "P"):
            terms = pricing.terms(
                is_call=right == "C", spot=SPOT, strike=np.array(STRIKES, dtype=float),
                years=pricing.years_to_expiry(market.START, day), rate=0.045, dividend=0.0,
            )  # fmt: skip
            g = pricing.desk_greeks(terms, IV)
            for n, strike in enumerate(STRIKES):
                symbol = market.option(NAME, day, right, strike)
                fair = round(float(g.price[n]) * 20) / 20
                quotes.append(market.quote(symbol, f"{max(fair - 0.05, 0.05):.2f}", f"{fair + 0.05:.2f}"))
                columns = (g.price, g.delta, g.gamma, g.theta, g.vega, g.rho)
                price, *rest = (float(column[n]) for column in columns)
                values[symbol] = Greeks(price, IV, *rest)
    market.write_quotes(quotes)
    market.write_greeks(values, open_interest=900)


@pytest.fixture
def trader(socket: FakeSocket, sign_in: Callable[[User], None]) -> Iterator[User]:
    """A demo desk with a live market, and a trader signed in to it."""
    seed(parse("sim"), now=utc_now(), exchange_at=market.START)
    Account.objects.update(tier=Account.Tier.MANUAL)  # the protocol's own rules are tested with the protocol
    far = utc_now().replace(year=utc_now().year + 1)
    Connection.objects.update(state="UP", lease_owner="test", lease_epoch=1, lease_expires_at=far)
    for day in EXPIRIES:
        for right in ("C", "P"):
            for strike in STRIKES:
                market.instrument(market.option(NAME, day, right, strike))
    quote_all()
    user = User.objects.get(username="trader")
    sign_in(user)
    yield user
    market.clear()
    ParameterSet.objects.all().delete()


def visit(page: Page, live_server: LiveServer, query: str = "") -> None:
    page.goto(f"{live_server.url}/ticket/{NAME}/{query}")
    expect(page.locator("html")).to_have_attribute("data-live", "yes")
    expect(page.locator("#chain-rows tr")).to_have_count(len(STRIKES))


def start_from(page: Page, template: str) -> None:
    page.get_by_label("Start from").select_option(template)


@pytest.mark.usefixtures("trader")
def test_an_iron_condor_is_built_by_clicks_previewed_sent_and_in_the_blotter(
    page: Page, live_server: LiveServer, socket: FakeSocket
) -> None:
    visit(page, live_server)
    for name in ("Buy 185 put", "Sell 190 put", "Sell 210 call", "Buy 215 call"):
        page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator("#meaning-name")).to_have_text("Iron condor")
    expect(page.locator("#meaning")).to_contain_text("Most it can lose")
    expect(page.locator("#payoff .main-svg").first).to_be_visible()

    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#ticket-sentence")).to_contain_text("190 put")
    assert Order.objects.count() == 0  # looking is not sending
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".desk-toast.done")).to_contain_text("Sent to the broker's queue")

    sent = Order.objects.get()
    assert (sent.status, sent.legs.count(), sent.origin) == ("READY", 4, "TICKET")
    socket.rows["orders"] = [json.loads(orjson.dumps(order_row(sent), default=str))]
    page.goto(live_server.url + "/orders/")
    expect(page.get_by_role("link", name=sent.description)).to_be_visible()


@pytest.mark.usefixtures("trader")
@pytest.mark.parametrize(
    ("template", "name", "legs"),
    [
        ("bull_put", "Bull put spread", 2),
        ("bear_call", "Bear call spread", 2),
        ("bull_call", "Bull call spread", 2),
        ("iron_condor", "Iron condor", 4),
        ("straddle", "Long straddle", 2),
        ("strangle", "Long strangle", 2),
        ("calendar", "Long call calendar", 2),
        ("butterfly", "Long call butterfly", 3),
        ("cash_secured_put", "Cash-secured put", 1),
    ],
)
def test_a_template_makes_what_it_is_called(
    page: Page, live_server: LiveServer, template: str, name: str, legs: int
) -> None:
    visit(page, live_server)

    start_from(page, template)

    expect(page.locator("#ticket-legs li")).to_have_count(legs)
    expect(page.locator("#meaning-name")).to_have_text(name)


@pytest.mark.usefixtures("trader")
def test_a_covered_call_without_shares_says_why_not_and_keeps_what_was_typed(
    page: Page, live_server: LiveServer
) -> None:
    visit(page, live_server)
    start_from(page, "strangle")
    page.get_by_label("Units").fill("3")

    start_from(page, "covered_call")

    expect(page.locator("#ticket-error")).to_contain_text("needs 100 shares of AAPL")
    expect(page.locator("#ticket-legs li")).to_have_count(2)
    expect(page.get_by_label("Units")).to_have_value("3")


@pytest.mark.usefixtures("trader")
def test_a_position_is_rolled_in_one_ticket(page: Page, live_server: LiveServer, socket: FakeSocket) -> None:
    symbol = market.option(NAME, EXPIRIES[0], "P", 190)
    row = {"id": f"GEN-1:{symbol}", "account": "GEN-1", "symbol": symbol, "underlying": NAME, "qty": -2}
    socket.rows["positions"] = [row]
    visit(page, live_server)

    start_from(page, f"roll:{symbol}")

    legs = page.locator("#ticket-legs li")
    expect(legs.nth(0)).to_contain_text("AAPL 19 Jun 190 putto close")
    expect(legs.nth(1)).to_contain_text("AAPL 17 Jul 190 putto open")
    expect(page.get_by_label("Units")).to_have_value("2")


@pytest.mark.usefixtures("trader")
def test_what_the_gate_blocks_is_said_before_it_can_be_sent(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server)
    start_from(page, "iron_condor")
    page.get_by_label("Units").fill("400")

    page.get_by_role("button", name="Preview").click()

    expect(page.locator("#checks-outcome")).to_contain_text("Blocked")
    expect(page.locator("#ticket-verdict")).not_to_contain_text("Every check passes")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_label("Units")).to_have_value("400")


@pytest.mark.usefixtures("trader")
def test_the_sliders_ask_the_desk_for_another_date_and_volatility(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server)
    start_from(page, "straddle")
    expect(page.locator("#payoff-said")).to_contain_text("at expiry")
    before = page.locator("#payoff-said").inner_text()

    page.locator("#slide-date").fill("80")
    page.locator("#slide-iv").fill("-10")

    expect(page.locator("#slide-iv-said")).to_contain_text("10 points")
    expect(page.locator("#payoff-said")).not_to_have_text(before)


@pytest.mark.usefixtures("trader")
def test_a_type_shows_its_own_fields_and_several_legs_have_no_stops(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server)
    page.get_by_role("button", name="Buy 200 call", exact=True).click()

    page.get_by_label("Type").select_option("TRAILING_STOP")
    expect(page.get_by_label("Distance")).to_be_visible()
    expect(page.get_by_label("Limit, a share")).to_be_hidden()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#ticket-error")).to_have_text("Say how far it trails: a number above 0.")
    page.get_by_role("button", name="Sell 205 call", exact=True).click()

    expect(page.get_by_label("Type")).to_have_value("LIMIT")


@pytest.mark.usefixtures("trader")
def test_a_bracket_goes_out_whole_with_its_target_and_stop(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server)
    page.get_by_role("button", name="Buy 200 call", exact=True).click()
    expect(page.locator("#meaning-name")).to_have_text("Long call")
    page.get_by_text("Wait for something, target and stop").click()
    page.get_by_label("Then close at a target of").fill("6.00")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#ticket-error")).to_have_text("A bracket has both a target and a stop.")
    page.get_by_label("or at a stop of").fill("2.00")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#ticket-verdict")).to_contain_text("a target at 6.00 and a stop at 2.00")

    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.locator(".desk-toast.done")).to_be_visible()
    assert sorted(Order.objects.values_list("ord_type", "side")) == [
        ("LIMIT", "BUY"), ("LIMIT", "SELL"), ("STOP", "SELL")
    ]  # fmt: skip


@pytest.mark.usefixtures("trader")
def test_a_spread_takes_a_target_and_a_stop_on_its_net_price_and_each_order_is_judged(
    page: Page, live_server: LiveServer
) -> None:
    visit(page, live_server)
    page.get_by_role("button", name="Sell 195 put", exact=True).click()
    page.get_by_role("button", name="Buy 190 put", exact=True).click()
    expect(page.locator("#meaning-name")).to_have_text("Bull put spread")
    page.get_by_text("Wait for something, target and stop").click()
    page.get_by_label("Then close at a target of").fill("3.00")
    page.get_by_label("or at a stop of").fill("0.50")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#ticket-error")).to_contain_text("The target lies below the stop")
    page.get_by_label("Then close at a target of").fill("0.50")
    page.get_by_label("or at a stop of").fill("3.00")
    page.get_by_role("button", name="Preview").click()
    members = page.locator("#ticket-members li:has(.tag)")
    expect(members).to_have_count(3)
    expect(page.locator("#ticket-members li").last).to_contain_text("The desk holds the list.")
    for n in range(3):
        expect(members.nth(n)).to_contain_text("Passes")
    expect(members.nth(2)).to_contain_text("the middle of this order is at or above 3.00, 2 in a row")
    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.locator(".desk-toast.done")).to_be_visible()
    assert sorted(Order.objects.values_list("ord_type", "price_effect", "status")) == [
        ("LIMIT", "CREDIT", "READY"), ("LIMIT", "DEBIT", "HELD"), ("MARKET", "DEBIT", "HELD"),
    ]  # fmt: skip


@pytest.mark.usefixtures("trader")
def test_an_order_that_waits_for_the_underlying_is_held_at_the_desk(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server)
    page.get_by_role("button", name="Buy 200 call", exact=True).click()
    expect(page.locator("#meaning-name")).to_have_text("Long call")
    page.get_by_text("Wait for something, target and stop").click()
    page.get_by_role("button", name="Add a comparison").click()
    page.get_by_label("AAPL's middle: how it compares").select_option("<=")
    page.get_by_label("AAPL's middle: the value").fill("190")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#ticket-verdict")).to_contain_text("until AAPL's middle is at or below 190.00, 2 in a row")

    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.locator(".desk-toast.done")).to_contain_text("Waits at the desk")
    assert Order.objects.get().status == "HELD"


@pytest.mark.usefixtures("trader")
def test_a_limit_order_for_the_day_can_be_given_to_an_algorithm(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server)
    page.get_by_role("button", name="Sell 190 put", exact=True).click()
    page.get_by_role("button", name="Preview").click()
    says = re.compile(r"The table says (limit walk|one plain limit order) \(row \d, .*\): \w")
    expect(page.locator("#ticket-advice")).to_have_text(says)
    page.get_by_role("button", name="Work it with an algorithm").click()

    expect(page.get_by_role("heading", name="Start an algorithm")).to_be_visible()
    expect(page.locator("#start-advice")).to_have_text(says)
    expect(page.locator("#start-legs")).to_contain_text("190 put, to open")
    assert Order.objects.count() == 0


@pytest.mark.usefixtures("trader")
def test_an_order_that_no_algorithm_works_is_not_offered_to_one(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server)
    page.get_by_role("button", name="Sell 190 put", exact=True).click()
    page.get_by_label("Good until").select_option("GTC")
    page.get_by_role("button", name="Preview").click()

    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()
    expect(page.get_by_role("button", name="Work it with an algorithm")).to_be_disabled()


def test_a_soft_block_goes_by_a_second_persons_yes(page: Page, live_server: LiveServer, trader: User) -> None:
    Limit.objects.filter(code="order_contracts").update(soft=1)
    officer = User.objects.create_user("officer")
    AccountGrant.objects.create(user=officer, account=None, role=Role.RISK_OFFICER)
    visit(page, live_server)
    start_from(page, "iron_condor")
    page.get_by_label("Units").fill("2")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#checks-outcome")).to_contain_text("unless a risk officer overrides")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()

    page.get_by_role("button", name="Ask for an override").click()
    page.get_by_label("Reason, at least 20 characters").fill("Two of them hedge the whole position")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("#ticket-override-state")).to_contain_text("A second person is asked")
    row = SoftOverride.objects.get()
    overrides.decide(row.pk, accept=True, actor=Actor(officer), now=utc_now())
    expect(page.locator("#ticket-override-state")).to_contain_text("Accepted by officer")
    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.locator(".desk-toast.done")).to_contain_text("Sent to the broker's queue")
    row.refresh_from_db()
    assert (row.status, row.asked_by) == ("USED", trader)


@pytest.mark.usefixtures("trader")
@pytest.mark.parametrize(
    ("label", "typed", "said"),
    [
        ("Units", "", "a whole number from 1 to 100,000"),
        ("Units", "1.5", "a whole number from 1 to 100,000"),
        ("Units", "100001", "a whole number from 1 to 100,000"),
        ("Limit, a share", "-1", "from 0 to under 1,000,000"),
        ("Limit, a share", "1e9", "from 0 to under 1,000,000"),
    ],
)
def test_what_cannot_be_a_ticket_is_said_at_its_field_and_stays_as_typed(
    page: Page, live_server: LiveServer, label: str, typed: str, said: str
) -> None:
    visit(page, live_server)
    start_from(page, "strangle")
    field = page.get_by_label(label)
    field.fill(typed)

    page.get_by_role("button", name="Preview").click()

    expect(page.locator("#ticket-error")).to_contain_text(said)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(field).to_have_value(typed)
    expect(page.locator("#ticket-review")).to_be_hidden()


@pytest.mark.usefixtures("trader")
def test_an_emptied_price_is_not_filled_while_it_has_the_focus(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server)
    start_from(page, "strangle")
    price = page.get_by_label("Limit, a share")
    expect(price).not_to_have_value("")

    price.fill("")
    for _ in range(2):  # the second is asked for once the first was painted
        page.wait_for_event("response", lambda answer: answer.url.endswith("/orders/preview/"))

    expect(price).to_be_focused()
    expect(price).to_have_value("")


def test_a_ticket_outlives_its_session(
    page: Page, live_server: LiveServer, sign_in: Callable[[User], None], trader: User
) -> None:
    visit(page, live_server)
    start_from(page, "iron_condor")
    page.get_by_label("Units").fill("2")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#ticket-error")).to_contain_text("sign in again in another tab")
    sign_in(trader)
    page.context.add_cookies(
        [{"name": "csrftoken", "value": "a" * 32, "url": live_server.url}]
    )  # as a new sign-in does

    page.get_by_role("button", name="Preview").click()

    expect(page.locator("#ticket-sentence")).to_contain_text("2")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()


@pytest.mark.usefixtures("trader")
def test_a_ticket_stays_on_the_page_when_the_session_ends_and_goes_on_after_signing_in_again(
    page: Page, live_server: LiveServer, socket: FakeSocket
) -> None:
    visit(page, live_server)
    start_from(page, "iron_condor")
    page.get_by_label("Units").fill("2")

    socket.sign_out()

    banner = page.locator("#live-banner")
    expect(banner).to_contain_text("Signed out since 10:00:00 EDT")
    expect(banner).to_contain_text("What you typed stays here")
    expect(banner.get_by_role("link", name="Sign in")).to_have_attribute("href", "/accounts/login/")
    expect(page.get_by_role("button", name="Preview")).to_be_disabled()
    page.evaluate("window.dispatchEvent(new Event('focus'))")  # back from the tab of the sign-in
    expect(page.locator("html")).to_have_attribute("data-live", "yes")
    expect(banner).to_be_hidden()
    expect(page.get_by_label("Units")).to_have_value("2")
    expect(page.locator("#ticket-legs li")).to_have_count(4)


@pytest.mark.usefixtures("trader")
def test_an_empty_ticket_leads_to_signing_in_and_back_to_where_it_was(
    page: Page, live_server: LiveServer, socket: FakeSocket
) -> None:
    visit(page, live_server, "?expiry=2026-06-19")
    page.context.clear_cookies(name="sessionid")

    socket.sign_out()

    page.wait_for_url(re.compile(r"/accounts/login/\?next=%2Fticket%2FAAPL%2F%3Fexpiry%3D2026-06-19$"))
