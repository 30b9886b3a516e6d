"""The desk page against a socket made by hand: what a person sees, and what each key and button does."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.models import User
from risk.models import Role
from tests.browser.cards import content, order, proposal
from tests.browser.fake_socket import FakeSocket
from tests.builders.risk import make_account, person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Open = Callable[..., None]


@pytest.fixture
def open_desk(page: Page, socket: FakeSocket, live_server: LiveServer, sign_in: Callable[[User], None]) -> Open:
    """Open the desk as an approver of REV-1, or as somebody with another role."""

    def open_(*rows: dict[str, Any], role: Role = Role.APPROVER) -> None:
        sign_in(person("ann", role, account=make_account("REV-1")).user)
        socket.rows["proposals"] = list(rows)
        page.goto(live_server.url)
        expect(page.locator("html")).to_have_attribute("data-live", "yes")

    return open_


class Answers:
    """What the REST API answers, and what it was asked."""

    def __init__(self, page: Page, path: str, status: int, body: dict[str, Any]) -> None:
        self.requests: list[Request] = []
        self._status, self._body = status, body
        page.route(re.compile(path), self._answer)

    def _answer(self, route: Route) -> None:
        self.requests.append(route.request)
        route.fulfill(status=self._status, content_type="application/json", body=json.dumps(self._body))

    @property
    def bodies(self) -> list[Any]:
        return [request.post_data_json for request in self.requests]


def refusal(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message, "detail": {}, "trace_id": "t" * 32}


def test_the_soonest_expiry_stands_first_and_is_shown(page: Page, open_desk: Open) -> None:
    open_desk(proposal("later", minutes=20), proposal("sooner", minutes=5))

    expect(page.locator(".queue-card .said")).to_have_text([re.compile("sooner"), re.compile("later")])
    expect(page.locator("#panel-sentence")).to_contain_text("sooner")
    expect(page.locator("#panel-body")).to_contain_text("Delta is 34.3, the range 30 to 40.")
    expect(page.locator("#panel-body .js-plotly-plot")).to_be_visible()


def test_approving_sends_the_hash_of_what_was_shown_once(page: Page, open_desk: Open) -> None:
    row = proposal("one")
    answers = Answers(page, "/approval/$", 201, {"proposal": row, "order": order("READY")})
    open_desk(row)

    page.get_by_role("button", name="Approve").click()

    expect(page.locator(".desk-toast.done")).to_contain_text("Approved and on its way")
    (request,) = answers.requests
    assert request.url.endswith(f"/api/v1/proposals/{row['id']}/approval/")
    assert answers.bodies == [{"content_hash": row["content_hash"]}]
    assert re.fullmatch(r"[0-9a-f]{32}", request.headers["idempotency-key"])
    assert request.headers["x-csrftoken"]


def test_the_keyboard_alone_moves_approves_and_rejects(page: Page, open_desk: Open) -> None:
    first, second = proposal("first", minutes=5), proposal("second", minutes=9)
    approvals = Answers(page, "/approval/$", 201, {"proposal": second, "order": order("READY")})
    rejections = Answers(page, "/rejection/$", 200, first)
    open_desk(first, second)
    expect(page.locator("#panel-sentence")).to_contain_text("first")
    expect(page.locator(".queue-card")).to_have_count(2)

    page.keyboard.press("j")
    expect(page.locator("#panel-sentence")).to_contain_text("second")
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    page.keyboard.press("a")
    expect(page.locator(".desk-toast.done")).to_be_visible()
    page.keyboard.press("k")
    expect(page.locator("#panel-sentence")).to_contain_text("first")
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    page.keyboard.press("r")
    page.get_by_label("Timing").check()
    page.get_by_role("button", name="Reject it").click()

    expect(page.locator("#reject-dialog")).to_be_hidden()
    assert [row["content_hash"] for row in approvals.bodies] == [second["content_hash"]]
    assert rejections.bodies == [{"reason_code": "TIMING", "reason_text": ""}]


def test_typing_into_a_field_decides_nothing(page: Page, open_desk: Open) -> None:
    answers = Answers(page, "/approval/$", 201, {"proposal": proposal("one"), "order": None})
    open_desk(proposal("one"))
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()

    page.keyboard.press("r")
    words = page.get_by_label("In words, if it helps")
    words.fill("")
    page.keyboard.type("a bad day")

    expect(words).to_have_value("a bad day")
    expect(page.locator("dialog[open]")).to_have_count(1)
    assert answers.requests == []


def test_a_change_asks_for_price_and_quantity_and_runs_risk(page: Page, open_desk: Open) -> None:
    answers = Answers(page, "/change/$", 201, proposal("changed"))
    open_desk(proposal("one"))
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()

    page.keyboard.press("c")
    page.get_by_label("Limit price").fill("3.50")
    page.get_by_label("Contracts").fill("1")
    page.get_by_role("button", name="Run risk and propose").click()

    expect(page.locator("#change-dialog")).to_be_hidden()
    assert answers.bodies == [{"limit_price": "3.50", "quantity": 1}]


def test_a_refusal_says_why_and_stays(page: Page, open_desk: Open) -> None:
    Answers(page, "/approval/$", 409, refusal("CONFLICT", "Bob was first: he rejected it. Nothing was sent."))
    open_desk(proposal("one"))

    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    page.keyboard.press("a")

    expect(page.get_by_role("alert").filter(has_text="Bob was first")).to_contain_text("Nothing was sent.")


def test_an_approval_without_an_answer_is_sent_again_under_the_same_key(page: Page, open_desk: Open) -> None:
    keys: list[str] = []

    def answer(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.abort()
        else:
            body = json.dumps({"proposal": proposal("one"), "order": order("READY")})
            route.fulfill(status=201, content_type="application/json", body=body)

    page.route(re.compile("/approval/$"), answer)
    open_desk(proposal("one"))

    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    page.keyboard.press("a")

    expect(page.locator(".desk-toast.done")).to_be_visible()
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_a_soft_breach_is_approved_with_a_reason_only(page: Page, open_desk: Open) -> None:
    row = proposal("one", outcome="SOFT_BLOCK")
    answers = Answers(page, "/approval/$", 201, {"proposal": row, "order": order("READY")})
    open_desk(row)

    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    page.keyboard.press("a")
    page.get_by_label("Why it is right all the same").fill("The name falls back below the cap on Friday.")
    page.locator("#override-dialog").get_by_role("button", name="Approve").click()

    expect(page.locator("#override-dialog")).to_be_hidden()
    assert answers.bodies == [
        {"content_hash": row["content_hash"], "reason": "The name falls back below the cap on Friday."}
    ]


def test_somebody_elses_decision_shows_by_itself(page: Page, socket: FakeSocket, open_desk: Open) -> None:
    row = proposal("one")
    open_desk(row)
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()

    socket.send(
        "proposals", "proposal", row | {"status": "APPROVED", "decided_by": "bob", "order_id": order("NEW")["id"]}
    )

    expect(page.locator("#panel-notice")).to_contain_text("Approved by bob")
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()


def test_a_card_under_the_pointer_never_moves(page: Page, socket: FakeSocket, open_desk: Open) -> None:
    open_desk(proposal("here", minutes=9))
    expect(page.locator("#panel-body .js-plotly-plot")).to_be_visible()
    card = page.locator(".queue-card").first
    card.hover()
    before = card.bounding_box()

    socket.send("proposals", "proposal", proposal("sooner", minutes=2))
    expect(page.locator("#queue-pill")).to_have_text("1 new")

    after = page.locator(".queue-card").first.bounding_box()
    assert before is not None
    assert after is not None
    expect(page.locator(".queue-card")).to_have_count(1)
    assert (after["x"], after["y"]) == (before["x"], before["y"])


def test_the_new_ones_come_in_when_the_pointer_leaves(page: Page, socket: FakeSocket, open_desk: Open) -> None:
    open_desk(proposal("here", minutes=9))
    page.locator(".queue-card").first.hover()
    socket.send("proposals", "proposal", proposal("sooner", minutes=2))
    expect(page.locator("#queue-pill")).to_be_visible()

    page.locator("#panel-sentence").hover()

    expect(page.locator(".queue-card .said")).to_have_text([re.compile("sooner"), re.compile("here")])
    expect(page.locator("#panel-sentence")).to_contain_text("here")


def test_a_screen_reader_hears_of_a_new_proposal(page: Page, socket: FakeSocket, open_desk: Open) -> None:
    open_desk()
    expect(page.locator("#queue-empty")).to_be_visible()

    socket.send("proposals", "proposal", proposal("fresh"))

    expect(page.locator("#queue-announcer")).to_contain_text("New proposal: Sell 2 TSLA")


def test_after_three_seconds_of_silence_it_says_not_live_and_nothing_can_be_done(
    page: Page, socket: FakeSocket, open_desk: Open
) -> None:
    open_desk(proposal("one"))
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()

    socket.pass_time(seconds=3.1)

    expect(page.locator("#live-banner")).to_contain_text("Not live since 10:00:00 EDT")
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()


def test_it_comes_back_by_itself(page: Page, socket: FakeSocket, open_desk: Open) -> None:
    open_desk(proposal("one"))
    socket.drop(stays_away=True)
    socket.pass_time(seconds=3.1)
    expect(page.locator("#live-banner")).to_be_visible()

    socket.is_away = False

    expect(page.locator("#live-banner")).to_be_hidden()

    expect(page.get_by_role("button", name="Approve")).to_be_enabled()


def test_a_hub_that_has_lost_redis_is_not_live(page: Page, socket: FakeSocket, open_desk: Open) -> None:
    open_desk(proposal("one"))

    socket.beat(live=False)

    expect(page.locator("#live-banner")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()


def test_a_gap_asks_for_the_stream_anew(page: Page, socket: FakeSocket, open_desk: Open) -> None:
    open_desk(proposal("one"))
    expect(page.locator(".queue-card")).to_have_count(1)

    socket.rows["proposals"] = [proposal("missed")]
    socket.send("proposals", "proposal", proposal("after"), skip=1)

    expect(page.locator(".queue-card .said")).to_have_text([re.compile("missed")])
    assert {"type": "resync", "stream": "proposals"} in socket.asked


def test_text_from_the_server_is_never_markup(page: Page, open_desk: Open) -> None:
    evil = '<img src=x onerror="document.body.dataset.hacked=1">'
    open_desk(proposal("one", sentence=evil, content=content(evil), account="REV-1"))

    expect(page.locator("#panel-sentence")).to_have_text(evil)
    expect(page.locator(".queue-card .said")).to_have_text(evil)
    assert page.evaluate("document.body.dataset.hacked") is None


def test_new_numbers_are_looked_at_before_they_can_be_approved(page: Page, socket: FakeSocket, open_desk: Open) -> None:
    row = proposal("old")
    fresh = proposal("new", content=content("Sell 2 TSLA 12 Jun 245 put at 3.30 limit, day", limit="3.30"))
    open_desk(row)
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()

    socket.send("proposals", "proposal", row | {"status": "WITHDRAWN"})
    socket.send("proposals", "proposal", fresh)

    expect(page.locator("#panel-notice")).to_contain_text("New numbers: limit 3.45 → 3.30")
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()
    socket.pass_time(seconds=1.3)
    socket.beat()
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()


def test_an_expired_proposal_cannot_be_approved(page: Page, socket: FakeSocket, open_desk: Open) -> None:
    open_desk(proposal("one", minutes=1))
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()

    socket.pass_time(seconds=60)
    socket.beat()

    expect(page.locator("#panel-notice")).to_contain_text("Expired. Nothing was sent.")
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()


def test_a_viewer_sees_why_they_cannot_approve(page: Page, open_desk: Open) -> None:
    open_desk(proposal("one"), role=Role.VIEWER)

    expect(page.get_by_role("button", name="Approve")).to_be_disabled()
    expect(page.locator("#why-not")).to_have_text("Your role cannot approve on REV-1.")
    expect(page.locator("#kill-button")).to_be_hidden()


def test_the_kill_switch_takes_two_steps(page: Page, open_desk: Open) -> None:
    answers = Answers(page, "/kill-switch/$", 200, {})
    open_desk()

    page.get_by_role("button", name="Kill switch").click()
    page.get_by_label("Cancel all").check()
    page.get_by_role("button", name="Arm").click()
    assert answers.requests == []
    page.get_by_role("button", name="Pull it now").click()

    expect(page.locator("#kill-dialog")).to_be_hidden()
    assert answers.bodies == [{"scope": "GLOBAL", "target": "", "level": 3, "reason": ""}]


def test_the_kill_switch_works_while_the_page_is_not_live(page: Page, socket: FakeSocket, open_desk: Open) -> None:
    answers = Answers(page, "/kill-switch/$", 200, {})
    open_desk()
    socket.beat(live=False)
    expect(page.locator("#live-banner")).to_be_visible()

    page.get_by_role("button", name="Kill switch").click()
    page.get_by_role("button", name="Arm").click()
    page.get_by_role("button", name="Pull it now").click()

    expect(page.locator("#kill-dialog")).to_be_hidden()
    assert len(answers.requests) == 1


def test_a_pulled_switch_stands_on_every_page(page: Page, socket: FakeSocket, open_desk: Open) -> None:
    open_desk()
    held = {"scope": "GLOBAL", "target": "", "level": 2, "label": "", "actor": "user:bob", "reason": "", "at": None}

    socket.beat(kill={"level": 2, "levels": [held], "file_level": 0, "releases": []})

    expect(page.locator("#kill-banner")).to_contain_text("the whole desk: 2 Block new")


def test_a_broker_that_is_down_is_said(page: Page, socket: FakeSocket, open_desk: Open) -> None:
    open_desk()

    socket.beat(connections=[{"name": "paper", "environment": "PAPER", "state": "DOWN", "is_paused": False}])

    expect(page.locator("#broker-banner")).to_contain_text("Broker paper: down")


def test_orders_and_positions_move_by_themselves(page: Page, socket: FakeSocket, open_desk: Open) -> None:
    open_desk()
    socket.send("orders", "order", order("NEW"))
    expect(page.locator("#orders-grid")).to_contain_text("New")

    socket.send("orders", "order", order("FILLED", cum_qty=2, leaves_qty=0, avg_px="3.46"))

    row = page.locator("#orders-grid [role=row]").filter(has_text="TSLA")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Filled")
    expect(row).to_contain_text("2 / 2")


def test_a_blotter_s_times_say_their_zone_once_and_a_day_that_is_not_today(
    page: Page, socket: FakeSocket, open_desk: Open
) -> None:
    open_desk()

    socket.send("orders", "order", [order("NEW"), order("FILLED", id="2", created_at="2026-06-09T14:00:00+00:00")])

    grid = page.locator("#orders-grid")
    expect(grid.get_by_role("columnheader", name="Time (ET)")).to_be_visible()
    expect(grid.locator("[col-id=created_at].ag-cell")).to_have_text(["10:00:00", "9 Jun 10:00"])


def test_the_strip_adds_up_the_accounts_and_follows_the_switch(page: Page, socket: FakeSocket, open_desk: Open) -> None:
    open_desk()
    zeros = dict.fromkeys(["realised", "unrealised", "net_delta", "net_theta", "cash", "deployed"], "0")
    for account, pnl in (("REV-1", "1500"), ("GEN-1", "-500")):
        socket.send("pnl", "pnl", {"account": account, "equity": "75000", "day_pnl": pnl, "breaches": 0, **zeros})

    expect(page.locator("#strip-day_pnl")).to_have_text("▲+$1,000")
    page.locator("#account-switch").select_option("REV-1")

    expect(page.locator("#strip-day_pnl")).to_have_text("▲+$1,500")


def test_an_alert_is_said_until_it_is_closed(page: Page, socket: FakeSocket, open_desk: Open) -> None:
    open_desk()

    socket.send("alerts", "order", {"code": "OVERFILL", "message": "The broker filled more than was ordered."})

    expect(page.get_by_role("alert").filter(has_text="Overfill")).to_contain_text("filled more than was ordered")
