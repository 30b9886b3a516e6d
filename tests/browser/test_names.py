"""Rules of names and stopped strategies on the Risk page, and whose limits one may edit."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.models import User
from allcore.kernel.orders import Side
from risk.domain.structure import Structure
from risk.models import Limit, NameRule, Role, StrategyHold
from risk.services import holds
from risk.services.limits import ensure_defaults
from tests.browser.fake_socket import NOW, FakeSocket
from tests.builders import market
from tests.builders.orders import PUT, make_option
from tests.builders.risk import make_account, person
from trading.models import ExpiryTask, Mandate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WHY = "The company is being bought."


@pytest.fixture(autouse=True)
def desk(socket: FakeSocket) -> None:
    make_account("GEN-1")
    ensure_defaults(NOW)
    market.write_clock()


def test_a_rule_is_laid_down_and_lifted_by_two_people(
    page: Page, live_server: LiveServer, sign_in: Callable[[User], None]
) -> None:
    sign_in(person("rita", Role.RISK_OFFICER).user)
    page.goto(f"{live_server.url}/risk/")
    page.get_by_role("button", name="Add a rule").click()
    dialog = page.locator("#name-rule-dialog")
    dialog.get_by_role("textbox", name="Name").fill("TSLA")
    dialog.get_by_label("Reason, at least 15 characters").fill(WHY)
    dialog.get_by_role("button", name="Add").click()
    expect(page.locator("#name-rules")).to_contain_text("TSLA: closed only, everybody")
    page.get_by_role("button", name="Ask to lift TSLA: closed only, everybody").click()
    page.locator("#go-on-dialog").get_by_label("Reason").fill("The offer has been withdrawn.")
    page.locator("#go-on-dialog").get_by_role("button", name="Send").click()
    expect(page.locator("#name-rules")).to_contain_text("Another person decides it.")

    sign_in(person("adam", Role.ADMIN).user)
    page.goto(f"{live_server.url}/risk/")
    page.get_by_role("button", name="Confirm to lift TSLA: closed only, everybody").click()

    expect(page.locator("#name-rules")).to_contain_text("No rules of names.")
    assert NameRule.objects.get().lifted_at is not None


def test_a_mandate_is_signed_and_taken_back(
    page: Page, live_server: LiveServer, sign_in: Callable[[User], None]
) -> None:
    person("tom", Role.TRADER)
    sign_in(person("rita", Role.RISK_OFFICER).user)
    page.goto(f"{live_server.url}/risk/")
    expect(page.locator("#mandates")).to_contain_text("No script may send orders by itself.")
    page.get_by_role("button", name="Sign one").click()
    dialog = page.locator("#mandate-dialog")
    dialog.get_by_label("For whom").fill("tom")
    dialog.get_by_label("Dollars an order may use").fill("5000")
    dialog.get_by_label("Reason, at least 15 characters").fill("The nightly rebalancing script.")
    dialog.get_by_role("button", name="Sign").click()
    expect(page.locator("#mandates")).to_contain_text("$5,000 an order")

    page.get_by_role("button", name="Revoke the mandate of tom on GEN-1").click()
    page.locator("#revoke-dialog").get_by_label("Reason").fill("The script is retired today.")
    page.locator("#revoke-dialog").get_by_role("button", name="Revoke").click()

    expect(page.locator("#mandates")).to_contain_text("No script may send orders by itself.")
    assert Mandate.objects.get().revoked_at is not None


def test_a_risk_officer_lets_a_stopped_strategy_go_on(
    page: Page, live_server: LiveServer, sign_in: Callable[[User], None]
) -> None:
    account = make_account("REV-1")
    holds.stop(holds.Kind(account, Structure.CASH_SECURED_PUT, "TSLA", Side.SELL), fills=5, now=NOW)
    sign_in(person("rita", Role.RISK_OFFICER).user)
    page.goto(f"{live_server.url}/risk/")
    expect(page.locator("#strategy-holds")).to_contain_text("Cash secured put in TSLA, REV-1")

    page.get_by_role("button", name="Release Cash secured put in TSLA, REV-1").click()
    page.locator("#go-on-dialog").get_by_label("Reason").fill("The five were meant, one a week.")
    page.locator("#go-on-dialog").get_by_role("button", name="Send").click()

    expect(page.locator("#strategy-holds")).to_be_empty()
    assert StrategyHold.objects.get().released_by is not None


def test_who_trades_says_that_a_short_option_is_kept(
    page: Page, live_server: LiveServer, sign_in: Callable[[User], None]
) -> None:
    task = ExpiryTask.objects.create(
        account=make_account("REV-1"),
        instrument=make_option(PUT),
        cause="PINNED",
        day=NOW.date(),
        sentence="TSLA is at its strike.",
        found_at=NOW,
    )
    sign_in(person("tom", Role.TRADER).user)
    page.goto(f"{live_server.url}/risk/")
    page.get_by_role("button", name="Confirm that TSLA 6 Mar 240 put is kept, pinned").click()

    page.locator("#keep-dialog").get_by_label("Reason").fill("The shares are wanted at that price.")
    page.locator("#keep-dialog").get_by_role("button", name="Send").click()

    expect(page.locator("#expiry-tasks")).to_contain_text("No short option is near assignment.")
    task.refresh_from_db()
    assert task.acknowledged_by is not None


def test_an_officer_of_one_account_is_offered_its_own_limits_alone(
    page: Page, live_server: LiveServer, sign_in: Callable[[User], None]
) -> None:
    mine = make_account("REV-1")
    Limit.objects.create(code="positions", account=mine, unit="COUNT", hard=5, effective_at=NOW)
    sign_in(person("rita", Role.RISK_OFFICER, account=mine).user)

    page.goto(f"{live_server.url}/risk/")

    expect(page.locator("#limits-rows").get_by_role("button")).to_have_count(1)
    expect(page.locator("#limits-rows").get_by_role("button")).to_have_attribute(
        "aria-label", "Edit Positions of the account for REV-1"
    )
