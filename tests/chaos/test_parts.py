"""The suite's own parts: the torture spares nobody, the line tears as it says, the verdict sees what is wrong."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from allcore.kernel.clock import utc_now
from allcore.kernel.errors import UnavailableError
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.reports import ExecutionReport, MassStatus, ReportKind
from allcore.kernel.tickets import OrderTicket, TicketLeg
from brokers.models import Account, Connection, PaperAccount, PaperExecution, PaperOrder, PaperPosition
from brokers.paper.session import CAPABILITIES
from brokers.ports import Capabilities, Health, Replacement
from tests.chaos import verdict
from tests.chaos.torn import Fate, Fates, LineTornError, Report, TornSession
from tests.chaos.torturer import Torture, deck
from trading.models import Break

TICKET = OrderTicket(
    account="BENCH-0",
    underlying="AAPL",
    legs=(TicketLeg("AAPL", Side.BUY, PositionEffect.OPEN, multiplier=1),),
    quantity=1,
    ord_type=OrdType.LIMIT,
    time_in_force=TimeInForce.DAY,
    price_effect=PriceEffect.DEBIT,
    limit_price=Decimal("200.00"),
)
NAMES = ["web-0", "broker-0", "postgres"]


class Fixed(Fates):
    """Fates that are always the same."""

    fate = Fate.PASS

    def next(self, chances: tuple[tuple[Fate, float], ...]) -> Fate:
        return self.fate

    def seconds(self, most: float) -> float:
        return 0.0


@dataclass
class Broker:
    """Meets `brokers.ports.Session`, keeps what it hears and says what it is told to."""

    says: list[Report] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    capabilities: Capabilities = CAPABILITIES

    async def connect(self) -> None: ...
    async def close(self) -> None: ...

    async def health(self) -> Health:
        return Health(is_connected=True, heard_at=None)

    async def submit(self, cl_ord_id: str, broker_account: str, ticket: OrderTicket) -> None:
        self.heard.append(cl_ord_id)

    async def replace(self, broker_account: str, replacement: Replacement) -> None:
        self.heard.append(replacement.cl_ord_id)

    async def cancel(self, broker_account: str, cl_ord_id: str, orig_cl_ord_id: str) -> None:
        self.heard.append(cl_ord_id)

    async def mass_status(self, since: datetime) -> MassStatus:
        return MassStatus("paper", since, (), (), ())

    async def events(self) -> AsyncIterator[Report]:
        for report in self.says:
            yield report
        await asyncio.sleep(1.0)  # what was held up comes while the session lasts


def line(tmp_path: Path, fate: Fate, broker: Broker) -> TornSession:
    fates = Fixed("1", tmp_path)
    fates.fate = fate
    return TornSession(broker, fates)


def report(name: str) -> ExecutionReport:
    return ExecutionReport(ReportKind.ACK, "paper", "PAPER-1", name, utc_now())


def test_a_round_does_each_torture_to_each_victim_once_and_the_seed_decides_the_order() -> None:
    whole = len(Torture) * len(NAMES)
    first, again, other = (list(islice(deck(seed, NAMES), whole)) for seed in ("1", "1", "2"))

    assert first == again
    assert first != other
    assert set(first) == {(torture, name) for torture in Torture for name in NAMES}


@pytest.mark.parametrize(("fate", "times"), [(Fate.PASS, 1), (Fate.DROP, 0), (Fate.DOUBLE, 2), (Fate.DELAY, 1)])
async def test_a_message_arrives_as_often_as_its_fate_says(tmp_path: Path, fate: Fate, times: int) -> None:
    broker = Broker()

    await line(tmp_path, fate, broker).submit("C1", "PAPER-1", TICKET)

    assert broker.heard == ["C1"] * times


async def test_a_lost_answer_is_an_unknown_outcome_of_a_message_that_arrived(tmp_path: Path) -> None:
    broker = Broker()

    with pytest.raises(LineTornError):
        await line(tmp_path, Fate.DEAF, broker).submit("C1", "PAPER-1", TICKET)

    assert broker.heard == ["C1"]


async def test_a_lost_list_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        await line(tmp_path, Fate.DROP, Broker()).mass_status(utc_now())


@pytest.mark.parametrize(
    ("fate", "names"),
    [(Fate.PASS, ["C1", "C2"]), (Fate.DROP, []), (Fate.DOUBLE, ["C1", "C1", "C2", "C2"]), (Fate.REORDER, ["C1", "C2"])],
)
async def test_a_report_is_heard_as_often_as_its_fate_says(tmp_path: Path, fate: Fate, names: list[str]) -> None:
    torn = line(tmp_path, fate, Broker(says=[report("C1"), report("C2")]))

    heard = [heard async for heard in torn.events()]

    assert sorted(one.cl_ord_id for one in heard if isinstance(one, ExecutionReport)) == names


def test_the_same_seed_draws_the_same_fates_until_all_is_calm(tmp_path: Path) -> None:
    chances = ((Fate.DROP, 0.5),)
    first, again = (Fates("1", tmp_path) for _ in range(2))
    drawn = [fates.next(chances) for fates in (first, again) for _ in range(50)]
    (tmp_path / "calm").touch()

    assert drawn[:50] == drawn[50:]
    assert 10 < drawn[:50].count(Fate.DROP) < 40
    assert {first.next(((Fate.DROP, 1.0),)) for _ in range(5)} == {Fate.PASS}


@pytest.mark.django_db
def test_the_verdict_is_clean_where_nothing_happened_but_for_an_order_that_is_missing() -> None:
    assert not any(verdict.violations({}).values())
    assert {name for name, count in verdict.violations({"k": "NEVER"}).items() if count} == {"lost"}


@pytest.mark.django_db
def test_the_verdict_sees_what_only_the_broker_has() -> None:
    now = utc_now()
    account = PaperAccount.objects.create(number="PAPER-BENCH-0", cash=Decimal("0.01"))
    order = PaperOrder.objects.create(
        account=account,
        cl_ord_id="C1",
        current_cl_ord_id="C1",
        ticket={},
        status="FILLED",
        order_qty=1,
        cum_qty=1,
        arrives_at=now,
        changed_at=now,
    )
    fill = {"side": "BUY", "qty": 1, "units": 1, "px": 1, "fee": 0, "multiplier": 1}
    PaperExecution.objects.create(
        order=order, exec_id="E1", leg=0, symbol="AAPL", transact_at=now, quote_at=now, **fill
    )
    PaperPosition.objects.create(account=account, symbol="AAPL", qty=1, avg_px=1)

    broken = verdict.violations({})

    assert {name for name, count in broken.items() if count} == {
        "not_ours",
        "statuses_differ",
        "quantities_differ",
        "executions_differ",
        "positions_differ",
        "cash_differs",
    }


@pytest.mark.django_db
def test_the_verdict_tells_a_break_in_full() -> None:
    now = utc_now()
    connection = Connection.objects.create(name="paper", broker="paper", reconciled_at=now)
    account = Account.objects.create(
        code="BENCH-0", name="B", connection=connection, broker_account="PAPER-BENCH-0", baseline=1, position_order=1
    )
    Break.objects.create(account=account, kind="POSITION", subject="AAPL", ours="1", theirs="2", found_at=now)

    (told,) = verdict.open_breaks()

    assert (told["kind"], told["subject"], told["ours"], told["theirs"]) == ("POSITION", "AAPL", "1", "2")
    assert (told["since"], told["last_looked_at"]) == (now.isoformat(), str(now))
    assert verdict.violations({})["breaks"] == 1
