"""Who may do what on which account."""

from itertools import product

import pytest
from pytest_django import DjangoAssertNumQueries

from allcore.accounts.models import User
from allcore.kernel.errors import ForbiddenError
from risk.domain.permissions import ACTIONS, Action, RoleName, actions_of, needed_to_override
from risk.domain.verdict import Level
from risk.models import AccountGrant, Role
from risk.selectors import permissions
from tests.builders.risk import make_account, person

A = Action
EVERYBODY = frozenset(RoleName)
TRADES = frozenset({RoleName.TRADER, RoleName.APPROVER, RoleName.RISK_OFFICER})

# The matrix once more, the other way round: written by action, so that a slip in either is seen.
HOLDERS: dict[Action, frozenset[RoleName]] = {
    A.VIEW: EVERYBODY,
    A.PROPOSE: frozenset({RoleName.TRADER}),
    A.SEND_ORDER: frozenset({RoleName.TRADER}),
    A.CANCEL_ORDER: TRADES,
    A.CHANGE_PROPOSAL: frozenset({RoleName.TRADER, RoleName.APPROVER}),
    A.REJECT_PROPOSAL: TRADES,
    A.APPROVE_PROPOSAL: TRADES,
    A.OVERRIDE_SOFT: frozenset({RoleName.RISK_OFFICER}),
    A.OVERRIDE_PROTOCOL: frozenset({RoleName.APPROVER, RoleName.RISK_OFFICER}),
    A.SIGN_MANDATE: frozenset({RoleName.RISK_OFFICER}),
    A.RESOLVE_BREAK: frozenset({RoleName.RISK_OFFICER}),
    A.PAUSE_CONNECTION: frozenset({RoleName.RISK_OFFICER, RoleName.ADMIN}),
    A.ENGAGE_KILL: TRADES,
    A.RELEASE_KILL: frozenset({RoleName.RISK_OFFICER, RoleName.ADMIN}),
    A.EDIT_LIMITS: frozenset({RoleName.RISK_OFFICER}),
    A.DECIDE_LIMITS: frozenset({RoleName.RISK_OFFICER, RoleName.ADMIN}),
    A.READ_AUDIT: frozenset({RoleName.RISK_OFFICER, RoleName.COMPLIANCE, RoleName.ADMIN}),
    A.EXPORT: frozenset({RoleName.COMPLIANCE}),
    A.ADMINISTER: frozenset({RoleName.ADMIN}),
}


@pytest.mark.parametrize(("role", "action"), list(product(RoleName, Action)), ids=str)
def test_each_role_may_do_exactly_its_actions(role: RoleName, action: Action) -> None:
    assert (action in actions_of([role])) is (role in HOLDERS[action])


def test_every_role_of_the_table_can_be_granted() -> None:
    assert {str(role) for role in ACTIONS} == set(Role.values)


def test_admins_do_not_trade() -> None:
    trading = {A.PROPOSE, A.SEND_ORDER, A.CANCEL_ORDER, A.CHANGE_PROPOSAL, A.APPROVE_PROPOSAL, A.OVERRIDE_SOFT}

    assert not trading & actions_of([RoleName.ADMIN])


def test_several_roles_add_up() -> None:
    both = actions_of([RoleName.TRADER, RoleName.COMPLIANCE])

    assert both == ACTIONS[RoleName.TRADER] | ACTIONS[RoleName.COMPLIANCE]


def test_protocol_rules_are_overridden_by_approvers_and_risk_rules_by_risk_officers() -> None:
    assert needed_to_override([Level.PROTOCOL_SOFT]) == {A.OVERRIDE_PROTOCOL}
    assert needed_to_override([Level.RISK_SOFT]) == {A.OVERRIDE_SOFT}
    assert needed_to_override([Level.SAFETY, Level.PROTOCOL_SOFT]) == {A.OVERRIDE_SOFT, A.OVERRIDE_PROTOCOL}
    assert needed_to_override([]) == frozenset()


@pytest.mark.django_db
def test_a_grant_on_one_account_says_nothing_of_another() -> None:
    gen, rev = make_account("GEN-1"), make_account("REV-1")
    trader = person("tom", Role.TRADER, account=gen).user

    assert permissions.may(trader, A.SEND_ORDER, gen)
    assert not permissions.may(trader, A.SEND_ORDER, rev)
    assert not permissions.may(trader, A.SEND_ORDER)
    assert permissions.may_anywhere(trader, A.SEND_ORDER)
    assert list(permissions.visible_accounts(trader)) == [gen]


@pytest.mark.django_db
def test_a_grant_on_all_accounts_holds_for_each_and_for_the_desk() -> None:
    gen, rev = make_account("GEN-1"), make_account("REV-1")
    officer = person("rita", Role.RISK_OFFICER).user

    assert permissions.may(officer, A.EDIT_LIMITS, gen)
    assert permissions.may(officer, A.EDIT_LIMITS)
    assert list(permissions.visible_accounts(officer)) == [gen, rev]


@pytest.mark.django_db
def test_accounts_are_found_by_what_one_may_do_on_them() -> None:
    gen, rev = make_account("GEN-1"), make_account("REV-1")
    user = person("vera", Role.VIEWER).user
    AccountGrant.objects.create(user=user, account=rev, role=Role.TRADER)

    assert list(permissions.visible_accounts(user)) == [gen, rev]
    assert list(permissions.accounts_where(user, A.SEND_ORDER)) == [rev]


@pytest.mark.django_db
def test_who_has_no_grant_may_nothing_and_sees_nothing() -> None:
    account, nobody = make_account(), person("nobody").user

    assert permissions.actions_of(nobody, account) == frozenset()
    assert list(permissions.visible_accounts(nobody)) == []
    with pytest.raises(ForbiddenError, match="nobody may not view on GEN-1"):
        permissions.require(nobody, A.VIEW, account)
    with pytest.raises(ForbiddenError):
        permissions.require_anywhere(nobody, A.VIEW)


@pytest.mark.django_db
def test_a_superuser_without_a_grant_may_nothing_on_the_desk() -> None:
    root = User.objects.create(username="root", password="!", is_superuser=True, is_staff=True)

    assert permissions.actions_of(root, make_account()) == frozenset()


@pytest.mark.django_db
def test_who_has_left_may_nothing() -> None:
    account, trader = make_account(), person("tom", Role.TRADER).user
    trader.is_active = False

    assert not permissions.may(trader, A.VIEW, account)


@pytest.mark.django_db
def test_grants_are_read_once_for_each_request(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    account = make_account()
    trader = User.objects.get(pk=person("tom", Role.TRADER).user.pk)

    with django_assert_num_queries(1):
        permissions.require(trader, A.SEND_ORDER, account)
        permissions.require(trader, A.CANCEL_ORDER, account)
        permissions.may_anywhere(trader, A.EXPORT)


@pytest.mark.django_db
def test_a_grant_that_is_taken_away_is_gone_at_the_next_request() -> None:
    account, trader = make_account(), person("tom", Role.TRADER).user
    assert permissions.may(trader, A.VIEW, account)

    AccountGrant.objects.all().delete()

    assert not permissions.may(User.objects.get(pk=trader.pk), A.VIEW, account)
