"""Rules of names: what is stricter holds at once, what is looser waits for a second person."""

from datetime import datetime

from django.db import IntegrityError, transaction

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.errors import ConflictError, InvalidInputError, NotFoundError
from allcore.live import publish_on_commit
from brokers.models import Account
from risk.domain.circumstances import NameRuleKind
from risk.domain.edits import REASON_LENGTH
from risk.domain.permissions import Action
from risk.models import NameRule
from risk.selectors.name_rules import rule_row
from risk.selectors.permissions import require, require_person, require_still
from risk.services.limits import SecondPersonError


def lay_down(*, underlying: str, kind: str, account: str = "", reason: str, actor: Actor, now: datetime) -> NameRule:
    """Lay down a rule of a name, for everybody or an account; to allow a name waits for a second person.

    Raises:
        NotFoundError: there is no such account.
        ForbiddenError: the actor may not edit what holds there, or is a script that would allow a name.
        InvalidInputError: there is no such kind, or the reason is too short.
        ConflictError: there is such a rule already.
    """
    scope = _account(account)
    require(actor.user, Action.EDIT_LIMITS, scope)
    if kind not in list(NameRuleKind):
        raise InvalidInputError(f"A rule is one of {', '.join(NameRuleKind)}, was {kind!r}.")
    if kind == NameRuleKind.ALLOWED:
        require_person(actor)
    rule = NameRule(
        underlying=underlying,
        account=scope,
        kind=kind,
        reason=_reason(reason),
        asked_by=actor.user,
        asked_at=now,
        in_force_at=None if kind == NameRuleKind.ALLOWED else now,
    )
    try:
        with transaction.atomic():
            rule.save(force_insert=True)
            _tell("laid_down", rule, actor, now)
    except IntegrityError:
        raise ConflictError(f"There is such a rule of {underlying} already.", underlying=underlying) from None
    return rule


@transaction.atomic
def confirm(rule_id: int, *, actor: Actor, now: datetime) -> NameRule:
    """Put a rule in force that allows a name. Doing it again changes nothing.

    Raises:
        NotFoundError, ForbiddenError: there is no such rule, or it is not theirs, or a script's, to decide.
        SecondPersonError: who asked cannot confirm it.
        AskerGoneError: who asked may not any more.
        ConflictError: it was lifted.
    """
    rule = _locked(rule_id)
    require(actor.user, Action.DECIDE_LIMITS, rule.account)
    _standing(rule)
    if rule.in_force_at is not None:
        return rule
    require_person(actor)
    if rule.asked_by_id == actor.user.pk:
        raise SecondPersonError("Who asked for the rule does not confirm it; another person must.")
    require_still(rule.asked_by, Action.EDIT_LIMITS, rule.account)
    rule.confirmed_by, rule.in_force_at = actor.user, now
    rule.save(update_fields=["confirmed_by", "in_force_at"])
    _tell("confirmed", rule, actor, now)
    return rule


@transaction.atomic
def ask_to_lift(rule_id: int, *, reason: str, actor: Actor, now: datetime) -> NameRule:
    """Ask that a rule be lifted; it holds until another person agrees.

    Raises:
        NotFoundError, ForbiddenError, InvalidInputError, ConflictError: as to lay one down; or it was asked already.
    """
    rule = _locked(rule_id)
    require(actor.user, Action.EDIT_LIMITS, rule.account)
    require_person(actor)
    _standing(rule)
    if rule.lift_asked_by is not None:
        raise ConflictError(f"{rule.lift_asked_by.username} has asked already; another person decides it.")
    rule.lift_asked_by, rule.lift_reason = actor.user, _reason(reason)
    rule.save(update_fields=["lift_asked_by", "lift_reason"])
    _tell("lift_asked", rule, actor, now)
    return rule


@transaction.atomic
def decide_lift(rule_id: int, *, approve: bool, actor: Actor, now: datetime) -> NameRule:
    """Lift a rule as the second of two people, or let it stand.

    Raises:
        NotFoundError, ForbiddenError: there is no such rule, or it is not theirs, or a script's, to decide.
        SecondPersonError: who asked cannot lift it.
        AskerGoneError: who asked may not any more.
        ConflictError: nobody has asked, or it is lifted.
    """
    rule = _locked(rule_id)
    require(actor.user, Action.DECIDE_LIMITS, rule.account)
    _standing(rule)
    if rule.lift_asked_by is None:
        raise ConflictError("Nobody has asked to lift the rule.")
    if approve:
        require_person(actor)
    if approve and rule.lift_asked_by_id == actor.user.pk:
        raise SecondPersonError("Who asked to lift the rule does not lift it; another person must.")
    if approve:
        require_still(rule.lift_asked_by, Action.EDIT_LIMITS, rule.account)
        rule.lifted_by, rule.lifted_at = actor.user, now
        rule.save(update_fields=["lifted_by", "lifted_at"])
    else:
        rule.lift_asked_by = None
        rule.save(update_fields=["lift_asked_by"])
    _tell("lifted" if approve else "kept", rule, actor, now)
    return rule


def _account(code: str) -> Account | None:
    account = Account.objects.filter(code=code).first() if code else None
    if code and account is None:
        raise NotFoundError(f"There is no account {code}.", account=code)
    return account


def _locked(rule_id: int) -> NameRule:
    query = NameRule.objects.select_for_update(of=("self",)).select_related("account", "asked_by", "lift_asked_by")
    rule = query.filter(pk=rule_id).first()
    if rule is None:
        raise NotFoundError(f"There is no rule {rule_id}.", rule=rule_id)
    return rule


def _standing(rule: NameRule) -> None:
    if rule.lifted_at is not None:
        raise ConflictError("The rule was lifted already.", rule=rule.pk)


def _reason(text: str) -> str:
    reason = text.strip()
    if len(reason) < REASON_LENGTH:
        raise InvalidInputError(f"A reason has at least {REASON_LENGTH} characters.")
    return reason


def _tell(what: str, rule: NameRule, actor: Actor, now: datetime) -> None:
    account = "" if rule.account is None else rule.account.code
    seen = {"underlying": rule.underlying, "kind": rule.kind, "reason": rule.reason, "lift_reason": rule.lift_reason}
    record(f"name_rule.{what}", f"name_rule:{rule.pk}", seen, actor=actor.name, at=now, account=account)
    publish_on_commit("risk", "name_rule", rule_row(rule))
