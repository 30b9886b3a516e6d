"""The strategy page: the protocol's numbers, a chapter at a time."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.models import User
from risk.models import Role
from tests.browser.fake_socket import NOW, FakeSocket
from tests.builders.risk import make_account, person
from trading.models import ParameterSet

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_protocol_s_numbers_are_chapters_that_open(
    page: Page, live_server: LiveServer, socket: FakeSocket, sign_in: Callable[[User], None]
) -> None:
    make_account("REV-1")
    sign_in(person("ann", Role.VIEWER).user)
    numbers = {"vix": {"red": 30, "max_pct": "0.10"}, "risk_free_rate": 0.045}
    ParameterSet.objects.create(version=1, parameters=numbers, is_active=True, created_at=NOW)

    page.goto(f"{live_server.url}/strategy/")

    expect(page.get_by_text("Risk free rate")).to_be_visible()
    expect(page.get_by_text("Max percent")).to_be_hidden()
    page.locator("summary", has_text="VIX").click()
    expect(page.get_by_text("Max percent")).to_be_visible()
