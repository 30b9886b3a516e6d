"""A proposal's way to the market, from the card to the booked fill: shown, changed by keys, approved, followed."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.kernel.clock import utc_now
from allcore.kernel.orders import Side
from brokers.models import Account, Connection
from tests.browser.fake_socket import FakeSocket
from tests.builders.reports import fill, leg_fill
from tests.trading.algos.conftest import SHORT, Floor, children, desk, propose, refresh, trader
from trading.models import AlgoRun, Position, Proposal
from trading.selectors.rows import proposal_row
from trading.services.settle import apply_reports

__all__ = ["desk", "trader"]  # the fixtures of the runs' own tests
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shown(
    page: Page,
    transactional_db: None,
    desk: Connection,
    trader: Actor,
    socket: FakeSocket,
    sign_in: Callable[[User], None],
    live_server: LiveServer,
) -> Proposal:
    """The sale of puts, as one limit order, on the desk of somebody who may approve what they changed."""
    Account.objects.update(allows_self_approval=True)
    leg = {"symbol": SHORT, "side": "SELL", "position_effect": "OPEN", "ratio": 1}
    proposal = propose(strategy="CASH_SECURED_PUT", legs=[leg], limit_price=Decimal("1.41"), quantity=2)
    socket.rows["proposals"] = [proposal_row(proposal)]
    sign_in(trader.user)
    page.goto(live_server.url)
    expect(page.locator("#panel-body")).to_contain_text("One limit order at 1.41, day.")
    return proposal


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in ("serious", "critical")]


def walked(page: Page, shown: Proposal, socket: FakeSocket) -> Proposal:
    """Choose a walk of two steps in the dialog, by the keys; return the new card, which the socket tells."""
    page.keyboard.press("c")
    page.get_by_label("How it goes to the market").select_option("LIMIT_WALK")
    page.get_by_text("Its numbers; what is left").click()
    page.get_by_label("Steps from the first price to the last").fill("2")
    assert serious(page) == []
    refresh()
    page.get_by_label("For how many minutes").press("Enter")
    expect(page.locator("#change-dialog")).to_be_hidden()
    new = Proposal.objects.select_related("account", "verdict").get(status="PENDING")
    shown.refresh_from_db()
    socket.send("proposals", "proposal", proposal_row(shown))
    socket.send("proposals", "proposal", proposal_row(new))
    return new


def filled(run: AlgoRun) -> None:
    """Let the engine send a child, and the broker fill it whole."""
    floor = Floor()
    floor.look()
    floor.broker()
    (child,) = children(run)
    booked = fill(child, leg_fill("E1", 2, "1.43", side=Side.SELL, symbol=SHORT))
    apply_reports("paper", [booked], now=utc_now())
    floor.told(child)


def test_a_walk_is_chosen_approved_and_followed_to_the_booked_fill(
    page: Page, live_server: LiveServer, shown: Proposal, socket: FakeSocket
) -> None:
    expect(page.locator("#panel-body")).to_contain_text("The table says limit walk")
    new = walked(page, shown, socket)
    expect(page.locator("#panel-body")).to_contain_text("gives way in up to 2 steps")
    expect(page.locator("#panel-notice")).to_contain_text("one limit order → limit walk")
    socket.pass_time(seconds=2)  # new numbers stand a while before they can be approved
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    refresh()
    page.keyboard.press("a")
    expect(page.locator(".desk-toast.done").filter(has_text="worked by limit walk")).to_be_visible()

    filled(AlgoRun.objects.get())
    new.refresh_from_db()
    socket.send("proposals", "proposal", proposal_row(new))
    page.get_by_role("link", name="See the run").click()

    expect(page.locator("#algo-status")).to_have_text("Done")
    expect(page.get_by_role("region", name="Children")).to_contain_text("2 / 2")
    expect(page.locator("#proposal-title")).to_have_text("The proposal it works")
    expect(page.locator("section", has=page.locator("#proposal-title"))).to_contain_text("trader")
    assert Position.objects.get(instrument__symbol=SHORT).qty == -2
    page.get_by_role("region", name="Children").get_by_role("link").click()
    expect(page.get_by_role("link", name="a run of an algorithm")).to_be_visible()


def test_a_card_shows_the_nearest_limits_and_folds_those_with_room(page: Page, shown: Proposal) -> None:
    panel, rows = page.locator("#panel-body"), shown.content["limits"]
    passing = [row for row in rows if row["outcome"] == "PASS"]
    seen = panel.locator(".limit:visible")
    expect(seen).to_have_count(len(rows) - len(passing) + 6)
    panel.get_by_text("more with room").click()
    expect(seen.nth(len(rows) - len(passing) + 6)).to_be_visible()
    expect(seen.filter(has_text="Option level")).to_have_count(0)
    expect(panel).to_contain_text("By itself the desk walks spreads alone")


def test_a_wish_that_cannot_be_meant_stays_in_the_dialog_with_the_reason(page: Page, shown: Proposal) -> None:
    page.keyboard.press("c")
    page.get_by_label("How it goes to the market").select_option("LEGGING")
    refresh()
    page.get_by_role("button", name="Run risk and propose").click()

    expect(page.locator("#change-dialog .form-error")).to_contain_text("There is nothing to leg")
    assert Proposal.objects.count() == 1
