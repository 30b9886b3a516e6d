"""Every page for each role: it stands without a fault, and offers only what the role may do."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, Response, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.models import User
from risk.models import Role
from risk.services.limits import ensure_defaults
from tests.browser.cards import order, proposal
from tests.browser.fake_socket import NOW, FakeSocket
from tests.builders import market
from tests.builders.orders import make_order, make_ticket
from tests.builders.risk import make_account, person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = [
    "/",
    "/orders/",
    "/algos/",
    "/algos/new/",
    "/positions/",
    "/stories/",
    "/ticket/TSLA/",
    "/chain/TSLA/",
    "/risk/",
    "/breaks/",
    "/strategy/",
    "/brokers/",
    "/audit/",
    "/accounts/2fa/",
    "/accounts/password/change/",
    "/accounts/logout/",
]
# What changes something, by the word on it; a role that may do none of it sees none of it.
ACTS = re.compile(
    r"^(Approve|Reject|Change|Hold|Edit|Kill switch|Add a connection|Pause|Resume|Credentials|Revoke|Resolve"
    r"|Release|Confirm|Withdraw|Adopt|Cancel it|Put away|Enter|Instruct|Start|Verify the chain)\b"
)


class Faults:
    """What a browser says is wrong with the pages it shows."""

    def __init__(self, page: Page) -> None:
        self.seen: list[str] = []
        self.page = page
        page.on("pageerror", lambda error: self._add(str(error)))
        page.on("console", self._hear)
        page.on("response", self._look)
        page.on("requestfailed", self._miss)

    def _add(self, what: str) -> None:
        self.seen.append(f"{self.page.url}: {what}")

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self._add(said.text)

    def _look(self, response: Response) -> None:
        if response.status >= 400:
            self._add(f"{response.status} of {response.url}")

    def _miss(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # left behind by going to the next page
            self._add(f"{request.failure} of {request.url}")


@pytest.fixture
def desk(socket: FakeSocket) -> str:
    """A desk with an order, a proposal and a chain; returns the order's address."""
    account = make_account("REV-1")
    ensure_defaults(NOW)
    market.write_clock()
    made = make_order(make_ticket(account), account)
    market.instrument("TSLA  260612P00245000")
    market.write_quotes([market.quote("TSLA  260612P00245000", "3.40", "3.50")])
    market.write_quotes([market.quote("TSLA", "249.98", "250.02", last="250.00")])
    socket.rows |= {"proposals": [proposal("one")], "orders": [order("FILLED")]}
    return f"/orders/{made.id}/"


@pytest.mark.parametrize("role", [Role.TRADER, Role.APPROVER, Role.RISK_OFFICER, Role.VIEWER])
def test_no_page_has_a_fault_for(
    page: Page, live_server: LiveServer, desk: str, sign_in: Callable[[User], None], role: Role
) -> None:
    sign_in(person("ann", role).user)
    faults = Faults(page)
    offered: dict[str, list[str]] = {}

    for path in [*PAGES, desk]:
        page.goto(live_server.url + path)
        page.wait_for_load_state("networkidle")
        shown = page.locator("button:visible:enabled").all_inner_texts()
        offered[path] = [said for said in map(str.strip, shown) if ACTS.match(said)]

    assert faults.seen == []
    if role == Role.VIEWER:
        assert {path: said for path, said in offered.items() if said} == {}


def test_a_page_that_is_not_there_says_so_and_leads_back(
    page: Page, live_server: LiveServer, desk: str, sign_in: Callable[[User], None]
) -> None:
    sign_in(person("ann", Role.VIEWER).user)

    page.goto(f"{live_server.url}/nowhere/")

    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    expect(page.get_by_role("link", name="To the desk")).to_be_visible()
