"""The desk pulls its own kill switch, says what it saw, and lets people release it."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest

from allcore import live
from allcore.accounts.actors import Actor
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from brokers.models import Account, Connection
from risk.models import KillState, Limit
from risk.services import kill
from tests.builders import market
from tests.trading.passage.conftest import draft, refresh
from trading.models import AlgoChild, AlgoRun, Break, Order, OrderEvent, OrderRequest
from trading.services import claim, matching, submit, triggers

pytestmark = pytest.mark.usefixtures("desk")


@pytest.fixture(autouse=True)
def nothing_told() -> Iterator[None]:
    yield
    live.client().delete("monitor:pnl")


def place(actor: Actor, key: str, **changes: object) -> Order:
    refresh()
    return submit.place(draft=draft(**changes), actor=actor, key=key, trace_id="t", now=utc_now())


def told(day_pnl: str, *, equity: str = "97000", at: str | None = None) -> None:
    """Keep an account's figures as the monitor does."""
    row = {"account": "GEN-1", "equity": equity, "day_pnl": day_pnl, "at": at or market.START.isoformat()}
    live.client().hset("monitor:pnl", "GEN-1", orjson.dumps(row))


def engaged() -> list[tuple[str, str, int]]:
    return list(KillState.objects.order_by("id").values_list("scope", "target", "level"))


@pytest.mark.parametrize(
    ("loss", "expected"), [("2999.99", []), ("3000.00", []), ("3000.10", [("ACCOUNT", "GEN-1", 2)])]
)
def test_a_loss_of_the_day_beyond_three_per_cent_blocks_the_account(
    loss: str, expected: list[tuple[str, str, int]]
) -> None:
    told(f"-{loss}", equity=str(100_000 - Decimal(loss)))

    triggers.watch(now=utc_now())

    assert engaged() == expected


def test_yesterdays_loss_is_yesterdays() -> None:
    told("-9000", at=(market.START - timedelta(days=1)).isoformat())

    triggers.watch(now=utc_now())

    assert engaged() == []


def test_what_fired_is_audited_with_what_was_seen_blocks_and_fires_once(trader: Actor) -> None:
    told("-9000", equity="91000")

    triggers.watch(now=utc_now())
    triggers.watch(now=utc_now())

    (entry,) = AuditEntry.objects.filter(action="kill.engaged")
    assert entry.actor == "desk:kill-trigger"
    assert "9 %; the limit is 3 %" in entry.payload["reason"]
    assert place(trader, "a").reason.startswith("Kill switch: ")


def test_it_stays_when_its_cause_is_gone_until_two_people_release_it(trader: Actor) -> None:
    told("-9000", equity="91000")
    triggers.watch(now=utc_now())
    told("0", equity="91000")
    triggers.watch(now=utc_now())
    assert engaged() == [("ACCOUNT", "GEN-1", 2)]

    release = kill.request_release(
        scope="ACCOUNT", target="GEN-1", to_level=0, reason="The marks were wrong", actor=trader, now=utc_now()
    )

    with pytest.raises(kill.SamePersonError):
        kill.confirm_release(release.pk, actor=trader, now=utc_now())


def test_rejections_within_five_minutes_block_the_connection(trader: Actor) -> None:
    Limit.objects.filter(code="kill_rejects").update(hard=1)
    now = utc_now()
    for number, age in enumerate((1, 299, 301)):
        order = place(trader, f"r{number}", quantity=10 + number)
        OrderEvent.objects.create(
            order=order, seq=9, event="reject", status="REJECTED", source="BROKER", at=now - timedelta(seconds=age)
        )
    Limit.objects.filter(code="kill_rejects").update(hard=2)
    triggers.watch(now=now)
    assert engaged() == []

    Limit.objects.filter(code="kill_rejects").update(hard=1)
    triggers.watch(now=now)

    assert engaged() == [("BROKER", "paper", 2)]


