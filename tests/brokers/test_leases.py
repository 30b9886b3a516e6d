"""One worker at a time speaks to a broker."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import connections as databases

from brokers.models import Connection
from brokers.selectors.connections import holds_lease
from brokers.services import leases
from brokers.services.connections import pause

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def paper(db: None) -> Connection:
    return Connection.objects.create(name="paper", broker="paper", environment="PAPER")


def take(owner: str, now: datetime = NOW) -> int | None:
    return leases.acquire("paper", owner=owner, now=now)


def test_a_free_lease_is_taken_and_its_epoch_rises() -> None:
    assert take("a") == 1
    assert take("a") == 2


@pytest.mark.parametrize(("seconds", "epoch"), [(4.999999, None), (5, 2), (5.000001, 2)])
def test_a_lease_held_by_another_is_taken_only_when_it_has_lapsed(seconds: float, epoch: int | None) -> None:
    take("a")

    assert take("b", NOW + timedelta(seconds=seconds)) == epoch


def test_a_renewed_lease_lasts_from_its_renewal() -> None:
    take("a")

    assert leases.renew("paper", owner="a", epoch=1, is_healthy=True, now=NOW + timedelta(seconds=4))
    assert take("b", NOW + timedelta(seconds=8)) is None


def test_a_lease_taken_over_is_not_renewed_by_its_old_holder() -> None:
    take("a")
    take("b", NOW + timedelta(seconds=5))

    assert not leases.renew("paper", owner="a", epoch=1, is_healthy=True, now=NOW + timedelta(seconds=6))


def test_an_owner_that_took_the_lease_anew_is_fenced_from_its_own_past() -> None:
    take("a")
    take("a", NOW + timedelta(seconds=1))

    assert not leases.renew("paper", owner="a", epoch=1, is_healthy=True, now=NOW + timedelta(seconds=2))


def test_only_a_healthy_session_has_a_heartbeat(paper: Connection) -> None:
    take("a")

    leases.renew("paper", owner="a", epoch=1, is_healthy=False, now=NOW)
    paper.refresh_from_db()
    sick = paper.heartbeat_at
    leases.renew("paper", owner="a", epoch=1, is_healthy=True, now=NOW)
    paper.refresh_from_db()

    assert (sick, paper.heartbeat_at) == (None, NOW)


def test_a_released_lease_is_free_at_once() -> None:
    take("a")

    leases.release("paper", owner="a", epoch=1, now=NOW)

    assert take("b") == 2


def test_a_release_by_who_lost_it_frees_nothing() -> None:
    take("a")
    take("b", NOW + timedelta(seconds=5))

    leases.release("paper", owner="a", epoch=1, now=NOW + timedelta(seconds=6))

    assert holds_lease("paper", epoch=2, now=NOW + timedelta(seconds=6))


@pytest.mark.parametrize(
    ("epoch", "seconds", "holds"), [(1, 4.999999, True), (1, 5, False), (0, 1, False), (2, 1, False)]
)
def test_a_lease_holds_for_its_epoch_until_it_lapses(epoch: int, seconds: float, *, holds: bool) -> None:
    take("a")

    assert holds_lease("paper", epoch=epoch, now=NOW + timedelta(seconds=seconds)) is holds


def test_a_paused_connection_is_neither_taken_nor_held() -> None:
    take("a")

    pause("paper", actor="user:alice", reason="", now=NOW)

    assert not leases.renew("paper", owner="a", epoch=1, is_healthy=True, now=NOW)
    assert not holds_lease("paper", epoch=1, now=NOW)
    assert take("b", NOW + timedelta(minutes=1)) is None


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_at_once_one_has_the_lease() -> None:
    def race(owner: str) -> int | None:
        try:
            return take(owner)
        finally:
            databases.close_all()

    with ThreadPoolExecutor(max_workers=8) as threads:
        epochs = [f.result() for f in [threads.submit(partial(race, f"w{n}")) for n in range(8)]]

    assert sorted(e for e in epochs if e is not None) == [1]
