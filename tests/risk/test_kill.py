"""The kill switch: one raises it, two lower it, and nothing but the database is needed."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from allcore.accounts.actors import Actor
from allcore.audit.models import AuditEntry
from allcore.kernel.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from risk.models import KillEvent, KillRelease, Role
from risk.selectors import kill as found
from risk.selectors.rows import kill_row
from risk.services.kill import SamePersonError, confirm_release, engage, request_release
from tests.builders.risk import NOW, make_account, person

pytestmark = pytest.mark.django_db
WHY = "The cause is known and mended."
LATER = NOW + timedelta(minutes=5)


@pytest.fixture(autouse=True)
def var_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def trader(db: None) -> Actor:
    return person("tom", Role.TRADER)


@pytest.fixture
def officer(db: None) -> Actor:
    return person("rita", Role.RISK_OFFICER)


def stop(actor: Actor | None, level: int = 2, scope: str = "GLOBAL", target: str = "") -> KillEvent:
    return engage(scope=scope, target=target, level=level, actor=actor, reason="", now=NOW)


def level(connection: str = "paper", account: str = "GEN-1", underlying: str = "TSLA") -> int:
    return found.level_for(connection=connection, account=account, underlying=underlying)


def test_nothing_is_engaged_at_first() -> None:
    assert level() == 0


def test_a_trader_stops_the_desk_without_a_reason(trader: Actor) -> None:
    event = stop(trader, 2)

    assert (event.from_level, event.to_level, event.actor) == (0, 2, "user:tom")
    assert level() == 2


@pytest.mark.parametrize("again", [1, 2, 3])
def test_engaging_at_or_below_the_level_in_force_is_the_same_event(trader: Actor, again: int) -> None:
    first = stop(trader, 3)

    assert stop(trader, again) == first
    assert (KillEvent.objects.count(), level()) == (1, 3)


def test_engaging_above_raises_the_level(trader: Actor) -> None:
    stop(trader, 1)

    event = stop(trader, 3)

    assert (event.from_level, event.to_level, level()) == (1, 3, 3)


def test_the_highest_scope_that_holds_an_order_counts(trader: Actor) -> None:
    make_account("GEN-1")
    make_account("REV-1")
    stop(trader, 1, "BROKER", "paper")
    stop(trader, 3, "ACCOUNT", "REV-1")
    stop(trader, 2, "UNDERLYING", "NVDA")

    assert level() == 1
    assert level(account="REV-1") == 3
    assert level(underlying="NVDA") == 2
    assert level(connection="other", underlying="MSFT") == 0
    assert [(s.scope, s.target) for s in found.levels()] == [
        ("BROKER", "paper"),
        ("ACCOUNT", "REV-1"),
        ("UNDERLYING", "NVDA"),
    ]


def test_a_trader_of_one_account_may_stop_everything() -> None:
    trader = person("tom", Role.TRADER, account=make_account())

    assert stop(trader, 2).to_level == 2


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COMPLIANCE, Role.ADMIN])
def test_who_does_not_trade_does_not_stop(role: Role) -> None:
    with pytest.raises(ForbiddenError):
        stop(person("x", role))


def test_the_desk_itself_may_stop() -> None:
    event = engage(scope="GLOBAL", target="", level=2, actor=None, reason="Day loss.", now=NOW, process="monitor")

    assert (event.actor, event.user) == ("desk:monitor", None)


@pytest.mark.parametrize(
    ("scope", "target", "wanted"),
    [
        ("GALAXY", "", 2),
        ("GLOBAL", "paper", 2),
        ("BROKER", "nowhere", 2),
        ("ACCOUNT", "nowhere", 2),
        ("UNDERLYING", "", 2),
        ("UNDERLYING", "tsla", 2),
        ("GLOBAL", "", 0),
        ("GLOBAL", "", 5),
        ("GLOBAL", "", -1),
    ],
)
def test_a_scope_target_or_level_that_is_none_is_refused(trader: Actor, scope: str, target: str, wanted: int) -> None:
    with pytest.raises(InvalidInputError):
        stop(trader, wanted, scope, target)


def ask(actor: Actor, to_level: int = 0, reason: str = WHY) -> KillRelease:
    return request_release(scope="GLOBAL", target="", to_level=to_level, reason=reason, actor=actor, now=NOW)


def test_asking_lowers_nothing(trader: Actor) -> None:
    stop(trader, 3)

    ask(trader)

    assert level() == 3


def test_a_trader_asks_and_a_risk_officer_confirms(trader: Actor, officer: Actor) -> None:
    stop(trader, 3)
    release = ask(trader, 1)

    event = confirm_release(release.pk, actor=officer, now=LATER)

    assert (event.from_level, event.to_level, event.user, event.second) == (3, 1, trader.user, officer.user)
    assert level() == 1
    assert found.open_releases() == []


def test_a_risk_officer_asks_and_an_admin_confirms(officer: Actor) -> None:
    stop(officer, 2)
    release = ask(officer)

    confirm_release(release.pk, actor=person("ada", Role.ADMIN), now=LATER)

    assert level() == 0


def test_the_same_person_does_not_do_both(officer: Actor) -> None:
    stop(officer)
    release = ask(officer)

    with pytest.raises(SamePersonError, match="another person"):
        confirm_release(release.pk, actor=officer, now=LATER)

    assert level() == 2


def test_two_traders_do_not_release(trader: Actor) -> None:
    stop(trader)
    release = ask(trader)

    with pytest.raises(SamePersonError, match="risk officer"):
        confirm_release(release.pk, actor=person("tim", Role.TRADER), now=LATER)


def test_a_risk_officer_of_one_account_does_not_release_the_desk(trader: Actor) -> None:
    stop(trader)
    release = ask(trader)
    elsewhere = person("rob", Role.RISK_OFFICER, account=make_account())

    with pytest.raises(ForbiddenError):
        confirm_release(release.pk, actor=elsewhere, now=LATER)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COMPLIANCE])
def test_who_only_looks_on_does_not_ask(trader: Actor, role: Role) -> None:
    stop(trader)

    with pytest.raises(ForbiddenError):
        ask(person("x", role))


@pytest.mark.parametrize(("to_level", "reason"), [(2, WHY), (3, WHY), (-1, WHY), (0, "x" * 14), (0, " " * 20)])
def test_a_release_lowers_and_has_a_reason(trader: Actor, to_level: int, reason: str) -> None:
    stop(trader, 2)

    with pytest.raises(InvalidInputError):
        ask(trader, to_level, reason)


def test_what_is_not_engaged_is_not_released(trader: Actor) -> None:
    with pytest.raises(InvalidInputError):
        ask(trader)


def test_asking_twice_is_asking_once_and_asking_otherwise_is_a_conflict(trader: Actor, officer: Actor) -> None:
    stop(trader, 3)
    first = ask(trader)

    assert ask(trader) == first
    with pytest.raises(ConflictError):
        ask(trader, 1)
    with pytest.raises(ConflictError):
        ask(officer)


def test_confirming_twice_lowers_once(trader: Actor, officer: Actor) -> None:
    stop(trader)
    release = ask(trader)
    confirm_release(release.pk, actor=officer, now=LATER)

    with pytest.raises(ConflictError):
        confirm_release(release.pk, actor=officer, now=LATER)


def test_a_level_that_is_raised_voids_the_release_that_waits(trader: Actor, officer: Actor) -> None:
    stop(trader, 2)
    release = ask(trader)
    stop(trader, 3)

    with pytest.raises(ConflictError):
        confirm_release(release.pk, actor=officer, now=LATER)

    assert level() == 3


def test_an_unknown_release_is_not_found(officer: Actor) -> None:
    with pytest.raises(NotFoundError):
        confirm_release(0, actor=officer, now=NOW)


def test_after_a_release_it_can_be_engaged_again(trader: Actor, officer: Actor) -> None:
    first = stop(trader)
    confirm_release(ask(trader).pk, actor=officer, now=LATER)

    assert stop(trader) != first
    assert level() == 2


def test_the_database_refuses_a_release_by_one_person(trader: Actor) -> None:
    lowered = KillEvent(
        scope="GLOBAL", from_level=2, to_level=0, actor="user:tom", user=trader.user, reason=WHY, at=NOW
    )

    with pytest.raises(IntegrityError, match="release_needs_two_people"), transaction.atomic():
        lowered.save()
    lowered.second = trader.user
    with pytest.raises(IntegrityError, match="second_person_is_another"), transaction.atomic():
        lowered.save()


def test_what_is_done_to_the_switch_is_audited(trader: Actor, officer: Actor) -> None:
    stop(trader)
    confirm_release(ask(trader).pk, actor=officer, now=LATER)

    assert list(AuditEntry.objects.order_by("id").values_list("action", "actor")) == [
        ("kill.engaged", "user:tom"),
        ("kill.release_requested", "user:tom"),
        ("kill.released", "user:rita"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 2), ("2", 2), ("3\n", 3), ("4", 3), ("9", 3), ("0", 2), ("1", 2), ("stop", 2), ("-3", 2), ("\u0663", 2)],
)
def test_a_file_stops_the_desk(var_dir: Path, text: str, expected: int) -> None:
    (var_dir / "KILL").write_text(text)

    assert level() == expected


def test_a_file_that_cannot_be_read_stops_the_desk(var_dir: Path) -> None:
    (var_dir / "KILL").mkdir()

    assert level() == 2


def test_a_file_only_raises_the_level(var_dir: Path, trader: Actor) -> None:
    stop(trader, 3)
    (var_dir / "KILL").write_text("2")

    assert level() == 3


def test_the_switch_travels_with_its_levels_and_what_waits(var_dir: Path, trader: Actor) -> None:
    stop(trader, 1)
    ask(trader)
    (var_dir / "KILL").touch()

    row = kill_row()

    assert (row["level"], row["file_level"]) == (2, 2)
    assert [(one["scope"], one["level"]) for one in row["levels"]] == [("GLOBAL", 1)]  # type: ignore[attr-defined]  # JSON
    assert len(row["releases"]) == 1  # type: ignore[arg-type]  # JSON
