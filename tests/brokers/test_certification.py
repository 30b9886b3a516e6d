"""Certification: dated, of this very adapter, never a level skipped, and nothing live above it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import IntegrityError
from pytest_django.fixtures import Settings

from allcore.kernel.errors import RefusedError
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.reports import BalanceReport, ExecutionReport, MassStatus, OrderReport, ReportKind
from allcore.kernel.tickets import OrderTicket, TicketLeg
from brokers import registry
from brokers.certification.behaviours import behaviours
from brokers.certification.checks import Finding, Outcome, Probe, run
from brokers.certification.levels import LASTS, Level, digest_of
from brokers.models import Certification, Connection
from brokers.ports import Capabilities, Health, Idempotency, ReplaceKind, Replacement
from brokers.selectors.certification import level_of, standing
from brokers.services import certification
from brokers.services.certification import NotCertifiedError, Run, findings_of

NOW = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)
PASSED = (Finding("acknowledges", Outcome.PASS, "seen"),)
TICKET = OrderTicket(
    "U1",
    "AMZN",
    (TicketLeg("AMZN", Side.BUY, PositionEffect.OPEN, multiplier=1),),
    1,
    OrdType.LIMIT,
    TimeInForce.DAY,
    PriceEffect.DEBIT,
    limit_price=Decimal("1.00"),
)


class ObedientSession:
    """Does what is asked, and can be told to forget a thing."""

    def __init__(self, *, forgets: str = "") -> None:
        self.capabilities = Capabilities(
            frozenset({OrdType.LIMIT}),
            frozenset({TimeInForce.DAY}),
            4,
            ReplaceKind.IN_PLACE,
            Idempotency.ID_REJECT,
            order_stream=True,
            preview=False,
        )
        self.forgets = forgets
        self.closed = False
        self.orders: dict[str, str] = {}
        self._events: asyncio.Queue[ExecutionReport] = asyncio.Queue()

    def _say(self, kind: ReportKind, cl_ord_id: str) -> None:
        if self.forgets != kind:
            self._events.put_nowait(ExecutionReport(kind, "c", "U1", cl_ord_id, NOW, broker_order_id="1"))

    async def connect(self) -> None: ...

    async def health(self) -> Health:
        return Health(is_connected=True, heard_at=NOW)

    async def events(self) -> AsyncIterator[ExecutionReport]:
        while True:
            yield await self._events.get()

    async def submit(self, cl_ord_id: str, broker_account: str, ticket: OrderTicket) -> None:
        if ticket.ord_type is not OrdType.LIMIT or (cl_ord_id in self.orders and self.forgets != "ids"):
            raise RefusedError("no")
        self.orders[cl_ord_id] = "NEW"
        self._say(ReportKind.ACK, cl_ord_id)

    async def replace(self, broker_account: str, replacement: Replacement) -> None:
        self._say(ReportKind.REPLACE_ACK, replacement.cl_ord_id)

    async def cancel(self, broker_account: str, cl_ord_id: str, orig_cl_ord_id: str) -> None:
        self._say(ReportKind.CANCEL_ACK, cl_ord_id)

    async def mass_status(self, since: datetime) -> MassStatus:
        orders = tuple(OrderReport("U1", name, "1", status, 1, 0) for name, status in self.orders.items())
        return MassStatus("c", NOW, orders, (), (BalanceReport("U1", Decimal(1)),))

    async def close(self) -> None:
        self.closed = True


async def tried(session: ObedientSession, monkeypatch: pytest.MonkeyPatch) -> dict[str, Outcome]:
    monkeypatch.setattr("brokers.certification.checks.PATIENCE", 0.05)
    findings = await run(Probe(session, "U1", TICKET, "run-1", lambda: NOW))
    return {finding.check: finding.outcome for finding in findings}


@pytest.mark.asyncio
async def test_a_session_that_does_everything_passes_every_check(monkeypatch: pytest.MonkeyPatch) -> None:
    session = ObedientSession()

    outcomes = await tried(session, monkeypatch)

    assert set(outcomes.values()) == {Outcome.PASS, Outcome.NOT_APPLICABLE}
    assert outcomes["cancels"] is Outcome.PASS
    assert outcomes["previews"] is Outcome.NOT_APPLICABLE
    assert session.closed


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("forgets", "check"),
    [
        (ReportKind.ACK, "acknowledges"),
        ("ids", "burns ids"),
        (ReportKind.REPLACE_ACK, "replaces"),
        (ReportKind.CANCEL_ACK, "cancels"),
    ],
)
async def test_each_thing_left_undone_fails_its_check(
    forgets: str, check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = await tried(ObedientSession(forgets=forgets), monkeypatch)

    assert outcomes[check] is Outcome.FAIL
    assert list(outcomes)[-1] == check


@pytest.mark.parametrize(("broker", "shared"), [("schwab", "rest"), ("etrade", "rest"), ("tda", "schwab")])
def test_an_adapter_is_another_once_what_it_is_built_on_is(tmp_path: Path, broker: str, shared: str) -> None:
    (tmp_path / "ports.py").write_text("port", encoding="ascii")
    (tmp_path / shared).mkdir()
    (tmp_path / shared / "book.py").write_text("one", encoding="ascii")
    before = digest_of(broker, tmp_path)

    (tmp_path / shared / "book.py").write_text("two", encoding="ascii")

    assert digest_of(broker, tmp_path) != before


@pytest.mark.parametrize("broker", registry.BROKERS)
def test_every_adapter_has_a_contract_suite_to_be_certified_with(broker: str) -> None:
    assert [test for place in certification.tests_of(broker) for test in certification.contracts_in(place)] != []


def test_an_adapter_is_as_good_as_its_worse_try_and_what_it_was_not_asked_is_not_applicable() -> None:
    twice = [
        Finding("contract: it_acks", Outcome.PASS, ""),
        Finding("contract: it_acks[LIMIT]", Outcome.FAIL, "no ack"),
    ]
    once = [Finding("contract: it_acks", Outcome.PASS, ""), Finding("contract: it_replaces", Outcome.PASS, "")]
    own = [Finding("TestQuotes: it_quotes", Outcome.PASS, "")]

    rows = behaviours({"a": twice + own, "b": once, "c": None})

    assert [(row.name, row.answers) for row in rows] == [
        ("it acks", (Outcome.FAIL, Outcome.PASS, None)),
        ("it replaces", (Outcome.NOT_APPLICABLE, Outcome.PASS, None)),
    ]


def test_a_changed_adapter_is_another(tmp_path: Path) -> None:
    (tmp_path / "ports.py").write_text("port", encoding="ascii")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "session.py").write_text("one", encoding="ascii")
    before = digest_of("x", tmp_path)

    (tmp_path / "x" / "session.py").write_text("two", encoding="ascii")

    assert digest_of("x", tmp_path) != before


@pytest.mark.django_db
class TestReports:
    """What is kept, and what it allows."""

    def live(self) -> Connection:
        return Connection.objects.create(name="real", broker="paper", environment="LIVE")

    def keep(self, level: Level, connection: Connection | None, findings: tuple[Finding, ...] = PASSED) -> None:
        certification.keep(Run("paper", level, connection, findings, NOW, NOW), by="ada")

    def test_what_passed_holds_until_its_last_instant(self) -> None:
        self.keep(Level.SIMULATED, None)
        end = NOW + LASTS[Level.SIMULATED]

        assert level_of("paper", now=end - timedelta(microseconds=1)) is Level.SIMULATED
        assert level_of("paper", now=end) is None

    def test_a_failure_among_passes_holds_nothing(self) -> None:
        self.keep(Level.SIMULATED, None, (*PASSED, Finding("cancels", Outcome.FAIL, "silence")))

        assert level_of("paper", now=NOW) is None
        assert Certification.objects.get().findings[1]["seen"] == "silence"

    def test_a_run_in_which_nothing_applied_holds_nothing(self) -> None:
        self.keep(Level.SIMULATED, None, (Finding("replaces", Outcome.NOT_APPLICABLE, ""),))

        assert level_of("paper", now=NOW) is None

    def test_a_report_of_other_source_holds_nothing(self) -> None:
        self.keep(Level.SIMULATED, None)
        Certification.objects.update(adapter_digest="0" * 64)

        assert standing("paper", now=NOW) is None

    def test_no_level_is_skipped(self) -> None:
        with pytest.raises(NotCertifiedError):
            certification.ensure_may_try("paper", Level.PAPER, now=NOW)
        self.keep(Level.SIMULATED, None)

        certification.ensure_may_try("paper", Level.PAPER, now=NOW)

        with pytest.raises(NotCertifiedError):
            certification.ensure_may_try("paper", Level.LIVE_CERTIFIED, now=NOW)

    def test_more_than_simulated_names_its_connection(self) -> None:
        with pytest.raises(IntegrityError):
            self.keep(Level.PAPER, None)

    @pytest.mark.parametrize(
        ("mode", "level", "opens"),
        [
            ("paper", Level.LIVE_CERTIFIED, False),
            ("live", Level.PAPER, False),
            ("live", Level.LIVE_CERTIFIED, True),
        ],
    )
    def test_a_live_connection_opens_only_when_armed_and_certified(
        self, settings: Settings, mode: str, level: Level, opens: bool
    ) -> None:
        settings.TRADING_MODE = mode
        connection = self.live()
        self.keep(level, connection)

        if opens:
            certification.ensure_may_connect(connection, now=NOW)
        else:
            with pytest.raises(NotCertifiedError):
                certification.ensure_may_connect(connection, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_the_door_of_the_registry_keeps_an_uncertified_live_connection_shut() -> None:
    Connection.objects.create(name="real", broker="paper", environment="LIVE")

    with pytest.raises(NotCertifiedError):
        registry.session_for("real")


def test_a_report_of_the_suite_is_read_test_by_test() -> None:
    findings = findings_of(
        '<testsuites><testsuite><testcase classname="tests.brokers.x.TestX" name="test_it_acks" time="0.5"/>'
        '<testcase classname="a.TestX" name="test_it_fails"><failure message="no ack"/></testcase>'
        '<testcase classname="a.TestX" name="test_it_cannot"><skipped message="no combos"/></testcase>'
        '<testcase classname="tests.brokers.x.test_contract.TestX" name="test_it_replaces"/>'
        "</testsuite></testsuites>"
    )

    assert [(f.check, f.outcome) for f in findings] == [
        ("TestX: it_acks", Outcome.PASS),
        ("TestX: it_fails", Outcome.FAIL),
        ("TestX: it_cannot", Outcome.NOT_APPLICABLE),
        ("contract: it_replaces", Outcome.PASS),
    ]
