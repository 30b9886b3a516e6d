"""Certify an adapter: against our test server, or on a connection to the broker itself."""

import asyncio
import json
from argparse import ArgumentParser
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from allcore.kernel.clock import utc_now
from allcore.kernel.errors import DeskError
from allcore.kernel.instruments import OptionContract
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.tickets import OrderTicket, TicketLeg
from brokers import registry
from brokers.certification import checks
from brokers.certification.levels import Level
from brokers.models import Certification, Connection
from brokers.selectors.certification import report_row
from brokers.services import certification, leases
from brokers.services.certification import Run

OWNER = "certify"


class Command(BaseCommand):
    """Run the checks, write the dated report, and say what the adapter holds now."""

    help = "Certify a broker's adapter against our test server, or a connection against the broker's own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the broker, and for more than SIMULATED what to try it on."""
        parser.add_argument("broker", choices=sorted(registry.BROKERS))
        parser.add_argument("--level", choices=[level.value for level in Level], default=Level.SIMULATED.value)
        parser.add_argument("--connection", help="name of a connection, for SANDBOX, PAPER and LIVE_CERTIFIED")
        parser.add_argument("--account", help="the broker's number of the account to try it on")
        parser.add_argument("--symbol", help="what the trial order buys one of, such as an OCC symbol")
        parser.add_argument("--limit", type=Decimal, help="its limit: far below the market, so that it cannot fill")
        parser.add_argument("--by", required=True, help="your name; it stands in the report")
        parser.add_argument("--confirm", help="the connection's name again: one real order will be sent and cancelled")

    def handle(self, *args: object, **options: object) -> None:
        """Certify and report."""
        broker, level, by = str(options["broker"]), Level(str(options["level"])), str(options["by"])
        started_at = utc_now()
        try:
            if level is Level.SIMULATED:
                run = Run(broker, level, None, certification.contract_suite(broker), started_at, utc_now())
            else:
                certification.ensure_may_try(broker, level, now=started_at)
                run = self._tried(broker, level, started_at, options)
        except DeskError as e:
            raise CommandError(e.message) from e
        report = certification.keep(run, by=by)
        self._say(report)
        if not report.is_passed:
            raise CommandError(f"{broker} did not pass {level}.")

    def _tried(self, broker: str, level: Level, started_at: datetime, options: dict[str, object]) -> Run:
        connection = Connection.objects.filter(name=options["connection"], broker=broker).first()
        if connection is None:
            raise CommandError(f"Name a connection of {broker}: --connection.")
        live = connection.environment == Connection.Environment.LIVE
        if live != (level is Level.LIVE_CERTIFIED):
            raise CommandError(
                f"{connection.name} is a {connection.environment} connection; {level} is not tried on it."
            )
        if options["confirm"] != connection.name:
            raise CommandError(
                f"One order will be sent on {connection.name} and cancelled. Say so: --confirm {connection.name}"
            )
        ticket, account = _ticket(options), str(options["account"])
        epoch = leases.acquire(connection.name, owner=OWNER, now=started_at)
        if epoch is None:
            raise CommandError(f"{connection.name} is in use or paused; pause the worker's hold on it first.")
        try:
            session = registry.build(registry.spec_of(connection))
            probe = checks.Probe(session, account, ticket, started_at.isoformat(), utc_now)
            findings = asyncio.run(checks.run(probe))
        finally:
            leases.release(connection.name, owner=OWNER, epoch=epoch, now=utc_now())
        return Run(broker, level, connection, findings, started_at, utc_now())

    def _say(self, report: Certification) -> None:
        row = report_row(report)
        folder = Path(settings.VAR_DIR) / "certification"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{report.finished_at:%Y-%m-%d-%H%M%S}-{report.broker}-{report.level}.json"
        file.write_text(json.dumps(row, indent=2), encoding="utf-8")
        outcomes = [finding["outcome"] for finding in report.findings]
        self.stdout.write(
            f"{report.broker} {report.level}: {'passed' if report.is_passed else 'FAILED'}; "
            f"{outcomes.count('PASS')} passed, {outcomes.count('FAIL')} failed, "
            f"{outcomes.count('NOT_APPLICABLE')} not applicable; until {report.expires_at:%Y-%m-%d}. Report: {file}"
        )


def _ticket(options: dict[str, object]) -> OrderTicket:
    symbol, limit = options["symbol"], options["limit"]
    if not (symbol and isinstance(limit, Decimal) and options["account"]):
        raise CommandError("Say what to buy one of, where and how cheap: --account, --symbol, --limit.")
    is_option = len(str(symbol)) > 6
    return OrderTicket(
        account=str(options["account"]),
        underlying=OptionContract.parse(str(symbol)).root if is_option else str(symbol),
        legs=(TicketLeg(str(symbol), Side.BUY, PositionEffect.OPEN, multiplier=100 if is_option else 1),),
        quantity=1,
        ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.DAY,
        price_effect=PriceEffect.DEBIT,
        limit_price=limit,
    )
