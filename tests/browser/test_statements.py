"""The card of day-end statements: each told in a line, and opened whole."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.models import User
from risk.models import Role
from tests.browser.fake_socket import FakeSocket
from tests.builders.risk import make_account, person
from trading.domain.books.statement import digest
from trading.models import DayStatement

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MONEY = ("cash", "settled_cash", "unsettled_cash", "equity", "opened_with", "day_pnl", "realised", "unrealised")
TERMS = ("delta", "gamma", "vega", "theta", "rho", "vanna", "volga", "trading", "fees", "events", "residual", "total")


def content(verdict: str) -> dict[str, Any]:
    lot = {"lot": "E7", "symbol": "TSLA", "description": "TSLA", "qty": -2, "price": "3.00", "cost": "-600.00"}
    position = {
        "symbol": "TSLA  260612P00250000", "description": "TSLA 12 Jun 250 put", "qty": -2, "avg_px": "3.00",
        "mark": "2.50", "is_stale": False, "market_value": "-500.00", "unrealised": "100.00", "realised": "0.00",
        "fees": "0.65", "income": "0.00", "day_pnl": "99.35", "lots": [lot],
    }  # fmt: skip
    broker_qty = -2 if verdict == "AGREES" else -3
    difference = {"kind": "POSITION", "subject": position["symbol"], "ours": "-2", "theirs": "-3"}
    return {
        "verdict": verdict,
        "differences": [] if verdict == "AGREES" else [difference],
        "money": {**dict.fromkeys(MONEY, "1000.00"), "fees": "0.65", "income": "0.00", "capital": "1000.00"},
        "explained": {**dict.fromkeys(TERMS, "1.00"), "missing": 0},
        "positions": [position],
        "broker": {
            "taken_at": "2026-06-10T20:16:00+00:00",
            "cash": "1000.00",
            "positions": [{"symbol": position["symbol"], "qty": broker_qty, "avg_px": "3.00"}],
        },
    }


@pytest.mark.parametrize("width", [1440, 390])
def test_statements_are_listed_and_opened_whole_with_what_differs(
    page: Page, socket: FakeSocket, live_server: LiveServer, sign_in: Callable[[User], None], width: int
) -> None:
    account = make_account("GEN-1")
    for day, verdict in ((9, "AGREES"), (10, "BREAKS")):
        said = content(verdict)
        DayStatement.objects.create(
            account=account, day=date(2026, 6, day), verdict=verdict, equity=Decimal(1000), day_pnl=Decimal("99.35"),
            content=said, digest=digest(said), made_at=datetime(2026, 6, day, 20, 16, tzinfo=UTC),
        )  # fmt: skip
    sign_in(person("ann", Role.TRADER, account=account).user)
    page.set_viewport_size({"width": width, "height": 900})

    page.goto(f"{live_server.url}/positions/")

    rows = page.locator("#statement-table tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Differs from the broker: 1")
    expect(rows.nth(1)).to_contain_text("Agrees with the broker")
    rows.nth(0).get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("ours -2, the broker's -3")
    expect(dialog).to_contain_text("E7")
    expect(dialog).to_contain_text("As it was made.")
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("#statement-dialog")).to_be_hidden()
    rows.nth(1).get_by_role("button").click()
    expect(dialog).to_contain_text("The broker's book of 10 Jun, 16:16")
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("#statement-dialog")).to_be_hidden()
