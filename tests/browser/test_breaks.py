"""The break desk: what differs, since when, what is halted, and each decision with its reason."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from allcore.accounts.models import User
from risk.models import Role
from tests.browser.conftest import PHONE
from tests.browser.fake_socket import NOW, FakeSocket
from tests.builders.orders import make_sent_order, make_ticket
from tests.builders.risk import make_account, person
from trading.models import Break, ExternalOrder, Order, OrderRequest, Quarantine
from trading.services.advance import advance
from trading.services.fund import deposit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REASON = "Seen on the broker's own screen today."


@pytest.fixture
def furnished(socket: FakeSocket, sign_in: Callable[[User], None]) -> Order:
    """A break of each kind, a report set aside, an order in doubt and one from elsewhere."""
    account = make_account("REV-1")
    deposit(account, Decimal(1000), NOW, "Opening balance")
    doubtful = make_sent_order(make_ticket(account), account, origin="doubt")
    OrderRequest.objects.filter(order=doubtful).update(state="IN_DOUBT", queries=3, last_query_at=NOW)
    advance(doubtful, "send_timeout", now=NOW, source="DESK")
    strange = make_sent_order(make_ticket(account), account, origin="strange")
    advance(strange, "ack", now=NOW, source="BROKER")
    OrderRequest.objects.filter(order=strange).update(state="ACKED", answered_at=NOW, orig_cl_ord_id="typed-elsewhere")
    Order.objects.filter(pk=strange.pk).update(origin="EXTERNAL")
    ExternalOrder.objects.create(order=strange, theirs="typed-elsewhere")
    since = NOW - timedelta(minutes=5)
    for kind, subject, underlying, ours, theirs in (
        ("POSITION", "TSLA", "TSLA", "0", "7"),
        ("CASH", "USD", "", "1000.00", "988.00"),
        ("PRICE", "TSLA", "", "3.10", "3.20"),
    ):
        Break.objects.create(
            account=account,
            kind=kind,
            subject=subject,
            underlying=underlying,
            ours=ours,
            theirs=theirs,
            details={"avg_px": "240.00"} if kind == "POSITION" else {},
            found_at=since,
        )
    Quarantine.objects.create(
        connection=account.connection,
        code="EXEC_ID_CONFLICT",
        message="Execution e1 was booked with other content; the new one is not applied.",
        report={"account": account.broker_account, "cl_ord_id": "X", "fills": [{"exec_id": "e1"}]},
        received_at=NOW,
    )
    sign_in(person("ann", Role.RISK_OFFICER).user)
    return doubtful


def visit(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/breaks/")
    expect(page.locator("html")).to_have_attribute("data-live", "yes")
    expect(page.locator("#breaks-rows tr").first).to_be_visible()


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {n['html'][:160]}" for v in found if v["impact"] in {"serious", "critical"} for n in v["nodes"]
    ]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [None, PHONE], ids=["wide", "phone"])
@pytest.mark.usefixtures("furnished")
def test_everybody_can_use_it(page: Page, live_server: LiveServer, theme: str, size: dict[str, int] | None) -> None:
    page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    if size is not None:
        page.set_viewport_size(PHONE)

    visit(page, live_server)

    expect(page.locator("#external-rows")).to_contain_text("typed-elsewhere")
    assert serious(page) == []
    wide = page.evaluate("window.innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    box = page.get_by_role("button", name="Resolve Position TSLA on REV-1").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= wide  # reached without scrolling sideways


@pytest.mark.usefixtures("furnished")
def test_it_says_what_differs_since_when_and_what_is_halted(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server)

    row = page.locator("#breaks-rows tr").filter(has_text="Position TSLA")
    expect(row).to_contain_text("Opening TSLA")
    expect(row.locator("td").nth(2)).to_have_text("0")
    expect(row.locator("td").nth(3)).to_have_text("7")
    expect(row.locator("time")).to_have_attribute("title", "2026-06-10 13:55:00.000 UTC")
    expect(page.locator("#breaks-halted")).to_contain_text("Nothing is opened in TSLA on REV-1")


@pytest.mark.usefixtures("furnished")
def test_cash_is_booked_and_resolved_with_a_reason(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server)
    page.get_by_role("button", name="Resolve Cash USD on REV-1").click()
    dialog = page.locator("#resolve-dialog")
    dialog.get_by_label("Book the difference").check()
    dialog.get_by_label("Reason, at least 15 characters").fill(REASON)

    dialog.get_by_role("button", name="Resolve").click()

    expect(dialog).to_be_hidden()
    expect(page.locator("#breaks-rows")).not_to_contain_text("Cash USD")
    expect(page.locator("#resolved-rows")).to_contain_text(f"ann: {REASON}")
    assert serious(page) == []


def test_not_found_takes_two_steps(page: Page, live_server: LiveServer, furnished: Order) -> None:
    visit(page, live_server)
    page.get_by_role("button", name=f"Declare {furnished.cl_ord_id} not found").click()
    dialog = page.locator("#decide-dialog")
    dialog.get_by_label("Reason, at least 15 characters").fill(REASON)
    dialog.get_by_label("to confirm").fill("WRONG")
    dialog.get_by_role("button", name="Declare not found").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Nothing was changed")
    assert serious(page) == []

    dialog.get_by_label("to confirm").fill(furnished.cl_ord_id)
    dialog.get_by_role("button", name="Declare not found").click()

    expect(dialog).to_be_hidden()
    expect(page.locator("#doubt-rows")).to_contain_text("Every request has its answer.")


@pytest.mark.usefixtures("furnished")
def test_an_order_from_elsewhere_is_adopted_and_a_report_put_away(page: Page, live_server: LiveServer) -> None:
    visit(page, live_server)
    dialog = page.locator("#decide-dialog")
    page.get_by_role("button", name="Adopt typed-elsewhere").click()
    dialog.get_by_label("Reason, at least 15 characters").fill(REASON)
    dialog.get_by_role("button", name="Adopt").click()
    expect(page.locator("#external-rows")).to_contain_text("Adopted")

    page.get_by_role("button", name="Put report").click()
    dialog.get_by_label("Reason, at least 15 characters").fill(REASON)
    dialog.get_by_role("button", name="Put away").click()

    expect(page.locator("#quarantine-rows")).to_contain_text("Every report was applied.")


@pytest.mark.usefixtures("furnished")
def test_a_new_break_shows_by_itself(page: Page, live_server: LiveServer, socket: FakeSocket) -> None:
    visit(page, live_server)
    Break.objects.filter(kind="CASH").update(theirs="977.00")

    socket.send("breaks", "break_changed", {"what": "break", "id": 1})

    expect(page.locator("#breaks-rows")).to_contain_text("977.00")


@pytest.mark.usefixtures("furnished")
def test_who_may_not_resolve_has_no_buttons(
    page: Page, live_server: LiveServer, sign_in: Callable[[User], None]
) -> None:
    sign_in(person("bob", Role.VIEWER).user)

    visit(page, live_server)

    expect(page.get_by_role("button", name="Resolve Cash USD on REV-1")).to_have_count(0)
    expect(page.get_by_role("button", name="Adopt typed-elsewhere")).to_have_count(0)
