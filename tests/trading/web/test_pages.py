"""The pages: who sees what, and what stands in them."""

import re
from collections import Counter
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from allcore.accounts.models import User
from allcore.audit.services import record
from brokers import registry
from brokers.certification.checks import Finding, Outcome
from brokers.certification.levels import Level
from brokers.services import certification
from risk.models import AccountGrant, Role
from tests.builders.market import instrument, option
from tests.builders.orders import make_order, make_ticket
from tests.builders.risk import make_account, person

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)
PAGES = ["desk", "orders", "positions", "risk", "strategy", "audit"]


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_a_signed_in_person(client: Client, name: str) -> None:
    answer = client.get(reverse(name))

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_for_somebody_with_no_account_at_all(alice: User, name: str) -> None:
    assert browser_of(alice).get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_no_page_runs_an_inline_script(alice: User, name: str) -> None:
    answer = browser_of(alice).get(reverse(name))

    scripts = [tag for tag in answer.content.decode().split("<script")[1:] if 'type="application/json"' not in tag]
    assert all('src="' in tag.split(">")[0] for tag in scripts)
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_page_knows_what_its_person_may_do_where() -> None:
    viewer = person("viewer", Role.VIEWER, account=make_account("GEN-1")).user

    answer = browser_of(viewer).get(reverse("desk"))

    (account,) = answer.context["desk_page"]()["accounts"]
    assert account["code"] == "GEN-1"
    assert account["actions"] == ["VIEW"]


def test_the_mode_stands_on_every_page(alice: User) -> None:
    answer = browser_of(alice).get(reverse("risk"))

    assert b'class="badge-mode paper"' in answer.content


def test_an_orders_page_shows_its_life() -> None:
    account = make_account("GEN-1")
    order = make_order(make_ticket(account), account)
    viewer = person("viewer", Role.VIEWER, account=account).user

    answer = browser_of(viewer).get(reverse("order", args=[order.pk]))

    assert answer.status_code == 200
    assert order.cl_ord_id in answer.content.decode()


def test_somebody_elses_order_is_not_there(alice: User) -> None:
    account = make_account("GEN-1")
    order = make_order(make_ticket(account), account)

    assert browser_of(alice).get(reverse("order", args=[order.pk])).status_code == 404


def test_an_order_that_is_not_there_is_a_designed_page(alice: User) -> None:
    answer = browser_of(alice).get(reverse("order", args=[uuid4()]))

    assert answer.status_code == 404
    assert b"There is nothing here" in answer.content


def test_the_chain_opens_at_an_underlying_that_has_options(alice: User) -> None:
    instrument(option("TSLA", date(2026, 6, 12), "P", 245))

    answer = browser_of(alice).get(reverse("chains"))

    assert answer.headers["Location"] == "/chain/TSLA/"


def test_without_options_the_chain_says_how_to_get_them(alice: User) -> None:
    answer = browser_of(alice).get(reverse("chains"))

    assert b"No options are listed yet" in answer.content


@pytest.mark.parametrize("page", ["chain", "ticket"])
def test_a_name_in_small_letters_leads_to_its_page(alice: User, page: str) -> None:
    instrument(option("TSLA", date(2026, 6, 12), "P", 245))

    answer = browser_of(alice).get(reverse(page, args=["tsla"]))

    assert answer.headers["Location"] == reverse(page, args=["TSLA"])


def test_a_chain_of_nothing_known_is_not_there(alice: User) -> None:
    assert browser_of(alice).get(reverse("chain", args=["NOPE"])).status_code == 404


def test_the_trail_shows_entries_of_ones_accounts_alone() -> None:
    viewer = person("viewer", Role.VIEWER, account=make_account("GEN-1")).user
    record("order.staged", "order:mine", {}, actor="user:a", at=NOW, account="GEN-1")
    record("order.staged", "order:theirs", {}, actor="user:a", at=NOW, account="REV-1")
    record("user.created", "user:bob", {}, actor="user:a", at=NOW)

    shown = browser_of(viewer).get(reverse("audit")).context["entries"]

    assert [entry.subject for entry in shown] == ["order:mine"]


