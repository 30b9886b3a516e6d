"""What takes two people takes two people: a script, whosever token it has, is neither of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django import Settings

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.kernel.errors import ForbiddenError
from allcore.kernel.orders import Side
from risk.domain.edits import Edit
from risk.domain.structure import Structure
from risk.models import KillRelease, KillState, Limit, LimitChange, NameRule, Role, StrategyHold
from risk.selectors.permissions import AskerGoneError
from risk.services import holds, kill, limits, name_rules
from tests.builders.risk import NOW, dec, make_account, person

pytestmark = pytest.mark.django_db
WHY = "The cause is known and mended."


@pytest.fixture(autouse=True)
def desk(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    limits.ensure_defaults(NOW)


@pytest.fixture
def rita() -> Actor:
    return person("rita", Role.RISK_OFFICER)


@pytest.fixture
def adam() -> Actor:
    return person("adam", Role.ADMIN)


def script_of(actor: Actor) -> Actor:
    return replace(actor, via="token", token_name="bot")


def refused(act: Callable[[], object]) -> None:
    with pytest.raises(ForbiddenError, match="in the browser"):
        act()


def stopped(actor: Actor) -> None:
    kill.engage(scope="GLOBAL", target="", level=2, actor=actor, reason="", now=NOW)


def asked_to_release(actor: Actor) -> KillRelease:
    return kill.request_release(scope="GLOBAL", target="", to_level=0, reason=WHY, actor=actor, now=NOW)


def laid_down(actor: Actor, kind: str) -> NameRule:
    return name_rules.lay_down(underlying="TSLA", kind=kind, reason=WHY, actor=actor, now=NOW)


def edited(actor: Actor, hard: str) -> LimitChange:
    limit = Limit.objects.get(code="positions", account=None, underlying="")
    return limits.request_change(limit.pk, edit=Edit(WHY, limit.soft, dec(hard)), actor=actor, now=NOW)


def test_a_script_stops_the_desk_but_neither_asks_for_its_release_nor_confirms_it(rita: Actor, adam: Actor) -> None:
    stopped(script_of(rita))

    refused(lambda: asked_to_release(script_of(rita)))
    release = asked_to_release(rita)
    refused(lambda: kill.confirm_release(release.pk, actor=script_of(adam), now=NOW))

    assert KillState.objects.get().level == 2
    assert kill.confirm_release(release.pk, actor=adam, now=NOW).to_level == 0


def test_a_script_tightens_a_limit_but_neither_loosens_one_nor_confirms_it(rita: Actor, adam: Actor) -> None:
    hard = Limit.objects.get(code="positions", account=None, underlying="").hard
    assert hard is not None
    looser, stricter = str(hard + 1), str(hard - 1)

    refused(lambda: edited(script_of(rita), looser))
    change = edited(rita, looser)
    refused(lambda: limits.decide_change(change.pk, approve=True, actor=script_of(adam), now=NOW))
    assert limits.decide_change(change.pk, approve=False, actor=script_of(adam), now=NOW).status == "REJECTED"

    assert edited(script_of(rita), stricter).status == "APPLIED"


def test_a_script_forbids_a_name_but_neither_allows_one_nor_lifts_a_rule(rita: Actor, adam: Actor) -> None:
    bot, her_bot = script_of(rita), script_of(adam)
    rule = laid_down(bot, "CLOSE_ONLY")

    refused(lambda: laid_down(bot, "ALLOWED"))
    allowed = laid_down(rita, "ALLOWED")
    refused(lambda: name_rules.confirm(allowed.pk, actor=her_bot, now=NOW))
    refused(lambda: name_rules.ask_to_lift(rule.pk, reason=WHY, actor=bot, now=NOW))
    name_rules.ask_to_lift(rule.pk, reason=WHY, actor=rita, now=NOW)
    refused(lambda: name_rules.decide_lift(rule.pk, approve=True, actor=her_bot, now=NOW))

    assert not NameRule.objects.exclude(lifted_at=None).exists()
    assert NameRule.objects.get(pk=allowed.pk).in_force_at is None


def test_a_script_lets_no_stopped_strategy_go_on(rita: Actor) -> None:
    kind = holds.Kind(make_account(), Structure.CASH_SECURED_PUT, "TSLA", Side.SELL)
    holds.stop(kind, fills=9, now=NOW)
    hold = StrategyHold.objects.get()

    refused(lambda: holds.let_go_on(hold.pk, reason=WHY, actor=script_of(rita), now=NOW))

    hold.refresh_from_db()
    assert hold.released_at is None


def test_who_asked_and_has_left_is_not_one_of_the_two(rita: Actor, adam: Actor) -> None:
    stopped(rita)
    release, change = asked_to_release(rita), edited(rita, "99")
    allowed, rule = laid_down(rita, "ALLOWED"), laid_down(rita, "CLOSE_ONLY")
    name_rules.ask_to_lift(rule.pk, reason=WHY, actor=rita, now=NOW)
    User.objects.filter(pk=rita.user.pk).update(is_active=False)
    olga = person("olga", Role.RISK_OFFICER)

    for act in (
        lambda: kill.confirm_release(release.pk, actor=olga, now=NOW),
        lambda: limits.decide_change(change.pk, approve=True, actor=olga, now=NOW),
        lambda: name_rules.confirm(allowed.pk, actor=olga, now=NOW),
        lambda: name_rules.decide_lift(rule.pk, approve=True, actor=olga, now=NOW),
    ):
        with pytest.raises(AskerGoneError):
            act()

    assert KillState.objects.get().level == 2
    assert kill.confirm_release(asked_to_release(olga).pk, actor=adam, now=NOW).to_level == 0
