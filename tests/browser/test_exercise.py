"""The card of exercise instructions: how each stands, what may still be done with it, and who tells the broker."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.models import User
from risk.models import Role
from tests.browser.fake_socket import FakeSocket
from tests.builders.risk import make_account, person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BY_HAND = "E*TRADE takes no instructions from the desk: tell it by phone or on its own page; this is only a note of it."
BY_ITSELF = "Sent to Paper at once; it counts when Paper has accepted it."
STATES = [
    ("RECORDED", "Recorded at the desk", False, "", None),
    ("ACCEPTED", "Accepted by the broker", True, "", None),
    ("REFUSED", "Refused", True, "It came after its cut-off.", None),
    ("DONE", "Done", True, "", 2),
]


def row(number: int, state: str, said: str, travels: bool, answer: str, exercised: int | None) -> dict[str, object]:
    return {
        "id": f"00000000-0000-0000-0000-00000000000{number}", "account": "GEN-1", "symbol": "TSLA  260612P00250000",
        "said": "TSLA 12 Jun 26 250 put", "kind": "DO_NOT_EXERCISE", "qty": 2, "state": state, "said_state": said,
        "travels": travels, "note": BY_ITSELF if travels else BY_HAND, "reason": "", "answer": answer,
        "exercised": exercised, "sent_at": None, "cut_off_at": "2026-06-12T20:00:00+00:00", "given_by": "ann",
        "given_at": "2026-06-10T14:00:00+00:00", "may_be_confirmed": state == "RECORDED" and not travels,
    }  # fmt: skip


@pytest.mark.parametrize("width", [1440, 390])
def test_each_state_is_said_with_its_reason_and_what_may_be_done(
    page: Page, socket: FakeSocket, live_server: LiveServer, sign_in: Callable[[User], None], width: int
) -> None:
    sign_in(person("ann", Role.TRADER, account=make_account("GEN-1")).user)
    answer = {"results": [row(n, *state) for n, state in enumerate(STATES)], "options": []}

    def fulfil(route: Route) -> None:
        route.fulfill(status=200, content_type="application/json", body=json.dumps(answer))

    page.route(re.compile("/exercise-instructions/"), fulfil)
    page.set_viewport_size({"width": width, "height": 900})

    page.goto(f"{live_server.url}/positions/")

    rows = page.locator("#exercise-rows tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(0).get_by_role("button")).to_have_text(["Broker has it", "Withdraw"])
    expect(rows.nth(1).get_by_role("button")).to_have_text(["Withdraw"])
    expect(rows.nth(2)).to_contain_text("Refused: It came after its cut-off.")
    expect(rows.nth(2).get_by_role("button")).to_have_count(0)
    expect(rows.nth(3)).to_contain_text("Done: 2 exercised")
    expect(page.locator("#exercise-note")).to_have_text(BY_HAND)
    box = rows.nth(0).get_by_role("button", name="Withdraw").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= width  # reached without scrolling sideways


def test_before_an_instruction_is_given_its_way_and_its_cut_off_are_told(
    page: Page, socket: FakeSocket, live_server: LiveServer, sign_in: Callable[[User], None]
) -> None:
    sign_in(person("ann", Role.TRADER, account=make_account("GEN-1")).user)
    told = ("account", "symbol", "said", "qty", "note", "cut_off_at")
    held = {name: row(0, *STATES[1])[name] for name in told}

    def fulfil(route: Route) -> None:
        route.fulfill(status=200, content_type="application/json", body=json.dumps({"results": [], "options": [held]}))

    page.route(re.compile("/exercise-instructions/"), fulfil)
    page.goto(f"{live_server.url}/positions/")

    page.get_by_role("button", name="Instruct").click()

    expect(page.locator("#exercise-how")).to_have_text(f"{BY_ITSELF} Cut-off of the last day: 12 Jun, 16:00 EDT.")
