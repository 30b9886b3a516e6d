"""Corporate actions are entered by one person and confirmed by another; only then do they befall positions."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from allcore.kernel.reports import BookKind
from marketdata.selectors import clock, instruments
from risk.domain.permissions import Action
from risk.selectors.permissions import require
from trading.models import CorporateAction
from trading.selectors.corporate_actions import action_row

State = CorporateAction.State


class BadActionError(InvalidInputError):
    """The action does not say what its kind needs, or comes too late."""

    code = "BAD_CORPORATE_ACTION"


class ActionDecidedError(ConflictError):
    """The action was confirmed or withdrawn already, or has gone ex."""

    code = "CORPORATE_ACTION_DECIDED"


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is announced of a share. Days are New York's; `amount` in dollars a share."""

    kind: BookKind
    symbol: str
    ex_date: date
    record_date: date | None = None
    pay_date: date | None = None
    ratio_new: int = 1
    ratio_old: int = 1
    amount: Decimal | None = None
    to_symbol: str = ""


def enter(announced: Announcement, *, actor: Actor, now: datetime) -> CorporateAction:
    """Write an action down. Nothing comes of it until another person confirms it.

    Raises:
        ForbiddenError: they do not keep the house.
        BadActionError: terms are missing or contradict, the ex-date is not ahead, or such an action is there already.
        UnavailableError: no feed has run, so that nobody knows the exchange's day.
    """
    require(actor.user, Action.ADMINISTER, None)
    today = new_york_date(clock.exchange_now(now))
    if announced.ex_date <= today:
        raise BadActionError(f"It has to go ex after {today}, was {announced.ex_date}.", ex_date=announced.ex_date)
    instruments.get(announced.symbol)
    terms = {name: getattr(announced, name) for name in Announcement.__slots__}
    try:
        with transaction.atomic():
            made = CorporateAction.objects.create(**terms, entered_by=actor.user, entered_at=now)
            _record(made, "corporate_action.entered", actor, now)
    except IntegrityError as e:
        raise BadActionError(
            "A split needs a ratio, a dividend an amount above zero and no pay date before its ex-date, a change of "
            "symbol the new one; and there is one of a kind, a share and a day. Nothing was entered.",
            symbol=announced.symbol,
        ) from e
    return made


@transaction.atomic
def decide(action_id: int, *, confirm: bool, actor: Actor, now: datetime) -> CorporateAction:
    """Confirm an action, or withdraw it: before its ex-date, and confirmed by somebody who did not enter it.

    Raises:
        NotFoundError: there is none.
        ForbiddenError: they may not decide, entered it themselves, or are no person in a browser.
        ActionDecidedError: it is too late.
    """
    require(actor.user, Action.DECIDE_LIMITS, None)
    found = CorporateAction.objects.select_for_update().filter(pk=action_id).first()
    if found is None:
        raise NotFoundError(f"There is no corporate action {action_id}.", action_id=action_id)
    if confirm and (found.entered_by_id == actor.user.pk or actor.via != "session"):
        raise ForbiddenError("Somebody else confirms it, in the browser; nothing was changed.", action_id=action_id)
    is_open = found.state == State.ENTERED or (found.state == State.CONFIRMED and not confirm)
    if not is_open or found.ex_date <= new_york_date(clock.exchange_now(now)):
        raise ActionDecidedError(
            f"It is {found.state.lower()} and goes ex on {found.ex_date}; nothing was changed.", state=found.state
        )
    found.state = State.CONFIRMED if confirm else State.WITHDRAWN
    found.decided_by, found.decided_at = actor.user, now
    found.save(update_fields=["state", "decided_by", "decided_at"])
    _record(found, f"corporate_action.{found.state.lower()}", actor, now)
    return found


def _record(made: CorporateAction, action: str, actor: Actor, now: datetime) -> None:
    record(action, f"corporate_action:{made.pk}", action_row(made), actor=actor.name, at=now)
