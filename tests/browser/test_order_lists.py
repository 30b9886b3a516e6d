"""What the desk holds, in a browser: brackets and pairs from ticket to end, and held orders that are changed."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.kernel.clock import utc_now
from tests.browser.conftest import PHONE
from tests.browser.fake_socket import FakeSocket
from tests.browser.test_ticket import EXPIRIES, NAME, quote_all, trader, visit
from tests.builders import market
from tests.trading.contingent.conftest import Road, road_of
from trading.models import Hold, Lot, LotInstruction, Order, OrderList
from trading.selectors.rows import order_row
from trading.services.contingent import placing

__all__ = ["trader"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CALL = market.option(NAME, EXPIRIES[0], "C", 200)
WAIT = {"when": {"what": "PRICE", "symbol": NAME, "is": "<=", "value": "190", "confirm": 2}}
SERIOUS = {"serious", "critical"}


@pytest.fixture
def road(trader: User) -> Road:
    return road_of(Actor(trader))


def tell(socket: FakeSocket) -> None:
    """Let the page hear of every order, as the desk publishes them."""
    for order in Order.objects.select_related("account"):
        socket.send("orders", "order", json.loads(orjson.dumps(order_row(order), default=str)))


def buy_call(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server)
    page.get_by_role("button", name="Buy 200 call", exact=True).click()
    expect(page.locator("#meaning-name")).to_have_text("Long call")
    page.get_by_text("Wait for something, target and stop").click()


def send(page: Page) -> None:
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#ticket-verdict")).to_contain_text("Every check passes")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".desk-toast.done")).to_be_visible()


def bracket(page: Page, live_server: LiveServer) -> OrderList:
    buy_call(page, live_server)
    page.get_by_label("Then close at a target of").fill("9.00")
    page.get_by_label("or at a stop of").fill("2.00")
    send(page)
    return OrderList.objects.get()


def fill_entry(road: Road) -> None:
    """Show the exchange a market in which the entry fills, and let it."""
    entry = Order.objects.get(link__role="ENTRY")
    assert entry.limit_price is not None
    road.show(f"{entry.limit_price - Decimal('0.05')}", f"{entry.limit_price}", symbol=CALL)
    road.settle_down()


def conditional(road: Road, **changes: Any) -> Order:
    leg = {"symbol": NAME, "side": "BUY", "position_effect": "OPEN", "ratio": 1}
    return road.place(underlying=NAME, legs=[leg], condition=WAIT, **changes)


def serious_faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{f['id']}: {n['html'][:160]}" for f in found if f["impact"] in SERIOUS for n in f["nodes"][:4]]


def test_a_bracket_goes_from_the_ticket_over_its_fill_to_its_cancellation(
    page: Page, live_server: LiveServer, socket: FakeSocket, road: Road
) -> None:
    made = bracket(page, live_server)
    page.get_by_role("link", name="See it").click()
    article = page.get_by_role("article", name="Bracket, AAPL")
    rows = article.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("on its way")
    expect(rows.nth(1)).to_contain_text("held at the desk")
    expect(rows.nth(1)).to_contain_text("Waits for the entry to fill; then goes to the broker")

    quote_all()
    fill_entry(road)
    tell(socket)

    expect(rows.nth(0)).to_contain_text("Filled")
    expect(rows.nth(1)).to_contain_text("at the broker")
    expect(rows.nth(2)).to_contain_text("bid is at or below 2.00, 2 in a row")
    expect(rows.nth(2).locator(".sight")).to_contain_text("s old")
    assert serious_faults(page) == []

    article.get_by_role("button", name="Cancel list").click()
    expect(page.locator(".desk-toast.note")).to_contain_text("Cancellation asked for")
    road.settle_down()
    tell(socket)
    expect(page.locator("#lists-empty")).to_contain_text("No open lists")
    page.get_by_role("button", name="Closed").click()
    expect(rows.nth(1)).to_contain_text("Canceled")
    made.refresh_from_db()
    assert made.closed_at is not None
    assert road.position(CALL) == 1


def test_the_stop_of_a_bracket_is_moved_and_its_quantity_is_the_list_s(
    page: Page, live_server: LiveServer, socket: FakeSocket, road: Road
) -> None:
    bracket(page, live_server)
    page.goto(f"{live_server.url}/orders/")
    stop = page.get_by_role("article", name="Bracket, AAPL").locator("tbody tr").nth(2)
    stop.get_by_role("button", name="Change").click()
    dialog = page.locator("#replace-dialog")
    expect(dialog.get_by_label("Total quantity")).to_be_hidden()  # the list says how much
    dialog.get_by_label("Stop or touch").fill("1.50")
    dialog.get_by_role("button", name="Change it").click()
    expect(page.locator(".desk-toast.done")).to_contain_text("Changed")
    tell(socket)

    expect(stop).to_contain_text("at or below 1.50")


def test_a_bracket_s_quantity_is_changed_at_its_entry_and_its_exits_follow(
    page: Page, live_server: LiveServer, socket: FakeSocket, road: Road
) -> None:
    made = bracket(page, live_server)
    limit = Order.objects.get(link__role="ENTRY").limit_price or Decimal()
    road.show(f"{limit - Decimal('0.05')}", f"{limit + Decimal('0.05')}", symbol=CALL)
    road.settle_down()
    page.goto(f"{live_server.url}/orders/")
    rows = page.get_by_role("article", name="Bracket, AAPL").locator("tbody tr")
    rows.nth(1).get_by_role("button", name="Change").click()
    dialog = page.locator("#replace-dialog")
    expect(dialog.locator("#replace-list")).to_contain_text("change the entry's quantity")
    dialog.get_by_role("button", name="Back").click()
    rows.nth(0).get_by_role("button", name="Change").click()
    expect(dialog.locator("#replace-list")).to_contain_text("What comes after it follows")
    dialog.get_by_label("Total quantity").fill("3")
    dialog.get_by_role("button", name="Ask the broker").click()
    expect(page.locator(".desk-toast.note")).to_contain_text("Replacement asked for")
    road.settle_down()
    tell(socket)

    for n in range(3):
        expect(rows.nth(n).locator("[data-name=Filled]")).to_have_text("0 / 3")
    assert list(made.links.values_list("planned_qty", flat=True)) == [3, 3, 3]


def test_a_closing_ticket_takes_a_stop_beside_its_limit_and_the_pair_is_a_list(
    page: Page, live_server: LiveServer, socket: FakeSocket, road: Road
) -> None:
    bracket(page, live_server)
    quote_all()
    fill_entry(road)
    placing.cancel(list_id=OrderList.objects.get().pk, actor=road.actor, now=utc_now())
    road.settle_down()
    row = {"id": f"GEN-1:{CALL}", "account": "GEN-1", "symbol": CALL, "underlying": NAME, "qty": 1}
    socket.rows["positions"] = [row]
    quote_all()
    visit(page, live_server)
    page.get_by_role("button", name="Sell 200 call", exact=True).click()
    expect(page.locator("#ticket-legs li")).to_contain_text("to close")
    page.get_by_text("Wait for something, target and stop").click()
    expect(page.locator("#ticket-bracket")).to_be_hidden()
    page.get_by_label("Limit, a share").fill("9.50")
    page.get_by_label("Or close at a stop of").fill("9.80")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#ticket-error")).to_contain_text("The target lies above the stop")
    page.get_by_label("Or close at a stop of").fill("2.10")

    send(page)

    pair = OrderList.objects.latest("created_at")
    assert (pair.kind, sorted(pair.links.values_list("order__ord_type", flat=True))) == ("OCO", ["LIMIT", "STOP"])


def test_a_closing_ticket_names_the_lots_that_it_takes(
    page: Page, live_server: LiveServer, socket: FakeSocket, road: Road
) -> None:
    road.show("3.65", "3.75", symbol=CALL)
    for key, quantity in (("one", 3), ("two", 2)):
        leg = {"symbol": CALL, "side": "BUY", "position_effect": "OPEN", "ratio": 1}
        quote_all()
        road.place(key, underlying=NAME, legs=[leg], quantity=quantity, limit_price=Decimal("3.75"))
        road.settle_down()
    older, newer = Lot.objects.order_by("id")
    row = {"id": f"GEN-1:{CALL}", "account": "GEN-1", "symbol": CALL, "underlying": NAME, "qty": 5}
    socket.rows["positions"] = [row]
    quote_all()
    visit(page, live_server)
    page.get_by_role("button", name="Sell 200 call", exact=True).click()
    page.get_by_text("Which lots it closes").click()
    lots = page.locator("#ticket-lots-table")
    expect(lots.locator("tbody tr")).to_have_count(2)
    named = lots.get_by_label(f"How much of lot E{newer.execution_id}")
    named.fill("3")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#ticket-error")).to_contain_text("has 2 to close")
    named.fill("1")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#ticket-verdict")).to_contain_text(f"It closes 1 of lot E{newer.execution_id}")
    assert serious_faults(page) == []
    expect(page.get_by_role("button", name="Work it with an algorithm")).to_be_enabled()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".desk-toast.done")).to_be_visible()

    assert [(one.execution_id, one.qty) for one in LotInstruction.objects.all()] == [(newer.execution_id, 1)]
    assert older.execution_id != newer.execution_id


def test_what_a_person_was_told_stands_when_an_older_look_comes_back(
    page: Page, live_server: LiveServer, socket: FakeSocket, road: Road
) -> None:
    road.show("3.65", "3.75", symbol=CALL)
    quote_all()
    leg = {"symbol": CALL, "side": "BUY", "position_effect": "OPEN", "ratio": 1}
    road.place("one", underlying=NAME, legs=[leg], quantity=2, limit_price=Decimal("3.75"))
    road.settle_down()
    row = {"id": f"GEN-1:{CALL}", "account": "GEN-1", "symbol": CALL, "underlying": NAME, "qty": 2}
    socket.rows["positions"] = [row]
    quote_all()
    visit(page, live_server)
    page.get_by_role("button", name="Sell 200 call", exact=True).click()
    page.get_by_text("Which lots it closes").click()
    held: list[Route] = []
    page.route(re.compile("/orders/preview/$"), lambda route: held.append(route))  # noqa: PLW0108 it is marked
    with page.expect_request(re.compile("/orders/preview/$")):
        page.get_by_label("Units").fill("2")
    page.get_by_label("How much of lot").fill("3")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#ticket-error")).to_contain_text("has 2 to close")

    with page.expect_response(re.compile("/orders/preview/$")) as answer:
        held[0].continue_()

    answer.value.finished()
    page.evaluate("() => new Promise((done) => setTimeout(done))")  # the page has taken the answer in
    expect(page.locator("#ticket-error")).to_contain_text("has 2 to close")


def test_a_held_order_shows_its_condition_its_last_value_and_the_count(
    page: Page, live_server: LiveServer, socket: FakeSocket, road: Road
) -> None:
    order = conditional(road)
    road.show("189.98", "190.02")
    road.look()

    page.goto(f"{live_server.url}/orders/")

    held = page.locator("#held-rows li")
    expect(held).to_contain_text("Waits until AAPL's middle is at or below 190.00, 2 in a row")
    expect(held.locator(".sight strong")).to_have_text("190.00")
    expect(held.locator(".sight")).to_contain_text("s old")
    expect(held.locator(".sight")).to_contain_text("counting: 1 of 2")
    market.write_quotes([market.quote(NAME, "189.00", "189.04", received_at=market.seconds_ago(30))])
    expect(held.locator(".sight")).to_contain_text("cannot set it off")  # read anew by itself
    page.goto(f"{live_server.url}/orders/{order.pk}/")
    expect(page.get_by_role("heading", name="Held at the desk")).to_be_visible()
    expect(page.locator(".sight")).to_contain_text("AAPL's middle")


def test_a_held_order_is_changed_in_the_dialog_and_the_page_says_so(
    page: Page, live_server: LiveServer, socket: FakeSocket, road: Road
) -> None:
    order = conditional(road)
    page.goto(f"{live_server.url}/orders/")
    page.get_by_role("button", name="Change Buy 10 AAPL").click()
    dialog = page.locator("#replace-dialog")
    expect(dialog).to_contain_text("the new terms hold at once")
    assert serious_faults(page) == []
    dialog.get_by_label("Limit price").fill("199")
    dialog.get_by_label("Total quantity").fill("7")
    dialog.get_by_label("AAPL's middle: the value").fill("185")

    dialog.get_by_role("button", name="Change it").click()

    expect(page.locator(".desk-toast.done")).to_contain_text("Changed")
    tell(socket)
    expect(page.locator("#held-rows li")).to_contain_text("Buy 7 AAPL at 199.00 limit, day")
    expect(page.locator("#held-rows li")).to_contain_text("at or below 185.00")
    order.refresh_from_db()
    assert (order.limit_price, order.order_qty) == (Decimal("199.0000"), 7)
    other = {"when": {**WAIT["when"], "value": "185"}}
    assert Hold.objects.get(order=order).condition == other


def test_an_order_that_was_set_off_meanwhile_is_not_changed_and_the_dialog_says_why(
    page: Page, live_server: LiveServer, road: Road
) -> None:
    conditional(road)
    page.goto(f"{live_server.url}/orders/")
    page.get_by_role("button", name="Change Buy 10 AAPL").click()
    page.locator("#replace-dialog").get_by_label("AAPL's middle: the value").fill("150")
    for bid in ("189.90", "189.91"):
        road.show(bid, f"{Decimal(bid) + Decimal('0.04')}")
        road.look()

    page.locator("#replace-dialog").get_by_role("button", name="Change it").click()

    expect(page.locator("#replace-dialog .form-error")).to_contain_text("does not wait at the desk")


def test_both_sections_fit_a_phone_in_both_themes(
    page: Page, live_server: LiveServer, sign_in: Callable[[User], None], road: Road
) -> None:
    bracket(page, live_server)
    quote_all()
    conditional(road)
    page.set_viewport_size(PHONE)

    page.goto(f"{live_server.url}/orders/")
    expect(page.locator("#list-rows tbody tr")).to_have_count(3)
    expect(page.locator("#held-rows li")).to_have_count(1)

    assert serious_faults(page) == []
    page.evaluate("document.documentElement.dataset.bsTheme = 'light'")
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
