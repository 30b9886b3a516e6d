"""Signing in with a second factor, and the API's own pages: what a newcomer meets beside the desk."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.models import User
from allcore.accounts.tokens import issue
from allcore.kernel.clock import utc_now
from risk.models import Role
from tests.browser.conftest import PHONE
from tests.browser.fake_socket import FakeSocket
from tests.builders.risk import make_account, person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a long and quiet word"


@pytest.fixture
def trader() -> User:
    make_account("REV-1")
    user = person("ann", Role.TRADER).user
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_phone_can_read_the_code_of_the_second_factor_in_both_themes(
    page: Page, live_server: LiveServer, sign_in: Callable[[User], None], trader: User, theme: str
) -> None:
    sign_in(trader)
    page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/accounts/2fa/totp/activate/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()

    picture, secret = page.locator("img[src^='data:image/svg']"), page.get_by_label("Authenticator secret")
    expect(picture).to_have_css(
        "background-color", "rgb(255, 255, 255)"
    )  # black on the dark card is no code to a camera
    assert secret.evaluate("field => field.scrollWidth - field.clientWidth") == 0
    expect(page.get_by_text("ALL-USE Desk", exact=True)).to_be_visible()


def test_the_api_is_tried_with_a_token_from_its_own_page(page: Page, live_server: LiveServer, trader: User) -> None:
    _, key = issue(user=trader, name="a script", scopes=["read"], expires_at=None, actor="user:ann", now=utc_now())
    page.goto(f"{live_server.url}/api/docs/")
    page.get_by_role("button", name="Authorize").first.click()
    bearer = page.locator(".auth-container").filter(has_text="Bearer")
    bearer.get_by_role("textbox").fill(key)
    bearer.get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close").last.click()

    asked = page.locator("#operations-accounts-accounts_retrieve, .opblock-get").first
    asked.locator(".opblock-summary").click()
    asked.get_by_role("button", name="Try it out").click()
    asked.get_by_role("button", name="Execute").click()

    answer = asked.locator(".live-responses-table")
    expect(answer.locator(".response-col_status").last).to_contain_text("200")
    expect(answer).to_contain_text("REV-1")


def test_the_api_is_found_from_the_menu(
    page: Page, live_server: LiveServer, socket: FakeSocket, sign_in: Callable[[User], None], trader: User
) -> None:
    sign_in(trader)
    page.goto(f"{live_server.url}/orders/")
    expect(page.locator("html")).to_have_attribute("data-live", "yes")
    page.get_by_role("button", name="Account of ann").click()

    page.get_by_role("link", name="API", exact=True).click()

    expect(page.get_by_role("heading", name="ALL-USE Desk")).to_be_visible()
