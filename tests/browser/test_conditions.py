"""What an order waits for, built in a browser: on the ticket, and for an order that the desk holds already."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from tests.browser.conftest import PHONE
from tests.browser.fake_socket import FakeSocket
from tests.browser.test_order_lists import buy_call, conditional, serious_faults
from tests.browser.test_ticket import EXPIRIES, NAME, trader
from tests.builders import market
from tests.trading.contingent.conftest import Road, road_of
from trading.models import Hold, Order

__all__ = ["trader"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CALL = market.option(NAME, EXPIRIES[0], "C", 200)
LOOK = re.compile("/conditions/look/$")


@pytest.fixture
def road(trader: User) -> Road:
    return road_of(Actor(trader))


def add(within: Locator) -> None:
    within.get_by_role("button", name="Add a comparison").last.click()


def build(within: Locator) -> None:
    """Build: the call's delta above 0.4, and one of: AAPL not below 190, or the day's P&L below -500."""
    add(within)
    within.get_by_label("What is looked at").select_option("DELTA")
    within.get_by_label("how it compares").select_option(">")
    within.get_by_label("the value").fill("0.4")
    within.get_by_role("button", name="Add a group").click()
    within.get_by_label("AAPL's middle: how it compares").select_option("<")
    within.get_by_label("AAPL's middle: the value").fill("190")
    within.get_by_label("AAPL's middle: turned round").check()
    within.get_by_role("button", name="Add a comparison").first.click()
    rows = within.get_by_role("group", name="Any of these holds").locator(".condition-row")
    rows.nth(1).get_by_label("What is looked at").select_option("DAY_PNL")
    rows.nth(1).get_by_label("how it compares").select_option("<")
    rows.nth(1).get_by_label("the value").fill("-500")


def wanted() -> dict[str, Any]:
    loss = {"what": "DAY_PNL", "is": "<", "value": "-500", "confirm": 2}
    price = {"what": "PRICE", "symbol": NAME, "is": "<", "value": "190", "confirm": 2}
    delta = {"what": "DELTA", "symbol": CALL, "is": ">", "value": "0.4", "confirm": 2}
    return {"when": {"all": [delta, {"any": [{"not": price}, loss]}]}}


def test_a_tree_is_built_on_the_ticket_said_in_words_and_held(
    page: Page, live_server: LiveServer, trader: User
) -> None:
    buy_call(page, live_server)
    built = page.locator("#ticket-condition")
    build(built)
    said = built.locator(".condition-said")
    expect(said).to_contain_text("call's delta is above 0.40, 2 in a row and (not (AAPL's middle is below 190.00")
    expect(said).to_contain_text("or the account's P&L of the day is below -500.00")
    expect(said).to_contain_text("would be true now")
    expect(built.get_by_role("group", name="AAPL's middle").locator(".condition-now")).to_contain_text("Now 200.00")
    expect(built.get_by_role("group", name="P&L of the day").locator(".condition-now")).to_contain_text("does not hold")

    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#ticket-verdict")).to_contain_text("It waits at the desk until AAPL 19 Jun 200 call's delta")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".desk-toast.done")).to_contain_text("Waits at the desk")

    assert Hold.objects.get().condition == wanted()
    expect(built.locator(".condition-row")).to_have_count(0)  # it does not go with the next order


def test_what_is_seen_is_looked_at_again_by_itself_and_after_a_lost_connection(
    page: Page, live_server: LiveServer, trader: User
) -> None:
    buy_call(page, live_server)
    built = page.locator("#ticket-condition")
    add(built)
    built.get_by_label("how it compares").select_option(">=")
    built.get_by_label("the value").fill("190")
    said = built.locator(".condition-said")
    expect(said).to_contain_text("would be true now")

    page.route(LOOK, lambda route: route.abort())
    expect(built.locator(".condition-now")).to_have_text("not seen now")
    expect(said).not_to_contain_text("true now")
    page.unroute(LOOK)

    expect(said).to_contain_text("would be true now")
    expect(built.locator(".condition-now")).to_contain_text("Now 200.00")


def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_sent(
    page: Page, live_server: LiveServer, trader: User
) -> None:
    buy_call(page, live_server)
    built = page.locator("#ticket-condition")
    add(built)
    add(built)
    second = built.locator(".condition-row").nth(1)
    second.get_by_label("which price").select_option("LAST")
    second.get_by_label("the value").fill("150")
    second.get_by_label("stays so until").fill("160")
    second.get_by_label("Which symbol").select_option("another")
    second.get_by_label("Which symbol").fill("zzzz")

    page.get_by_role("button", name="Preview").click()

    expect(page.locator("#ticket-error")).to_contain_text("is not whole yet")
    first = built.locator(".condition-row").nth(0)
    expect(first.locator(".field-error:visible")).to_have_text("Give a number.")
    expect(first.get_by_label("the value")).to_have_attribute("aria-invalid", "true")
    expect(second.locator(".is-reset .field-error")).to_contain_text("far side of the value")
    second.get_by_label("stays so until").fill("")
    expect(second.locator(".is-symbol .field-error")).to_have_text("The desk knows no ZZZZ.")
    assert second.get_by_label("the value").input_value() == "150"
    assert Order.objects.count() == 0


def test_it_is_built_with_the_keyboard_alone(page: Page, live_server: LiveServer, trader: User) -> None:
    buy_call(page, live_server)
    built = page.locator("#ticket-condition")
    built.get_by_role("button", name="Add a comparison").focus()
    page.keyboard.press("Enter")
    expect(built.get_by_label("What is looked at")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(built.get_by_label("AAPL's middle: the value")).to_be_focused()
    page.keyboard.type("205")
    expect(built.locator(".condition-said")).to_contain_text("at or above 205.00")
    built.get_by_role("button", name="Take away: AAPL's middle").focus()
    page.keyboard.press("Enter")

    expect(built.locator(".condition-row")).to_have_count(0)
    expect(built.get_by_role("button", name="Add a comparison")).to_be_focused()


def test_an_order_that_is_held_is_given_a_tree_in_its_dialog(
    page: Page, live_server: LiveServer, socket: FakeSocket, road: Road
) -> None:
    order = conditional(road)
    page.goto(f"{live_server.url}/orders/{order.pk}/")
    page.get_by_role("button", name="Replace").or_(page.get_by_role("button", name="Change")).first.click()
    dialog = page.locator("#replace-dialog")
    expect(dialog.get_by_label("AAPL's middle: the value")).to_have_value("190")
    add(dialog)
    second = dialog.locator(".condition-row").nth(1)
    second.get_by_label("What is looked at").select_option("TIME")
    second.get_by_label("the value").fill("2026-06-10T15:30")
    dialog.get_by_label("How these go together").select_option("not any")
    dialog.get_by_label("All of it, in a row").fill("3")
    expect(dialog.locator(".condition-said")).to_contain_text("the time is from 10 Jun 15:30")
    assert serious_faults(page) == []

    dialog.get_by_role("button", name="Change it").click()

    expect(page.locator(".desk-toast.done")).to_contain_text("Changed")
    price = {"what": "PRICE", "symbol": NAME, "is": "<=", "value": "190", "confirm": 2}
    time = {"what": "TIME", "is": ">=", "value": "2026-06-10T19:30:00.000Z"}
    assert Hold.objects.get(order=order).condition == {"when": {"not": {"any": [price, time]}}, "confirm": 3}


def test_an_order_that_is_held_stops_waiting_when_its_last_comparison_is_taken_away(
    page: Page, live_server: LiveServer, socket: FakeSocket, road: Road
) -> None:
    order = conditional(road)
    page.goto(f"{live_server.url}/orders/")
    page.get_by_role("button", name="Change Buy 10 AAPL").click()
    dialog = page.locator("#replace-dialog")
    dialog.get_by_role("button", name="Take away: AAPL's middle").click()
    expect(dialog.locator("#replace-free")).to_be_visible()

    dialog.get_by_role("button", name="Change it").click()

    expect(page.locator(".desk-toast.done")).to_contain_text("Changed")
    assert Hold.objects.get(order=order).condition is None


def test_it_fits_a_phone_in_both_themes(
    page: Page, live_server: LiveServer, sign_in: Callable[[User], None], trader: User
) -> None:
    page.set_viewport_size(PHONE)
    buy_call(page, live_server)
    built = page.locator("#ticket-condition")
    build(built)
    expect(built.locator(".condition-said")).to_contain_text("true now")

    assert serious_faults(page) == []
    page.evaluate("document.documentElement.dataset.bsTheme = 'light'")
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
