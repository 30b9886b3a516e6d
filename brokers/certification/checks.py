"""What a session at a real broker is asked to show, with one small order that cannot fill."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

from allcore.kernel.errors import DeskError, RefusedError
from allcore.kernel.ids import mint_cl_ord_id
from allcore.kernel.orders import OrdType
from allcore.kernel.reports import ExecutionReport, OrderReport, ReportKind
from allcore.kernel.tickets import OrderTicket
from brokers.ports import Previewer, ReplaceKind, Replacement, Session

PATIENCE = 30.0
LOOK_BACK = timedelta(days=1)


class Outcome(StrEnum):
    """How a check ended."""

    PASS = "PASS"  # noqa: S105 not a password
    FAIL = "FAIL"
    NOT_APPLICABLE = "NOT_APPLICABLE"


class CheckFailedError(RefusedError):
    """The broker's adapter did not show what it should."""

    code = "CHECK_FAILED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check, how it ended, and what was seen."""

    check: str
    outcome: Outcome
    seen: str


@dataclass(slots=True)
class Probe:
    """One run: a session, an account, and a limit order that is far from the market."""

    session: Session
    account: str
    ticket: OrderTicket
    run_id: str
    now: Callable[[], datetime]
    heard: list[ExecutionReport] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def new_id(self, step: str) -> str:
        """Return a ClOrdID of this run."""
        return mint_cl_ord_id(f"certify:{self.run_id}:{step}")

    async def listen(self) -> None:
        """Hear the session for as long as it lasts."""
        async for report in self.session.events():
            if isinstance(report, ExecutionReport):
                self.heard.append(report)
                self._news.set()

    async def hear(self, cl_ord_id: str, *kinds: ReportKind) -> ExecutionReport:
        """Return the first report of these kinds about the request.

        Raises:
            CheckFailedError: none came in time.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    for report in self.heard:
                        if report.cl_ord_id == cl_ord_id and report.kind in kinds:
                            return report
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise CheckFailedError(f"No {' or '.join(kinds)} for {cl_ord_id} within {PATIENCE:.0f} s.") from None

    async def order(self, cl_ord_id: str) -> OrderReport:
        """Return the order as the broker lists it."""
        status = await self.session.mass_status(self.now() - LOOK_BACK)
        for order in status.orders:
            if order.cl_ord_id == cl_ord_id:
                return order
        raise CheckFailedError(f"The broker does not list {cl_ord_id}.")


async def is_healthy(probe: Probe) -> str:
    """The session is connected and the broker was heard."""
    health = await probe.session.health()
    if not health.is_connected:
        raise CheckFailedError("The session says that it is not connected.")
    return f"heard at {health.heard_at}"


async def reads_the_account(probe: Probe) -> str:
    """Balances and positions of the account are read, whole."""
    status = await probe.session.mass_status(probe.now() - LOOK_BACK)
    if probe.account not in {balance.account for balance in status.balances}:
        raise CheckFailedError(f"No balance of {probe.account} was told.")
    return f"{len(status.orders)} orders, {len(status.positions)} positions"


async def previews(probe: Probe) -> str | None:
    """The broker says what the order would cost, without taking it."""
    if not probe.session.capabilities.preview:
        return None
    preview = await cast("Previewer", probe.session).preview(probe.account, probe.ticket)
    return f"commission {preview.commission}, margin {preview.margin_change}"


async def acknowledges(probe: Probe) -> str:
    """An order is acknowledged under its own id, and listed."""
    cl_ord_id = probe.new_id("new")
    await probe.session.submit(cl_ord_id, probe.account, probe.ticket)
    report = await probe.hear(cl_ord_id, ReportKind.ACK, ReportKind.REJECT)
    if report.kind is ReportKind.REJECT:
        raise CheckFailedError(f"The order was rejected: {report.reason} {report.text}")
    return f"broker id {report.broker_order_id}, listed as {(await probe.order(cl_ord_id)).status}"


async def burns_ids(probe: Probe) -> str:
    """An id used before is refused, and no second order comes to be."""
    try:
        await probe.session.submit(probe.new_id("new"), probe.account, probe.ticket)
    except RefusedError as e:
        return e.message
    raise CheckFailedError("The second order with the same id was not refused.")


async def replaces(probe: Probe) -> str | None:
    """A working order takes new terms under a new id."""
    if probe.session.capabilities.replace is not ReplaceKind.IN_PLACE:
        return None
    new, terms = probe.new_id("replace"), replace(probe.ticket, quantity=probe.ticket.quantity + 1)
    await probe.session.replace(
        probe.account,
        Replacement(new, probe.new_id("new"), terms.quantity, terms.limit_price, terms.stop_price, terms),
    )
    report = await probe.hear(new, ReportKind.REPLACE_ACK, ReportKind.REPLACE_REJECT)
    if report.kind is ReportKind.REPLACE_REJECT:
        raise CheckFailedError(f"The replace was rejected: {report.reason} {report.text}")
    return f"quantity {terms.quantity} under {new}"


async def cancels(probe: Probe) -> str:
    """A working order is canceled, and listed so."""
    replaced = probe.session.capabilities.replace is ReplaceKind.IN_PLACE
    orig, cancel = probe.new_id("replace" if replaced else "new"), probe.new_id("cancel")
    await probe.session.cancel(probe.account, cancel, orig)
    report = await probe.hear(cancel, ReportKind.CANCEL_ACK, ReportKind.CANCEL_REJECT)
    if report.kind is ReportKind.CANCEL_REJECT:
        raise CheckFailedError(f"The cancel was rejected: {report.reason} {report.text}")
    return f"canceled at {report.transact_at}"


async def refuses_what_it_cannot_take(probe: Probe) -> str | None:
    """An order of a type that the capabilities leave out is refused before it leaves."""
    missing = sorted(set(OrdType) - probe.session.capabilities.ord_types)
    if OrdType.MARKET not in missing:
        return None
    ticket = replace(probe.ticket, ord_type=OrdType.MARKET, limit_price=None)
    try:
        await probe.session.submit(probe.new_id("refused"), probe.account, ticket)
    except DeskError as e:
        return e.message
    raise CheckFailedError("A market order left, which the capabilities say is not taken.")


CHECKS: tuple[Callable[[Probe], Awaitable[str | None]], ...] = (
    is_healthy,
    reads_the_account,
    previews,
    acknowledges,
    burns_ids,
    replaces,
    cancels,
    refuses_what_it_cannot_take,
)


async def run(probe: Probe) -> list[Finding]:
    """Connect, ask for everything in turn, close; the first failure ends it, and what follows is not applicable."""
    await probe.session.connect()
    listening = asyncio.create_task(probe.listen())
    findings: list[Finding] = []
    try:
        for check in CHECKS:
            findings.append(await _try(check, probe))
            if findings[-1].outcome is Outcome.FAIL:
                break
    finally:
        listening.cancel()
        await probe.session.close()
    return findings


async def _try(check: Callable[[Probe], Awaitable[str | None]], probe: Probe) -> Finding:
    name = check.__name__.replace("_", " ")
    try:
        seen = await check(probe)
    except (DeskError, OSError, TimeoutError) as e:
        return Finding(name, Outcome.FAIL, str(e)[:300])
    return Finding(name, Outcome.PASS if seen is not None else Outcome.NOT_APPLICABLE, seen or "")
