"""A run's pages in a browser: the list, the walk on the quote, what a person may tell it, and starting one."""

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from brokers.models import Connection
from tests.browser.conftest import PHONE
from tests.browser.fake_socket import FakeSocket
from tests.trading.algos.conftest import Floor, begin, desk, spread, trader
from trading.models import AlgoRun
from trading.selectors.algo_rows import run_row

__all__ = ["desk", "trader"]  # the fixtures of the runs' own tests
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def run(
    transactional_db: None,
    desk: Connection,
    trader: Actor,
    socket: FakeSocket,
    sign_in: Callable[[User], None],
) -> AlgoRun:
    """A run with a working child, on the screen of who started it."""
    run = begin(trader)
    floor = Floor()
    floor.look()
    floor.broker()
    floor.look(61)
    run.refresh_from_db()
    socket.rows["algos"] = [run_row(run)]
    sign_in(trader.user)
    return run


def serious(page: Page) -> list[str]:
    found = Axe().run(page, context="main").response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in ("serious", "critical")]


def test_the_list_leads_to_the_run_whose_walk_is_drawn(page: Page, live_server: LiveServer, run: AlgoRun) -> None:
    page.goto(f"{live_server.url}/algos/")
    page.get_by_role("link", name=run.description).click()

    expect(page.locator("#walk-chart .legend")).to_contain_text("Asked for")
    expect(page.get_by_role("heading", name="Children")).to_be_visible()
    assert serious(page) == []


def test_a_run_is_paused_by_its_button(page: Page, live_server: LiveServer, run: AlgoRun) -> None:
    page.goto(f"{live_server.url}/algos/{run.pk}/")
    page.get_by_role("button", name="Pause").click()

    expect(page.locator("#algo-status")).to_have_text("Paused")
    run.refresh_from_db()
    assert run.status == "PAUSED"


def test_a_run_is_started_with_the_ticket_in_the_address(page: Page, live_server: LiveServer, run: AlgoRun) -> None:
    ticket = quote(json.dumps(spread(quantity=2) | {"limit_price": "0.58"}))
    page.goto(f"{live_server.url}/algos/new/?ticket={ticket}")
    page.get_by_label("Algorithm").select_option("TWAP")
    page.get_by_label("Parts", exact=True).fill("2")
    assert serious(page) == []

    page.get_by_role("button", name="Approve and start").click()

    expect(page.locator("#algo-status")).to_have_text("Running")
    assert AlgoRun.objects.exclude(pk=run.pk).get().parameters["slices"] == 2


@pytest.mark.parametrize("path", ["/algos/", "/algos/new/", "run"])
def test_the_pages_fit_a_phone_in_light(page: Page, live_server: LiveServer, run: AlgoRun, path: str) -> None:
    page.set_viewport_size(PHONE)
    page.add_init_script("localStorage.setItem('theme', 'light')")
    page.goto(live_server.url + (f"/algos/{run.pk}/" if path == "run" else path))
    page.wait_for_selector("html[data-live=yes]")

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious(page) == []
