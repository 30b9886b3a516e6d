"""A ticket that asks the broker to watch what it waits for, or to work it."""

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.models import User
from brokers import registry
from tests.browser.test_conditions import add
from tests.browser.test_order_lists import buy_call
from tests.browser.test_ticket import trader
from trading.models import Hold, Order, OrderRequest

__all__ = ["trader"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def able_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the paper broker say of itself what Interactive Brokers does."""
    paper, other = registry.BROKERS["paper"], registry.BROKERS["ibkr"].capabilities
    able = replace(paper.capabilities, native_conditions=True, algos=other.algos)
    monkeypatch.setitem(registry.BROKERS, "paper", replace(paper, capabilities=able))


def test_the_broker_is_asked_to_watch_and_to_work_an_order_and_its_page_says_so(
    page: Page, live_server: LiveServer, able_broker: None, trader: User
) -> None:
    buy_call(page, live_server)
    built = page.locator("#ticket-condition")
    add(built)
    built.get_by_label("how it compares").select_option("<=")
    built.get_by_label("the value").fill("190")
    built.get_by_label("in a row").first.fill("1")
    page.get_by_label("Watched by").select_option("BROKER")
    page.get_by_label("Worked").select_option("PctVol")
    page.get_by_label("pctVol", exact=True).fill("0.2")
    page.get_by_label("noTakeLiq").select_option("1")
    page.get_by_label("endTime").fill("2026-06-10T15:30")

    page.get_by_role("button", name="Preview").click()
    verdict = page.locator("#ticket-verdict")
    expect(verdict).to_contain_text("at or below 190.00, and nobody checks it again")
    expect(verdict).to_contain_text("PctVol (pctVol 0.2, endTime 20260610-19:30:00, noTakeLiq 1)")
    expect(page.locator("#ticket-algo")).to_be_disabled()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".desk-toast.done")).to_contain_text("Sent to the broker's queue")

    native = OrderRequest.objects.get().terms["native"]
    assert native["algo"] == ["PctVol", [["endTime", "20260610-19:30:00"], ["noTakeLiq", "1"], ["pctVol", "0.2"]]]
    assert [one["value"] for one in native["conditions"]] == ["190"]
    assert not Hold.objects.exists()
    expect(page.get_by_label("Worked")).to_have_value("")  # it does not go with the next order
    page.goto(f"{live_server.url}/orders/{Order.objects.get().pk}/")
    expect(page.locator("section", has=page.locator("#native-title"))).to_contain_text("checked no more by the desk")


def test_what_the_broker_does_not_take_is_said_and_nothing_is_sent(
    page: Page, live_server: LiveServer, able_broker: None, trader: User
) -> None:
    buy_call(page, live_server)
    page.get_by_label("Worked").select_option("Vwap")
    page.get_by_label("maxPctVol", exact=True).fill("0.6")
    page.get_by_role("button", name="Preview").click()

    expect(page.locator("#ticket-verdict")).to_contain_text("Vwap (maxPctVol 0.6)")
    expect(page.locator("#ticket-verdict")).to_contain_text("maxPctVol is a number from 0.1 to 0.5, was '0.6'")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    assert Order.objects.count() == 0


def test_a_broker_that_does_nothing_by_itself_offers_nothing(page: Page, live_server: LiveServer, trader: User) -> None:
    buy_call(page, live_server)

    expect(page.locator("#ticket-watcher-row")).to_be_hidden()
    expect(page.locator("#ticket-broker-algo-row")).to_be_hidden()
