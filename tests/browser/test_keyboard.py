"""The desk without a mouse: every action by keys, and a focus that live news does not take away."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.models import User
from risk.models import Role
from risk.services.limits import ensure_defaults
from tests.browser.cards import order, proposal
from tests.browser.fake_socket import NOW, FakeSocket
from tests.browser.test_desk import Answers
from tests.builders.orders import make_order, make_ticket
from tests.builders.risk import make_account, person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Open = Callable[..., None]
UNMARKED = """(it => {
  const style = getComputedStyle(it);
  const ringed = parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none";
  const seen = ringed || style.boxShadow !== "none" || it.closest(".ag-root") || it === document.body;
  return seen ? [] : [it.outerHTML.slice(0, 120)];
})(document.activeElement)"""


@pytest.fixture
def open_page(page: Page, socket: FakeSocket, live_server: LiveServer, sign_in: Callable[[User], None]) -> Open:
    """Open a page as an approver of REV-1, or as somebody with another role."""

    def open_(path: str, *rows: dict[str, Any], role: Role = Role.APPROVER) -> None:
        sign_in(person("ann", role, account=make_account("REV-1")).user)
        socket.rows["proposals"] = list(rows)
        page.goto(live_server.url + path)
        expect(page.locator("html")).to_have_attribute("data-live", "yes")

    return open_


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if (
            page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText")
            == name
        ):
            return
    raise AssertionError(f"Tab does not come to {name}.")


def test_the_first_tab_skips_the_menu(page: Page, open_page: Open) -> None:
    open_page("/")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()


def test_everything_the_keyboard_stops_at_shows_that_it_does(page: Page, open_page: Open) -> None:
    open_page("/", proposal("one"))

    bare: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        bare += page.evaluate(UNMARKED)

    assert bare == []


@pytest.mark.parametrize("key", ["r", "c"])
def test_a_dialog_opened_by_a_key_keeps_the_focus_and_esc_closes_it_with_nothing_done(
    page: Page, open_page: Open, key: str
) -> None:
    answers = Answers(page, "/(rejection|change)/$", 200, {})
    open_page("/", proposal("one"))
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    page.locator(".queue-card").focus()

    page.keyboard.press(key)
    dialog = page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog[open]')"
        )
    page.keyboard.press("Escape")

    expect(dialog).to_have_count(0)
    expect(page.locator(".queue-card")).to_be_focused()
    assert answers.requests == []


def test_one_dialog_after_another_opens_by_its_key(page: Page, open_page: Open) -> None:
    open_page("/", proposal("one"))
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()

    for key, name in (("r", "Reject"), ("c", "Change"), ("?", "Keyboard"), ("r", "Reject")):
        page.keyboard.press(key)
        expect(page.get_by_role("dialog", name=name)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)


def test_a_proposal_is_rejected_without_touching_the_mouse(page: Page, open_page: Open) -> None:
    answers = Answers(page, "/rejection/$", 200, proposal("one"))
    open_page("/", proposal("one"))
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()

    page.keyboard.press("r")
    expect(page.locator("#reject-dialog")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("Not before the report.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("dialog[open]")).to_have_count(0)
    (body,) = answers.bodies
    assert body["reason_text"] == "Not before the report."


def test_a_proposal_is_changed_without_touching_the_mouse(page: Page, open_page: Open) -> None:
    answers = Answers(page, "/change/$", 201, proposal("changed"))
    open_page("/", proposal("one"))
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()

    page.keyboard.press("c")
    expect(page.get_by_label("Limit price")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("3.50")
    page.keyboard.press("Enter")

    expect(page.locator("dialog[open]")).to_have_count(0)
    assert answers.bodies == [{"limit_price": "3.50", "quantity": 2}]


def test_a_proposal_is_held_by_a_key(page: Page, open_page: Open) -> None:
    answers = Answers(page, "/hold/$", 200, proposal("one"))
    open_page("/", proposal("one"))
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()

    page.keyboard.press("h")

    expect(page.locator(".desk-toast")).to_contain_text("Held")
    assert len(answers.requests) == 1


def test_the_reason_given_for_one_proposal_is_not_that_of_the_next(page: Page, open_page: Open) -> None:
    Answers(page, "/rejection/$", 200, proposal("one"))
    open_page("/", proposal("one"))
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    page.keyboard.press("r")
    page.get_by_label("In words, if it helps").fill("Earnings on Thursday.")
    page.keyboard.press("Escape")
    expect(page.locator("#reject-dialog")).to_be_hidden()

    page.keyboard.press("r")

    expect(page.locator("#reject-dialog")).to_be_visible()
    expect(page.get_by_label("In words, if it helps")).to_have_value("")


def test_a_key_that_comes_before_the_closed_dialog_lost_the_focus_counts(page: Page, open_page: Open) -> None:
    Answers(page, "/rejection/$", 200, proposal("one"))
    open_page("/", proposal("one"))
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    page.keyboard.press("r")
    expect(page.get_by_label("In words, if it helps")).to_be_visible()

    page.evaluate("""() => {
      const dialog = document.getElementById("reject-dialog");
      dialog.close();
      const press = new KeyboardEvent("keydown", { key: "r", bubbles: true });
      dialog.querySelector("textarea").dispatchEvent(press);
    }""")

    expect(page.locator("#reject-dialog")).to_be_visible()


def test_a_question_mark_lists_the_keys_on_every_page_and_gives_the_focus_back(page: Page, open_page: Open) -> None:
    open_page("/breaks/")
    page.get_by_role("link", name="Orders").focus()

    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_contain_text("approve what is shown")
    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Orders")).to_be_focused()


def test_the_list_of_keys_is_found_in_the_menu_too(page: Page, open_page: Open) -> None:
    open_page("/breaks/")
    page.get_by_role("button", name="Account of ann").press("Enter")
    page.get_by_role("button", name="Keyboard").press("Enter")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.get_by_role("button", name="Account of ann")).to_be_focused()


def test_a_question_mark_in_a_field_is_only_typed(page: Page, open_page: Open) -> None:
    open_page("/audit/")

    page.get_by_label("Action").press_sequentially("why?")

    expect(page.get_by_label("Action")).to_have_value("why?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()


def test_a_card_with_the_focus_keeps_it_when_another_comes(page: Page, socket: FakeSocket, open_page: Open) -> None:
    open_page("/", proposal("here", minutes=9))
    expect(page.locator(".queue-card")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator(".queue-card")).to_be_focused()

    socket.send("proposals", "proposal", proposal("sooner", minutes=2))

    expect(page.locator(".queue-card")).to_have_count(2)
    expect(page.locator(".queue-card").filter(has_text="here")).to_be_focused()


def test_when_the_card_with_the_focus_leaves_its_neighbour_takes_it(
    page: Page, socket: FakeSocket, open_page: Open
) -> None:
    gone, stays = proposal("gone", minutes=5), proposal("stays", minutes=9)
    open_page("/", gone, stays)
    expect(page.locator(".queue-card")).to_have_count(2)
    page.keyboard.press("k")
    expect(page.locator(".queue-card").filter(has_text="gone")).to_be_focused()

    socket.send("proposals", "proposal", gone | {"status": "REJECTED", "decided_by": "bob"})

    expect(page.locator(".queue-card")).to_have_count(1)
    expect(page.locator(".queue-card").filter(has_text="stays")).to_be_focused()


def test_enter_in_a_blotter_opens_the_order(page: Page, socket: FakeSocket, open_page: Open) -> None:
    socket.rows["orders"] = [order("FILLED")]
    open_page("/")

    page.locator("#orders-grid [col-id=status].ag-cell").click()
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(rf"/orders/{order('FILLED')['id']}/$"))


def test_the_kill_switch_is_reached_and_pulled_by_keys(page: Page, open_page: Open) -> None:
    answers = Answers(page, "/kill-switch/$", 200, {})
    open_page("/")

    tab_to(page, "Kill switch")
    page.keyboard.press("Enter")
    expect(page.locator("#kill-dialog")).to_be_visible()
    tab_to(page, "Arm")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")

    expect(page.locator("#kill-dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Kill switch")).to_be_focused()
    assert len(answers.requests) == 1


def test_a_limit_is_edited_by_keys_and_the_focus_comes_back_to_its_row(
    page: Page, socket: FakeSocket, live_server: LiveServer, sign_in: Callable[[User], None]
) -> None:
    make_account("REV-1")
    ensure_defaults(NOW)
    sign_in(person("ann", Role.RISK_OFFICER).user)
    page.goto(f"{live_server.url}/risk/")
    edit = page.locator("#limits-rows tr[data-code=buffer]").get_by_role("button")
    edit.press("Enter")
    page.locator("#limit-dialog").get_by_label("Hard").fill("0.20")
    page.keyboard.press("Tab")
    page.keyboard.type("Agreed for this week with all.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")

    page.keyboard.press("Enter")

    expect(page.locator("#limit-dialog")).to_be_hidden()
    expect(page.locator("#limit-changes")).to_contain_text("Agreed for this week")
    expect(edit).to_be_focused()


def test_an_order_s_button_keeps_the_focus_when_the_order_moves(
    page: Page, socket: FakeSocket, live_server: LiveServer, sign_in: Callable[[User], None]
) -> None:
    account = make_account("REV-1")
    made = make_order(make_ticket(account), account)
    sign_in(person("ann", Role.TRADER, account=account).user)
    page.goto(f"{live_server.url}/orders/{made.id}/")
    page.get_by_role("button", name="Cancel").focus()
    expect(page.locator("#order-cancel")).to_be_focused()

    with page.expect_response(re.compile(f"/orders/{made.id}/$")):
        socket.send("orders", "order", order("NEW", id=str(made.id)))

    expect(page.locator("#order-cancel")).to_be_focused()


def test_esc_closes_the_menu_of_a_phone(page: Page, open_page: Open) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_page("/breaks/")
    page.get_by_role("button", name="Menu").press("Enter")
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    expect(page.get_by_role("button", name="Menu")).to_be_focused()
