"""Soft blocks of a ticket by hand: a second person accepts them, of just that ticket, once, and not for long."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.test import Client

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from brokers.models import Connection
from risk.models import AccountGrant, Limit, Role
from tests.trading.passage.conftest import draft, refresh
from trading.models import Mandate, Order, OrderRequest, SoftOverride
from trading.services import mandates, overrides, submit
from trading.services.overrides import OverrideRefusedError

pytestmark = pytest.mark.usefixtures("desk")
REASON = "The hedge needs the whole size today"


@pytest.fixture
def officer(desk: Connection) -> Actor:
    user = User.objects.create_user("officer")
    AccountGrant.objects.create(user=user, account=None, role=Role.RISK_OFFICER)
    return Actor(user)


@pytest.fixture(autouse=True)
def soft(desk: Connection) -> None:
    """Block what is for more than $1,000 softly: ten shares are for $2,000.20."""
    Limit.objects.filter(code="order_notional_paper").update(soft=1000)


def ask(actor: Actor, *, reason: str = REASON, **changes: object) -> SoftOverride:
    refresh()
    return overrides.ask(draft=draft(**changes), reason=reason, actor=actor, now=utc_now())


def place(actor: Actor, row: SoftOverride | None, **changes: object) -> Order:
    named = None if row is None else row.pk
    return submit.place(draft=draft(override=named, **changes), actor=actor, key="k", trace_id="t", now=utc_now())


def test_a_soft_block_stands_without_an_override(trader: Actor) -> None:
    assert place(trader, None).status == "DENIED"


def test_an_accepted_override_lets_the_ticket_go_and_is_used_up(trader: Actor, officer: Actor) -> None:
    row = ask(trader)
    overrides.decide(row.pk, accept=True, actor=officer, now=utc_now())

    order = place(trader, row)

    row.refresh_from_db()
    assert (order.status, row.status, row.order) == ("READY", "USED", order)
    assert order.approval is not None
    assert order.approval.content_hash == row.ticket_hash
    told = AuditEntry.objects.filter(subject=f"override:{row.pk}").order_by("id")
    assert [entry.action for entry in told] == ["override.asked", "override.accepted", "override.used"]
    assert told[1].payload["rules"] == ["order_notional"]
    assert told[1].payload["reason"] == REASON
    assert told[2].payload["order"] == str(order.pk)


def test_a_used_override_lets_nothing_else_go(trader: Actor, officer: Actor) -> None:
    row = ask(trader)
    overrides.decide(row.pk, accept=True, actor=officer, now=utc_now())
    place(trader, row)

    with pytest.raises(OverrideRefusedError, match="was used"):
        submit.place(draft=draft(override=row.pk), actor=trader, key="other", trace_id="t", now=utc_now())


@pytest.mark.parametrize(
    "other", [{"quantity": 11}, {"limit_price": Decimal("200.01")}, {"account": "REV-1"}, {"time_in_force": "GTC"}]
)
def test_it_is_for_that_very_ticket(trader: Actor, officer: Actor, other: dict[str, object]) -> None:
    row = ask(trader)
    overrides.decide(row.pk, accept=True, actor=officer, now=utc_now())

    with pytest.raises(OverrideRefusedError, match=r"not the one that was shown.*Nothing was sent"):
        place(trader, row, **other)
    assert not OrderRequest.objects.exists()


@pytest.mark.parametrize(("micros", "passes"), [(-1, True), (0, True), (1, False)])
def test_it_expires(trader: Actor, officer: Actor, micros: int, passes: bool) -> None:
    row, now = ask(trader), utc_now()
    overrides.decide(row.pk, accept=True, actor=officer, now=now)
    SoftOverride.objects.update(expires_at=now)

    def send() -> Order:
        at = now + timedelta(microseconds=micros)
        return submit.place(draft=draft(override=row.pk), actor=trader, key="k", trace_id="t", now=at)

    if passes:
        assert send().status == "READY"
    else:
        with pytest.raises(OverrideRefusedError, match="expired"):
            send()


def test_a_yes_is_good_for_five_minutes(trader: Actor, officer: Actor) -> None:
    now = utc_now()

    row = overrides.decide(ask(trader).pk, accept=True, actor=officer, now=now)

    assert row.expires_at == now + timedelta(minutes=5)


def test_what_was_not_shown_is_not_lifted(trader: Actor, officer: Actor) -> None:
    row = ask(trader)
    overrides.decide(row.pk, accept=True, actor=officer, now=utc_now())
    Limit.objects.filter(code="name_account").update(soft=0)

    order = place(trader, row)

    row.refresh_from_db()
    assert (order.status, row.status) == ("DENIED", "ACCEPTED")


def test_a_hard_block_is_not_asked_about_and_not_lifted(trader: Actor, officer: Actor) -> None:
    row = ask(trader)
    overrides.decide(row.pk, accept=True, actor=officer, now=utc_now())
    Limit.objects.filter(code="order_notional_paper").update(hard=1000)

    assert place(trader, row).status == "DENIED"
    with pytest.raises(OverrideRefusedError, match="Nobody overrides it"):
        ask(trader)


def test_what_passes_needs_none(trader: Actor) -> None:
    with pytest.raises(OverrideRefusedError, match="Nothing blocks"):
        ask(trader, quantity=1)


def test_who_asks_does_not_accept_even_with_every_role(trader: Actor) -> None:
    AccountGrant.objects.create(user=trader.user, account=None, role=Role.RISK_OFFICER)
    row = ask(Actor(User.objects.get(pk=trader.user.pk)))

    with pytest.raises(ForbiddenError, match="another person"):
        overrides.decide(row.pk, accept=True, actor=Actor(User.objects.get(pk=trader.user.pk)), now=utc_now())
    with pytest.raises(IntegrityError, match="an_override_is_of_two_people"):
        SoftOverride.objects.update(status="ACCEPTED", decided_by=trader.user, decided_at=utc_now())


def test_an_approver_does_not_accept_what_needs_a_risk_officer(trader: Actor, approver: Actor) -> None:
    with pytest.raises(ForbiddenError, match="override soft"):
        overrides.decide(ask(trader).pk, accept=True, actor=approver, now=utc_now())


def test_no_script_accepts(trader: Actor, officer: Actor) -> None:
    with pytest.raises(ForbiddenError, match="a person in the browser"):
        overrides.decide(ask(trader).pk, accept=True, actor=Actor(officer.user, "token", "bot"), now=utc_now())


def test_another_sender_does_not_use_it(trader: Actor, second_trader: Actor, officer: Actor) -> None:
    row = ask(trader)
    overrides.decide(row.pk, accept=True, actor=officer, now=utc_now())

    with pytest.raises(OverrideRefusedError, match="Somebody else"):
        place(second_trader, row)


def test_what_is_not_accepted_lifts_nothing(trader: Actor, officer: Actor) -> None:
    row = ask(trader)
    with pytest.raises(OverrideRefusedError, match="is asked, not accepted"):
        place(trader, row)

    overrides.decide(row.pk, accept=False, actor=officer, now=utc_now())

    with pytest.raises(OverrideRefusedError, match="is declined, not accepted"):
        place(trader, row)
    with pytest.raises(OverrideRefusedError, match="declined already"):
        overrides.decide(row.pk, accept=True, actor=officer, now=utc_now())


def test_a_script_needs_a_mandate_to_ask_and_to_send(trader: Actor, officer: Actor) -> None:
    script = Actor(trader.user, "token", "bot")
    with pytest.raises(ForbiddenError, match="mandate"):
        ask(script)
    row = ask(trader)
    overrides.decide(row.pk, accept=True, actor=officer, now=utc_now())

    with pytest.raises(ForbiddenError, match="mandate"):
        place(script, row)


def test_an_override_does_not_stretch_a_mandate(trader: Actor, officer: Actor) -> None:
    signed = {"account": "GEN-1", "grantee": "trader", "days": 5, "reason": "Rolls of the week by script"}
    mandates.sign(**signed, max_order_cash=Decimal(1500), actor=officer, now=utc_now())  # type: ignore[arg-type]
    script = Actor(trader.user, "token", "bot")
    row = ask(script)
    overrides.decide(row.pk, accept=True, actor=officer, now=utc_now())

    with pytest.raises(mandates.MandateExceededError):
        place(script, row)
    row.refresh_from_db()
    assert row.status == "ACCEPTED"
    assert Mandate.objects.exists()


@pytest.mark.parametrize(("length", "passes"), [(19, False), (20, True), (21, True)])
def test_the_reason_is_a_sentence(trader: Actor, length: int, passes: bool) -> None:
    if passes:
        assert ask(trader, reason="x" * length).status == "ASKED"
    else:
        with pytest.raises(InvalidInputError, match="at least 20"):
            ask(trader, reason="x" * length)


def test_asking_twice_is_asking_once(trader: Actor) -> None:
    assert ask(trader).pk == ask(trader).pk


def test_what_is_blocked_by_other_rules_meanwhile_is_another_question(trader: Actor) -> None:
    first = ask(trader)
    Limit.objects.filter(code="name_account").update(soft=0)

    second = ask(trader)

    assert second.pk != first.pk
    assert {check["code"] for check in second.checks} == {"order_notional", "name_account"}


def test_an_order_that_waits_is_judged_when_it_goes_and_not_overridden_before(trader: Actor) -> None:
    when = {"what": "PRICE", "symbol": "AMZN", "is": ">=", "value": "195"}

    with pytest.raises(OverrideRefusedError, match="asked again when it goes"):
        ask(trader, condition={"when": when})


def test_a_question_has_its_time(trader: Actor, officer: Actor) -> None:
    row = ask(trader)

    with pytest.raises(OverrideRefusedError, match="asks again"):
        overrides.decide(row.pk, accept=True, actor=officer, now=row.expires_at + timedelta(microseconds=1))
    assert overrides.decide(row.pk, accept=True, actor=officer, now=row.expires_at).status == "ACCEPTED"


def test_an_override_that_is_not_there_is_not_found(trader: Actor) -> None:
    with pytest.raises(NotFoundError):
        submit.place(
            draft=draft(override="00000000-0000-0000-0000-000000000000"),
            actor=trader,
            key="k",
            trace_id="t",
            now=utc_now(),
        )


def as_json(**changes: object) -> dict[str, object]:
    return {**draft(limit_price="200.02"), **changes}


def test_rest_asks_accepts_and_sends_and_the_order_shows_by_whom(client: Client, trader: Actor, officer: Actor) -> None:
    client.force_login(trader.user)
    client.get("/api/v1/overrides/")  # the first request loads the addresses, and quotes would age meanwhile
    refresh()
    asked = client.post("/api/v1/overrides/", as_json(reason=REASON), "application/json")
    assert asked.status_code == 201, asked.content
    address = f"/api/v1/overrides/{asked.json()['id']}/"
    client.force_login(officer.user)
    waiting = client.get("/api/v1/overrides/?status=ASKED").json()["results"]
    accepted = client.post(f"{address}decision/", {"accept": True}, "application/json")
    client.force_login(trader.user)
    refresh()

    sent = client.post("/api/v1/orders/", as_json(override=asked.json()["id"]), "application/json")

    assert [row["id"] for row in waiting] == [asked.json()["id"]]
    assert accepted.json()["status"] == "ACCEPTED"
    assert sent.status_code == 201, sent.content
    shown = client.get(f"/api/v1/orders/{sent.json()['id']}/").json()["override"]
    assert (shown["asked_by"], shown["decided_by"], shown["reason"]) == ("trader", "officer", REASON)
    assert [check["code"] for check in shown["checks"]] == ["order_notional"]
    page = client.get(f"/orders/{sent.json()['id']}/").content.decode()
    assert "Accepted by officer" in page
    assert REASON in page
    assert client.get(address).json()["status"] == "USED"


def test_a_stranger_sees_no_override(client: Client, trader: Actor) -> None:
    row = ask(trader)
    client.force_login(User.objects.create_user("stranger"))

    assert client.get(f"/api/v1/overrides/{row.pk}/").status_code == 404
    assert client.get("/api/v1/overrides/").json()["results"] == []