def test_who_reads_the_audit_trail_reads_what_concerns_no_account() -> None:
    officer = person("officer", Role.RISK_OFFICER).user
    make_account("GEN-1")
    record("order.staged", "order:one", {}, actor="user:a", at=NOW, account="GEN-1")
    record("user.created", "user:bob", {}, actor="user:a", at=NOW)

    shown = browser_of(officer).get(reverse("audit")).context["entries"]

    assert [entry.subject for entry in shown] == ["user:bob", "order:one"]


def test_the_trail_is_narrowed_by_action_account_and_word() -> None:
    viewer = person("viewer", Role.VIEWER, account=make_account("GEN-1")).user
    record("order.staged", "order:one", {}, actor="user:a", at=NOW, account="GEN-1")
    record("order.sent", "order:two", {}, actor="user:a", at=NOW, account="GEN-1")
    record("proposal.approved", "proposal:one", {}, actor="user:a", at=NOW, account="GEN-1")

    shown = browser_of(viewer).get(reverse("audit"), {"action": "order", "text": "two", "account": "GEN-1"})

    assert [entry.subject for entry in shown.context["entries"]] == ["order:two"]


def test_asking_for_an_account_one_may_not_see_shows_nothing() -> None:
    viewer = person("viewer", Role.VIEWER, account=make_account("GEN-1")).user
    record("order.staged", "order:theirs", {}, actor="user:a", at=NOW, account="REV-1")

    shown = browser_of(viewer).get(reverse("audit"), {"account": "REV-1"})

    assert shown.context["entries"] == []


def test_a_viewer_does_not_have_the_chain_checked(alice: User) -> None:
    assert browser_of(alice).post(reverse("audit_verification")).status_code == 403


def test_a_risk_officer_has_the_chain_checked() -> None:
    officer = person("officer", Role.RISK_OFFICER).user

    answer = browser_of(officer).post(reverse("audit_verification"))

    assert answer.context["report"].holds


def test_the_strategy_page_shows_notes_of_ones_accounts_alone() -> None:
    viewer = person("viewer", Role.VIEWER).user
    AccountGrant.objects.filter(user=viewer).delete()

    answer = browser_of(viewer).get(reverse("strategy"))

    assert list(answer.context["notes"]) == []


def test_the_brokers_page_shows_how_each_adapter_answered_the_contract(alice: User) -> None:
    said = (("it_acks", Outcome.FAIL), ("it_cancels", Outcome.PASS))
    findings = [Finding(f"contract: {name}", outcome, "") for name, outcome in said]
    certification.keep(certification.Run("paper", Level.SIMULATED, None, findings, NOW, NOW), by="Ann")

    page = browser_of(alice).get(reverse("brokers")).content.decode()

    rows = {row.partition("</th>")[0]: row for row in page.split('<th scope="row">')[1:]}
    assert list(rows) == ["it acks", "it cancels"]
    assert (">fail<" in rows["it acks"], ">pass<" in rows["it cancels"]) == (True, True)
    assert rows["it acks"].count("not run") == len(registry.BROKERS) - 1


@pytest.mark.parametrize("name", [*PAGES, "brokers"])
def test_no_two_regions_of_a_page_have_one_name(alice: User, name: str) -> None:
    page = browser_of(alice).get(reverse(name)).content.decode()

    regions = re.findall(r'<section\b[^>]*>|<\w+\b[^>]*role="region"[^>]*>', page)
    names = Counter(named for tag in regions for named in re.findall(r'aria-label(?:ledby)?="([^"]*)"', tag))
    assert {named: count for named, count in names.items() if count > 1} == {}


def test_the_kill_switch_comes_before_the_limits_on_the_risk_page(alice: User) -> None:
    page = browser_of(alice).get(reverse("risk")).content.decode()

    assert page.index("<h2>Kill switch</h2>") < page.index('id="limits-title"')
