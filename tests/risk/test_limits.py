"""Limits as rows: which is in force, and who may change it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from allcore.audit.models import AuditEntry
from allcore.kernel.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from brokers.models import Account
from risk.domain.defaults import DEFAULTS, LABELS
from risk.domain.edits import Edit
from risk.domain.limits import Bound, Direction, MissingNumberError, Unit
from risk.models import Limit, LimitChange, Role
from risk.selectors.limits import in_force
from risk.services.limits import (
    LimitChangedError,
    SecondPersonError,
    decide_change,
    ensure_defaults,
    request_change,
)
from risk.services.own_limits import narrow, own_limit
from tests.builders.risk import NOW, dec, make_account, person

pytestmark = pytest.mark.django_db
WHY = "The market has changed."
LATER = NOW + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def defaults(db: None) -> None:
    ensure_defaults(NOW)


def the(code: str) -> Limit:
    return Limit.objects.get(code=code, account=None, underlying="")


def edit(soft: str | None = None, hard: str | None = None, reason: str = WHY) -> Edit:
    return Edit(reason, None if soft is None else dec(soft), None if hard is None else dec(hard))


def test_every_default_is_a_row_with_a_label_and_a_hard_or_soft_value() -> None:
    assert set(Limit.objects.values_list("code", flat=True)) == set(DEFAULTS) == set(LABELS)


def test_defaults_are_inserted_once_and_leave_what_was_set() -> None:
    Limit.objects.filter(code="positions").update(hard=4)

    assert ensure_defaults(LATER) == 0
    assert the("positions").hard == 4


def test_a_larger_household_scales_its_dollars_alone() -> None:
    Limit.objects.all().delete()

    ensure_defaults(NOW, scale=Decimal(10))

    assert the("order_premium").hard == 250_000
    assert the("deployment").hard == dec("0.95")


def own(code: str, hard: str, *, account: Account | None = None, underlying: str = "") -> Limit:
    return Limit.objects.create(
        code=code, account=account, underlying=underlying, unit="COUNT", hard=dec(hard), effective_at=NOW
    )


def test_the_narrowest_limit_is_in_force() -> None:
    gen, rev = make_account("GEN-1"), make_account("REV-1")
    own("positions", "8", account=gen)
    own("positions", "12", account=gen, underlying="TSLA")

    assert in_force(gen, "TSLA")["positions"].hard == 12
    assert in_force(gen, "NVDA")["positions"].hard == 8
    assert in_force(rev, "TSLA")["positions"].hard == 10


def test_of_two_that_are_as_narrow_the_stricter_is_in_force() -> None:
    gen = make_account("GEN-1")
    own("positions", "8", account=gen)
    own("positions", "6", underlying="TSLA")
    own("expiry_day", "3600", account=gen)
    own("expiry_day", "9000", underlying="TSLA")

    assert in_force(gen, "TSLA")["positions"].hard == 6
    assert in_force(gen, "TSLA")["expiry_day"].hard == 9_000  # a floor: the higher is the stricter


def test_a_limit_that_nobody_set_is_missing_not_infinite() -> None:
    with pytest.raises(MissingNumberError, match="No limit is set for nonsense"):
        in_force(make_account())["nonsense"]


def test_the_version_names_the_values() -> None:
    account = make_account()
    before = in_force(account).version
    assert in_force(account).version == before

    Limit.objects.filter(code="positions").update(hard=9)

    assert in_force(account).version != before


def test_tightening_is_in_force_at_once() -> None:
    officer, limit, account = person("rita", Role.RISK_OFFICER), the("deployment"), make_account()

    change = request_change(limit.pk, edit=edit(hard="0.80"), actor=officer, now=LATER)

    assert change.status == LimitChange.Status.APPLIED
    assert in_force(account)["deployment"].hard == dec("0.80")
    limit.refresh_from_db()
    assert (limit.version, limit.effective_at) == (2, LATER)


def test_loosening_waits_for_a_second_person() -> None:
    officer, admin, account = person("rita", Role.RISK_OFFICER), person("ada", Role.ADMIN), make_account()

    change = request_change(the("deployment").pk, edit=edit(hard="0.99"), actor=officer, now=NOW)

    assert change.status == LimitChange.Status.PROPOSED
    assert in_force(account)["deployment"].hard == dec("0.95")
    decided = decide_change(change.pk, approve=True, actor=admin, now=LATER)
    assert (decided.status, decided.decided_by) == (LimitChange.Status.APPLIED, admin.user)
    assert in_force(account)["deployment"].hard == dec("0.99")


LOOSER = [
    ("deployment", edit(hard="0.950001"), True),
    ("deployment", edit(hard="0.949999"), False),
    ("deployment", edit(soft="0.90", hard="0.95"), False),
    ("name_household", edit(soft="0.20"), True),  # the hard limit is taken away
    ("name_household", edit(soft="0.19", hard="0.26"), True),
    ("name_household", edit(soft="0.21", hard="0.24"), True),
    ("name_household", edit(soft="0.19", hard="0.24"), False),
    ("buffer", edit(hard="0.04"), True),  # a floor
    ("buffer", edit(hard="0.06"), False),
    ("duplicate", edit(soft="60", hard="9"), True),
    ("duplicate", edit(soft="61", hard="11"), False),
]


@pytest.mark.parametrize(("code", "wanted", "is_loosening"), LOOSER)
def test_what_lets_anything_more_through_is_loosening(code: str, wanted: Edit, is_loosening: bool) -> None:
    change = request_change(the(code).pk, edit=wanted, actor=person("rita", Role.RISK_OFFICER), now=NOW)

    assert change.is_loosening is is_loosening


def test_a_bound_that_stays_is_not_loosened() -> None:
    bound = Bound(Unit.RATIO, dec("0.1"), dec("0.2"), Direction.CEILING)

    assert not bound.loosened_by(bound)
    assert bound.loosened_by(replace(bound, soft=None))
    assert not replace(bound, soft=None).loosened_by(bound)


def test_who_asked_does_not_confirm() -> None:
    officer = person("rita", Role.RISK_OFFICER)
    change = request_change(the("deployment").pk, edit=edit(hard="0.99"), actor=officer, now=NOW)

    with pytest.raises(SecondPersonError):
        decide_change(change.pk, approve=True, actor=officer, now=LATER)

    assert the("deployment").hard == dec("0.95")


@pytest.mark.parametrize("decided_by", ["the same person", "nobody"])
def test_the_database_refuses_a_loosening_without_a_second_person(decided_by: str) -> None:
    officer = person("rita", Role.RISK_OFFICER)
    change = request_change(the("deployment").pk, edit=edit(hard="0.99"), actor=officer, now=NOW)
    second = officer.user if decided_by == "the same person" else None

    with pytest.raises(IntegrityError, match="loosening_needs_a_second_person"), transaction.atomic():
        LimitChange.objects.filter(pk=change.pk).update(status="APPLIED", decided_by=second)


def test_who_asked_may_take_it_back() -> None:
    officer = person("rita", Role.RISK_OFFICER)
    change = request_change(the("deployment").pk, edit=edit(hard="0.99"), actor=officer, now=NOW)

    assert decide_change(change.pk, approve=False, actor=officer, now=LATER).status == "REJECTED"


def test_deciding_twice_is_deciding_once_and_the_other_way_is_a_conflict() -> None:
    officer, admin = person("rita", Role.RISK_OFFICER), person("ada", Role.ADMIN)
    change = request_change(the("deployment").pk, edit=edit(hard="0.99"), actor=officer, now=NOW)
    decide_change(change.pk, approve=True, actor=admin, now=LATER)

    decide_change(change.pk, approve=True, actor=admin, now=LATER)

    assert the("deployment").version == 2
    with pytest.raises(ConflictError, match="applied already"):
        decide_change(change.pk, approve=False, actor=admin, now=LATER)


def test_an_edit_that_was_overtaken_is_not_applied() -> None:
    officer, admin = person("rita", Role.RISK_OFFICER), person("ada", Role.ADMIN)
    looser = request_change(the("deployment").pk, edit=edit(hard="0.99"), actor=officer, now=NOW)
    request_change(the("deployment").pk, edit=edit(hard="0.50"), actor=officer, now=NOW)

    with pytest.raises(LimitChangedError):
        decide_change(looser.pk, approve=True, actor=admin, now=LATER)

    assert the("deployment").hard == dec("0.50")


def test_an_edit_of_what_one_has_not_seen_is_refused() -> None:
    officer = person("rita", Role.RISK_OFFICER)
    request_change(the("deployment").pk, edit=edit(hard="0.90"), actor=officer, now=NOW)

    with pytest.raises(LimitChangedError):
        request_change(the("deployment").pk, edit=edit(hard="0.85"), actor=officer, now=NOW, version=1)


def test_one_loosening_at_a_time_waits() -> None:
    officer = person("rita", Role.RISK_OFFICER)
    request_change(the("deployment").pk, edit=edit(hard="0.99"), actor=officer, now=NOW)

    with pytest.raises(ConflictError, match="waits for a second person"):
        request_change(the("deployment").pk, edit=edit(hard="0.98"), actor=officer, now=NOW)


@pytest.mark.parametrize(
    "wanted",
    [
        edit(hard="0.90", reason="x" * 14),
        edit(hard="0.90", reason=" " * 40),
        edit(),
        edit(hard="-0.01"),
        edit(hard="NaN"),
        edit(hard="Infinity"),
        edit(hard="0.9500001"),
        edit(hard="1e30"),
        edit(soft="0.96", hard="0.95"),
        edit(hard="0.95"),
        Edit(WHY),
    ],
)
def test_an_edit_that_cannot_be_meant_is_refused(wanted: Edit) -> None:
    with pytest.raises(InvalidInputError):
        request_change(the("deployment").pk, edit=wanted, actor=person("rita", Role.RISK_OFFICER), now=NOW)

    assert the("deployment").version == 1


def test_of_a_floor_the_soft_limit_is_the_higher() -> None:
    officer = person("rita", Role.RISK_OFFICER)

    with pytest.raises(InvalidInputError, match="before the hard one"):
        request_change(the("duplicate").pk, edit=edit(soft="10", hard="60"), actor=officer, now=NOW)


def test_fifteen_characters_are_a_reason() -> None:
    officer = person("rita", Role.RISK_OFFICER)

    change = request_change(the("deployment").pk, edit=edit(hard="0.90", reason="x" * 15), actor=officer, now=NOW)

    assert change.reason == "x" * 15


def test_an_edit_leaves_alone_what_it_does_not_name() -> None:
    officer = person("rita", Role.RISK_OFFICER)

    request_change(the("name_household").pk, edit=Edit(WHY, soft=dec("0.15")), actor=officer, now=NOW)

    assert (the("name_household").soft, the("name_household").hard) == (dec("0.15"), dec("0.25"))


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER, Role.APPROVER, Role.COMPLIANCE, Role.ADMIN])
def test_only_risk_officers_edit(role: Role) -> None:
    with pytest.raises(ForbiddenError):
        request_change(the("deployment").pk, edit=edit(hard="0.90"), actor=person("x", role), now=NOW)


def test_a_risk_officer_of_one_account_does_not_edit_everybodys_limit() -> None:
    officer = person("rita", Role.RISK_OFFICER, account=make_account())

    with pytest.raises(ForbiddenError):
        request_change(the("deployment").pk, edit=edit(hard="0.90"), actor=officer, now=NOW)


def test_an_unknown_limit_is_not_found() -> None:
    officer = person("rita", Role.RISK_OFFICER)

    with pytest.raises(NotFoundError):
        request_change(0, edit=edit(hard="0.90"), actor=officer, now=NOW)
    with pytest.raises(NotFoundError):
        decide_change(0, approve=True, actor=officer, now=NOW)


def test_every_edit_is_audited_with_old_and_new() -> None:
    officer, admin = person("rita", Role.RISK_OFFICER), person("ada", Role.ADMIN)
    looser = request_change(the("deployment").pk, edit=edit(hard="0.99"), actor=officer, now=NOW)
    decide_change(looser.pk, approve=False, actor=admin, now=LATER)
    request_change(the("deployment").pk, edit=edit(hard="0.90"), actor=officer, now=NOW)

    entries = AuditEntry.objects.order_by("id")

    assert [(e.action, e.actor) for e in entries] == [
        ("limit.change_proposed", "user:rita"),
        ("limit.change_rejected", "user:ada"),
        ("limit.changed", "user:rita"),
    ]
    assert entries[2].payload["hard"] == ["0.95", "0.9"]
    assert entries[2].payload["reason"] == WHY


def test_an_account_gets_a_stricter_limit_of_its_own_at_once() -> None:
    officer, gen, rev = person("rita", Role.RISK_OFFICER), make_account("GEN-1"), make_account("REV-1")

    change = narrow(own_limit(code="positions", account="GEN-1", hard=dec(5), reason=WHY), actor=officer, now=NOW)

    assert change.status == "APPLIED"
    assert (in_force(gen)["positions"].hard, in_force(rev)["positions"].hard) == (dec(5), dec(10))


def test_a_looser_limit_of_its_own_waits_like_any_loosening() -> None:
    officer, gen = person("rita", Role.RISK_OFFICER), make_account("GEN-1")

    change = narrow(own_limit(code="positions", account="GEN-1", hard=dec(20), reason=WHY), actor=officer, now=NOW)

    assert change.status == "PROPOSED"
    assert in_force(gen)["positions"].hard == 10


@pytest.mark.parametrize(
    "wanted",
    [
        own_limit(code="nonsense", underlying="TSLA", hard=dec(5), reason=WHY),
        own_limit(code="positions", hard=dec(5), reason=WHY),
        own_limit(code="positions", account="NOWHERE", hard=dec(5), reason=WHY),
    ],
)
def test_a_limit_of_its_own_needs_a_control_and_a_scope(wanted: object) -> None:
    with pytest.raises(InvalidInputError):
        narrow(wanted, actor=person("rita", Role.RISK_OFFICER), now=NOW)  # type: ignore[arg-type]  # it is one

    assert Limit.objects.count() == len(DEFAULTS)


def test_a_scope_has_one_limit_of_its_own() -> None:
    officer = person("rita", Role.RISK_OFFICER)
    wanted = own_limit(code="positions", underlying="TSLA", hard=dec(5), reason=WHY)
    narrow(wanted, actor=officer, now=NOW)

    with pytest.raises(ConflictError, match="already"):
        narrow(wanted, actor=officer, now=NOW)
