"""A connection's state, pauses and health, as the desk sees them."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.reports import ExecutionReport, ReportKind
from brokers import registry
from brokers.models import Account, Connection
from brokers.paper.settings import BadPaperSettingsError
from brokers.ports import Session
from brokers.selectors.accounts import code_of, enabled
from brokers.services import connections
from brokers.services.paper_accounts import open_account
from tests.builders import market
from tests.builders.paper import PATIENCE, PUT, sell

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def paper(db: None) -> Connection:
    return Connection.objects.create(name="paper", broker="paper", environment="PAPER", lease_epoch=3)


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


@pytest.fixture
def funded(transactional_db: None) -> Iterator[None]:
    market.clear()
    paper = Connection.objects.get(name="paper")
    paper.settings = {"latency_ms": 5, "stale_after_s": 600}
    paper.save(update_fields=["settings"])
    Account.objects.create(
        code="GEN-1", name="Gen", tier="gen", connection=paper, broker_account="P1", baseline=Decimal(100_000)
    )
    open_account(number="P1", cash=Decimal(100_000))
    yield
    market.clear()


def is_paused() -> bool:
    return Connection.objects.filter(is_paused=True).exists()


def test_a_change_of_state_is_kept_and_audited(paper: Connection) -> None:
    connections.set_state("paper", state="UP", reason="", now=NOW)

    paper.refresh_from_db()
    entry = AuditEntry.objects.get()
    assert paper.state == "UP"
    assert (entry.action, entry.subject, entry.payload["was"]) == (
        "connection.state_changed",
        "connection:paper",
        "DOWN",
    )


def test_the_same_state_again_changes_nothing() -> None:
    connections.set_state("paper", state="UP", reason="", now=NOW)
    connections.set_state("paper", state="UP", reason="", now=NOW)

    assert actions() == ["connection.state_changed"]


def test_a_worker_that_lost_its_lease_is_not_listened_to(paper: Connection) -> None:
    connections.set_state("paper", state="UP", reason="", now=NOW, epoch=3)
    connections.set_state("paper", state="DOWN", reason="late", now=NOW, epoch=2)

    paper.refresh_from_db()
    assert paper.state == "UP"


def test_a_long_reason_is_cut_and_not_refused(paper: Connection) -> None:
    connections.set_state("paper", state="DOWN", reason="x" * 300, now=NOW)

    paper.refresh_from_db()
    assert paper.state_reason == "x" * 200


def test_a_pause_needs_no_reason_and_a_resume_does() -> None:
    connections.pause("paper", actor="user:alice", reason="", now=NOW)
    with pytest.raises(connections.NoReasonError):
        connections.resume("paper", actor="user:alice", reason=" ", now=NOW)
    assert is_paused()

    connections.resume("paper", actor="user:alice", reason="the feed is back", now=NOW)

    assert not is_paused()
    assert actions() == ["connection.paused", "connection.resumed"]


def test_a_pause_twice_is_one() -> None:
    connections.pause("paper", actor="user:alice", reason="", now=NOW)
    connections.pause("paper", actor="user:bob", reason="", now=NOW)

    assert actions() == ["connection.paused"]


def test_an_unknown_connection_is_not_found() -> None:
    with pytest.raises(connections.NoConnectionError):
        connections.pause("ghost", actor="user:alice", reason="", now=NOW)


def test_a_reconciliation_is_noted(paper: Connection) -> None:
    connections.mark_reconciled("paper", now=NOW)

    paper.refresh_from_db()
    assert paper.reconciled_at == NOW


def test_the_api_shows_each_connections_health(alice: User) -> None:
    client = APIClient()
    client.force_authenticate(alice)

    answer = client.get("/api/v1/connections/")

    row = answer.json()["results"][0]
    assert answer.status_code == 200
    assert (row["name"], row["broker"], row["environment"], row["state"]) == ("paper", "paper", "PAPER", "DOWN")
    assert row["heartbeat_at"] is None


def test_connections_come_in_pages_by_name(alice: User) -> None:
    Connection.objects.bulk_create(
        [Connection(name=name, broker="paper", environment="PAPER") for name in ("beta", "alpha")]
    )
    client = APIClient()
    client.force_authenticate(alice)

    first = client.get("/api/v1/connections/?limit=2").json()
    rest = client.get(first["next"]).json()

    names = [row["name"] for row in (*first["results"], *rest["results"])]
    assert names == sorted(names)
    assert (len(first["results"]), {"alpha", "beta", "paper"} <= set(names), rest["next"]) == (2, True, None)


def test_the_api_shows_nothing_to_who_is_not_signed_in() -> None:
    assert APIClient().get("/api/v1/connections/").status_code in {401, 403}


def test_a_brokers_account_number_has_our_code(paper: Connection) -> None:
    for code, number, is_enabled in (("GEN-1", "P1", True), ("REV-1", "P2", False)):
        Account.objects.create(
            code=code, name=code, tier="gen", connection=paper, broker_account=number, baseline=0, is_enabled=is_enabled
        )

    assert code_of("paper", "P1") == "GEN-1"
    assert code_of("paper", "P3") is None
    assert [a.code for a in enabled()] == ["GEN-1"]


def test_an_unknown_broker_has_no_session() -> None:
    with pytest.raises(registry.UnknownBrokerError):
        registry.build(registry.ConnectionSpec("x", "nobody", "PAPER"))


def test_bad_settings_are_refused_before_the_session_starts() -> None:
    with pytest.raises(BadPaperSettingsError):
        registry.build(registry.ConnectionSpec("x", "paper", "PAPER", {"latency": 1}))


@pytest.mark.django_db(transaction=True)
async def test_a_session_built_by_name_trades_on_the_feeds_quotes_and_keeps_its_books(funded: None) -> None:
    session: Session = registry.session_for("paper")
    market.write_clock(market.START)
    market.write_quotes([market.quote(PUT, "4.10", "4.20")])
    heard: list[str] = []

    async with asyncio.timeout(PATIENCE):
        try:
            await session.connect()
            await session.submit("C1", "P1", sell(PUT, "4.10"))
            async for event in session.events():
                assert isinstance(event, ExecutionReport)
                heard.append(str(event.kind))
                if event.kind is ReportKind.FILL:
                    break
            status = await session.mass_status(utc_now() - timedelta(hours=1))
        finally:
            await session.close()

    assert heard == ["ACK", "FILL"]
    assert session.capabilities == registry.BROKERS["paper"].capabilities
    assert [(p.symbol, p.qty) for p in status.positions] == [(PUT, -1)]


def test_a_connection_that_is_down_is_tried_at_once_when_a_person_says_so(paper: Connection) -> None:
    connections.resume("paper", actor="user:alice", reason="the gateway is up", now=NOW)

    assert Connection.objects.get().resumed_at == NOW


def test_a_connection_that_is_up_has_nothing_to_resume(paper: Connection) -> None:
    connections.set_state("paper", state="UP", reason="", now=NOW)

    connections.resume("paper", actor="user:alice", reason="to be sure", now=NOW)

    assert Connection.objects.get().resumed_at is None