def test_a_burst_of_messages_cancels_what_works_on_the_connection(trader: Actor) -> None:
    Limit.objects.filter(code="kill_messages").update(hard=1)
    first = place(trader, "a")
    triggers.watch(now=utc_now())
    assert engaged() == []
    place(trader, "b", quantity=11)

    triggers.watch(now=utc_now())

    assert engaged() == [("BROKER", "paper", 3)]
    first.refresh_from_db()
    assert first.status == "ABANDONED"
    assert not OrderRequest.objects.filter(state="TO_SEND").exists()


def test_books_that_drift_block_the_account() -> None:
    Limit.objects.filter(code="kill_breaks").update(hard=1)
    account = Account.objects.get(code="GEN-1")
    for number in range(2):
        triggers.watch(now=utc_now())
        assert engaged() == []
        Break.objects.create(
            account=account, kind="CASH", subject=f"C{number}", ours="0", theirs="1", found_at=utc_now()
        )

    triggers.watch(now=utc_now())

    assert engaged() == [("ACCOUNT", "GEN-1", 2)]


def test_a_feed_that_falls_silent_pauses_the_desk_once_that_is_armed() -> None:
    late = utc_now() + timedelta(seconds=200)
    triggers.watch(now=late)
    assert engaged() == []
    Limit.objects.filter(code="kill_stale_market").update(hard=120)

    triggers.watch(now=late)

    assert engaged() == [("GLOBAL", "", 1)]


def test_without_a_feed_the_levels_in_force_are_carried_out_all_the_same() -> None:
    market.clear()

    assert triggers.watch(now=utc_now()) == 0


def sent(trader: Actor, connection: str) -> int:
    place(trader, "out")
    (outbound,) = claim.claim_batch(connection, epoch=1, limit=9, now=utc_now()).outbounds
    return outbound.request_id


def test_what_was_entered_and_left_once_is_as_it_should_be(trader: Actor, desk: Connection) -> None:
    request_id = sent(trader, desk.name)

    assert matching.compare(desk.name, [request_id], epoch=1, now=utc_now()) == 0
    assert matching.compare(desk.name, [], epoch=1, now=utc_now()) == 0
    assert engaged() == []


def test_what_leaves_twice_or_was_never_entered_blocks_the_connection(trader: Actor, desk: Connection) -> None:
    request_id = sent(trader, desk.name)

    assert matching.compare(desk.name, [request_id, request_id], epoch=1, now=utc_now()) == 1
    assert engaged() == [("BROKER", desk.name, 2)]
    assert matching.compare(desk.name, [request_id + 999], epoch=1, now=utc_now()) == 1


def test_what_another_worker_claimed_did_not_leave_by_right(trader: Actor, desk: Connection) -> None:
    request_id = sent(trader, desk.name)

    assert matching.compare(desk.name, [request_id], epoch=2, now=utc_now()) == 1


@pytest.mark.parametrize(("quantity", "expected"), [(10, []), (9, [("BROKER", "paper", 2)])])
def test_slices_for_more_than_their_algorithm_block_the_connection(
    trader: Actor, desk: Connection, quantity: int, expected: list[tuple[str, str, int]]
) -> None:
    order = place(trader, "slice")
    assert order.approval is not None
    assert order.verdict is not None
    run = AlgoRun.objects.create(
        account=order.account,
        underlying=order.underlying,
        ticket={},
        algo="TWAP",
        parameters={},
        choice={},
        origin="TICKET",
        started_by=trader.user,
        approval=order.approval,
        verdict=order.verdict,
        quantity=quantity,
        starts_at=market.START,
        ends_at=market.START + timedelta(hours=1),
        created_at=utc_now(),
    )
    AlgoChild.objects.create(run=run, step=0, order=order)

    triggers.look(now=utc_now())

    assert engaged() == [(scope, desk.name, level) for scope, _, level in expected]
