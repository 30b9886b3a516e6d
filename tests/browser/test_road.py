"""The road, in a browser and against real processes: sign-in, proposal, approval, fill, position, P&L."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import PHONE, WIDE
from tests.browser.real_desk import Desk, running

pytestmark = [pytest.mark.browser, pytest.mark.road]

FIRST_PROPOSAL = 120_000  # milliseconds; 30 s on an idle machine
STEP = 45_000

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with running(tmp_path_factory.mktemp("desk")) as started:
        yield started


@pytest.fixture
def open_page(browser: Browser, desk: Desk, tmp_path: Path) -> Iterator[OpenPage]:
    """Open a browser of its own and sign in by the form: `open_page("approver")`. It leaves a recording."""
    contexts = []

    def open_(name: str, viewport: ViewportSize = WIDE) -> Page:
        page = signed_in(browser, desk.url, name, desk.passwords[name], viewport)
        contexts.append((name, page.context))
        return page

    yield open_
    for name, context in contexts:
        context.tracing.stop(path=tmp_path / f"{name}.zip")
        context.close()


def signed_in(browser: Browser, url: str, name: str, password: str, viewport: ViewportSize = WIDE) -> Page:
    """Return a page of a browser of its own, live; it is recorded from here on."""
    context = browser.new_context(viewport=viewport)
    context.tracing.start(screenshots=True)
    page = context.new_page()
    page.set_default_timeout(STEP)
    page.goto(url)
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("html")).to_have_attribute("data-live", "yes", timeout=STEP)
    return page


def open_cards(page: Page) -> list[str]:
    """Return the texts of the cards that wait, once there is one."""
    page.locator(".queue-card").first.wait_for(timeout=FIRST_PROPOSAL)
    return page.locator(".queue-card .said").all_inner_texts()


def test_two_browsers_approve_at_once_and_one_wins(open_page: OpenPage) -> None:
    one, other = open_page("approver"), open_page("risk")
    sentence = open_cards(one)[0]
    for page in (one, other):
        page.locator(".queue-card").filter(has_text=sentence).click()
        expect(page.locator("#act-approve")).to_be_enabled(timeout=STEP)

    for page in (one, other):  # neither waits for the other's answer
        page.evaluate("setTimeout(() => document.getElementById('act-approve').click(), 50)")

    done = [page.locator(".desk-toast.done") for page in (one, other)]
    refused = [page.locator(".desk-toast.refused") for page in (one, other)]
    for page in (one, other):
        expect(page.locator("#panel-notice")).to_contain_text("Approved by", timeout=STEP)
    assert sum(toast.count() for toast in done) <= 1  # it goes by itself after a while
    said = {page.locator("#panel-notice").inner_text() for page in (one, other)}
    assert len({re.search(r"Approved by (\w+)", text)[1] for text in said}) == 1  # type: ignore[index]  # both name who won
    assert all(toast.count() <= 1 for toast in refused)
    orders = one.locator("#orders-grid [role=row]").filter(has_text=sentence)
    expect(orders).to_have_count(1, timeout=STEP)


def test_an_approved_proposal_fills_and_is_booked_on_every_screen(open_page: OpenPage) -> None:
    page, watcher = open_page("approver"), open_page("viewer")
    sentence = open_cards(page)[0]
    page.locator(".queue-card").filter(has_text=sentence).click()
    expect(page.locator("#act-approve")).to_be_enabled(timeout=STEP)

    page.keyboard.press("a")

    for screen in (page, watcher):
        order = screen.locator("#orders-grid [role=row]").filter(has_text=sentence)
        expect(order).to_contain_text("Filled", timeout=FIRST_PROPOSAL)
        expect(screen.locator("#positions-grid [role=row]").filter(has_text="put").first).to_be_visible(timeout=STEP)
        expect(screen.locator("#strip-deployed")).not_to_have_text("0.0 %", timeout=STEP)
    page.locator("#orders-grid [role=row]").filter(has_text=sentence).get_by_role("link").click()
    expect(page.locator(".timeline")).to_contain_text("Fill")
    expect(page.locator("#order-detail")).to_contain_text("approver")


def test_a_phone_is_live_too_and_says_that_prices_are_simulated(open_page: OpenPage) -> None:
    page = open_page("viewer", PHONE)

    expect(page.locator("#source-badge")).to_have_text("SIMULATED")
    expect(page.locator("#strip-time")).to_have_text(re.compile(r"\d\d:\d\d:\d\d EDT"))


def test_a_second_start_finds_its_books_and_its_broker_again(browser: Browser, tmp_path: Path) -> None:
    with running(tmp_path) as first:
        page = signed_in(browser, first.url, "approver", first.passwords["approver"])
        sentence = open_cards(page)[0]
        page.locator(".queue-card").filter(has_text=sentence).click()
        page.locator("#act-approve").click(timeout=STEP)
        row = page.locator("#orders-grid [role=row]").filter(has_text=sentence)
        expect(row).to_contain_text("Filled", timeout=FIRST_PROPOSAL)
        page.context.close()

    with running(tmp_path) as second:
        page = signed_in(browser, second.url, "approver", first.passwords["approver"])

        expect(page.locator("#orders-grid [role=row]").filter(has_text=sentence)).to_contain_text(
            "Filled", timeout=STEP
        )
        expect(page.locator("#positions-grid [role=row]").filter(has_text="put").first).to_be_visible(timeout=STEP)
        expect(page.locator("#broker-banner")).to_be_hidden(timeout=STEP)
        assert second.passwords == {}
        page.context.close()
