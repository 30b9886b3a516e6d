"""What a script may send: what a person signed, up to its ceiling, until its end."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import ForbiddenError, InvalidInputError
from tests.trading.passage.conftest import STOCK, draft
from trading.domain.orders.terms import NewTerms
from trading.models import Approval, Mandate, Order, OrderRequest
from trading.services import submit
from trading.services.claim import claim_batch
from trading.services.mandates import MandateExceededError, NoMandateError, sign
from trading.services.revoke import revoke

pytestmark = pytest.mark.usefixtures("desk")
REASON = "The nightly rebalancing script of the desk."


@pytest.fixture
def officer() -> Actor:
    return Actor(User.objects.get(username="risk"))


@pytest.fixture
def script(trader: Actor) -> Actor:
    return Actor(trader.user, "token", "bot")


def signed(officer: Actor, ceiling: str = "2000.20") -> Mandate:
    return sign(
        account="GEN-1",
        grantee="trader",
        max_order_cash=Decimal(ceiling),
        days=1,
        reason=REASON,
        actor=officer,
        now=utc_now(),
    )


def send(script: Actor) -> Order:
    return submit.place(draft=draft(), actor=script, key="k", trace_id="t", now=utc_now())


def test_a_script_s_order_names_the_mandate_it_was_sent_under(officer: Actor, script: Actor) -> None:
    mandate = signed(officer)

    order = send(script)

    assert order.status == "READY"
    assert order.approval == Approval.objects.get(kind="MANDATE", mandate=mandate)


def test_an_order_at_the_ceiling_passes_and_a_cent_beyond_sends_nothing(officer: Actor, script: Actor) -> None:
    signed(officer, "2000.19")

    with pytest.raises(MandateExceededError, match="Nothing was sent"):
        send(script)

    assert not Order.objects.exists()


@pytest.mark.parametrize("change", [{"expires_at": timedelta(0)}, {"revoked_at": timedelta(0)}])
def test_a_mandate_that_has_ended_or_was_revoked_allows_nothing(
    officer: Actor, script: Actor, change: dict[str, timedelta]
) -> None:
    mandate, now = signed(officer), utc_now()
    Mandate.objects.filter(pk=mandate.pk).update(**{name: now + later for name, later in change.items()})

    with pytest.raises(NoMandateError):
        send(script)


def back(mandate: Mandate, actor: Actor, reason: str = "The script sends nonsense.") -> Mandate:
    return revoke(mandate_id=mandate.pk, reason=reason, actor=actor, now=utc_now())


def test_what_was_revoked_sends_nothing_more_and_no_older_one_takes_its_place(officer: Actor, script: Actor) -> None:
    older, newer = signed(officer, "5000"), signed(officer)

    back(newer, officer)

    with pytest.raises(NoMandateError):
        send(script)
    older.refresh_from_db()
    assert older.revoked_at is not None
    entry = AuditEntry.objects.get(action="mandate.revoked")
    assert (entry.subject, entry.payload["grantee"]) == (f"mandate:{newer.pk}", "trader")


def test_what_the_desk_holds_by_a_revoked_mandate_never_leaves(officer: Actor, trader: Actor, script: Actor) -> None:
    mandate = signed(officer)
    later = {"when": {"what": "PRICE", "symbol": STOCK, "is": ">=", "value": "999"}}
    held = submit.place(draft=draft(condition=later), actor=script, key="h", trace_id="t", now=utc_now())
    hers = submit.place(draft=draft(condition=later, quantity=9), actor=trader, key="x", trace_id="t", now=utc_now())
    out = submit.place(draft=draft(quantity=8), actor=script, key="o", trace_id="t", now=utc_now())
    assert (held.status, hers.status, out.status) == ("HELD", "HELD", "READY")

    back(mandate, officer)

    assert dict(Order.objects.values_list("pk", "status")) == {
        held.pk: "ABANDONED",
        hers.pk: "HELD",
        out.pk: "READY",
    }


def test_revoking_twice_is_revoking_once_and_a_token_may(officer: Actor) -> None:
    mandate = signed(officer)

    first = back(mandate, Actor(officer.user, "token", "bot"))
    again = back(mandate, officer)

    assert first.revoked_at == again.revoked_at
    assert AuditEntry.objects.filter(action="mandate.revoked").count() == 1


def test_a_trader_revokes_no_mandate_and_nobody_without_a_reason(officer: Actor, trader: Actor) -> None:
    mandate = signed(officer)

    with pytest.raises(ForbiddenError):
        back(mandate, trader)
    with pytest.raises(InvalidInputError):
        back(mandate, officer, "no")

    mandate.refresh_from_db()
    assert mandate.revoked_at is None


def test_the_database_keeps_one_mandate_for_a_grantee_on_an_account(officer: Actor) -> None:
    mandate = signed(officer)
    mandate.pk = None

    with pytest.raises(IntegrityError):
        mandate.save(force_insert=True)


def test_a_trader_signs_no_mandate(trader: Actor) -> None:
    with pytest.raises(ForbiddenError):
        signed(trader)


def test_a_token_signs_no_mandate(officer: Actor) -> None:
    with pytest.raises(ForbiddenError, match="by a person"):
        signed(Actor(officer.user, "token", "bot"))


@pytest.mark.parametrize(
    ("days", "ceiling", "reason"), [(0, "1", REASON), (91, "1", REASON), (1, "0", REASON), (1, "1", "short")]
)
def test_a_mandate_has_an_end_a_ceiling_and_a_reason(officer: Actor, days: int, ceiling: str, reason: str) -> None:
    with pytest.raises(InvalidInputError):
        sign(
            account="GEN-1",
            grantee="trader",
            max_order_cash=Decimal(ceiling),
            days=days,
            reason=reason,
            actor=officer,
            now=utc_now(),
        )


def dearer(order: Order, script: Actor, **terms: Any) -> Order:
    return submit.replace(order_id=order.pk, terms=NewTerms(**terms), actor=script, now=utc_now())


def sent(trader: Actor) -> Order:
    order = submit.place(draft=draft(), actor=trader, key="hers", trace_id="t", now=utc_now())
    claim_batch("paper", epoch=1, limit=10, now=utc_now())
    return order


def test_a_script_without_a_mandate_does_not_change_what_a_person_sent(trader: Actor, script: Actor) -> None:
    order = sent(trader)

    with pytest.raises(NoMandateError):
        dearer(order, script, limit_price=Decimal("20.01"))

    assert not OrderRequest.objects.filter(order=order, kind="REPLACE").exists()


def test_a_script_changes_an_order_up_to_the_ceiling_and_not_a_cent_beyond(
    officer: Actor, trader: Actor, script: Actor
) -> None:
    order = sent(trader)
    signed(officer, "2000.21")

    with pytest.raises(MandateExceededError):
        dearer(order, script, quantity=2 * order.order_qty)

    assert not OrderRequest.objects.filter(order=order, kind="REPLACE").exists()

    dearer(order, script, limit_price=Decimal("200.01"))

    assert OrderRequest.objects.filter(order=order, kind="REPLACE").count() == 1
