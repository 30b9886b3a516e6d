"""The road in a browser, with the desk on a test server of Interactive Brokers' gateway: from sign-in to position."""

import json
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from allcore.embedded.brokers import KEPT, TOLD
from tests.browser.real_desk import Desk, running
from tests.browser.test_road import FIRST_PROPOSAL, STEP, open_cards, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.road]


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("desk")


@pytest.fixture(scope="module")
def desk(var: Path) -> Iterator[Desk]:
    with running(var, "ibkr-sim") as started:
        yield started


def held_at_the_gateway(var: Path) -> dict[str, dict[str, int]]:
    """Return what the gateway's book has, account by account, as it is on disk."""
    book = pickle.loads((var / KEPT).read_bytes())["book"]
    return {
        number: {symbol: qty for symbol, (qty, _) in account.positions.items()}
        for number, account in book["accounts"].items()
        if account.positions
    }


def test_an_approved_proposal_fills_at_the_gateway_and_is_a_position_on_the_desk(
    browser: Browser, desk: Desk, var: Path
) -> None:
    page = signed_in(browser, desk.url, "approver", desk.passwords["approver"])
    sentence = open_cards(page)[0]
    page.locator(".queue-card").filter(has_text=sentence).click()
    expect(page.locator("#act-approve")).to_be_enabled(timeout=STEP)

    page.keyboard.press("a")

    order = page.locator("#orders-grid [role=row]").filter(has_text=sentence)
    expect(order).to_contain_text("Filled", timeout=FIRST_PROPOSAL)
    expect(page.locator("#positions-grid [role=row]").filter(has_text="put").first).to_be_visible(timeout=STEP)
    order.get_by_role("link").click()
    expect(page.locator(".timeline")).to_contain_text("Fill")
    expect(page.locator("#order-detail")).to_contain_text("approver")

    held = held_at_the_gateway(var)
    numbers = set(json.loads((var / TOLD).read_text())["accounts"])
    assert len(held) == 1
    assert set(held) <= numbers
    assert all(qty < 0 for positions in held.values() for qty in positions.values())  # what the protocol sells
    page.context.close()


def test_the_connection_is_up_and_named_for_what_it_is(browser: Browser, desk: Desk) -> None:
    page = signed_in(browser, desk.url, "approver", desk.passwords["approver"])

    page.goto(f"{desk.url}/brokers/")

    card = page.get_by_role("region", name="ibkr")
    expect(card).to_contain_text("Interactive Brokers, paper", timeout=STEP)
    expect(card).to_contain_text("Up", timeout=STEP)
    expect(card).to_contain_text("GEN-1 (DU1000001)")
    page.context.close()
