"""Certifying an adapter, and the rule that nothing goes live above what was certified."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as ET

from django.conf import settings
from django.db import transaction

from allcore import env
from allcore.audit.services import record
from allcore.kernel.errors import ForbiddenError, UnavailableError
from brokers.certification.behaviours import CONTRACT
from brokers.certification.checks import Finding, Outcome
from brokers.certification.levels import LASTS, NEEDED, Level, digest_of
from brokers.models import Certification, Connection
from brokers.selectors.certification import level_of

PYTEST_SECONDS = 900
OURS = frozenset({"DATABASE_URL", "REDIS_URL", "FEED", "VAR_DIR", "SECRET_KEY"})  # the tests start servers of their own


class NotCertifiedError(ForbiddenError):
    """The adapter has not shown what this would need."""

    code = "NOT_CERTIFIED"


class NoSuiteError(UnavailableError):
    """The contract suite is not where it can be run."""

    code = "NO_CONTRACT_SUITE"


@dataclass(frozen=True, slots=True)
class Run:
    """One certification as it was made. `connection` is None at our own test server."""

    broker: str
    level: Level
    connection: Connection | None
    findings: Sequence[Finding]
    started_at: datetime
    finished_at: datetime

    @property
    def is_passed(self) -> bool:
        """Whether something was shown and nothing failed."""
        outcomes = {finding.outcome for finding in self.findings}
        return Outcome.PASS in outcomes and Outcome.FAIL not in outcomes


def ensure_may_try(broker: str, level: Level, *, now: datetime) -> None:
    """Refuse to skip a level.

    Raises:
        NotCertifiedError: the level below does not hold.
    """
    needed = NEEDED.get(level)
    has = level_of(broker, now=now)
    if needed is not None and (has is None or has.rank < needed.rank):
        raise NotCertifiedError(
            f"{broker} must hold {needed} before {level} is tried; it holds {has or 'nothing'}.", broker=broker
        )


@transaction.atomic
def keep(run: Run, *, by: str) -> Certification:
    """Keep the report, whatever it says."""
    report = Certification.objects.create(
        broker=run.broker,
        level=run.level,
        adapter_digest=digest_of(run.broker),
        connection=run.connection,
        findings=[asdict(finding) for finding in run.findings],
        is_passed=run.is_passed,
        started_at=run.started_at,
        finished_at=run.finished_at,
        expires_at=run.finished_at + LASTS[run.level],
        certified_by=by,
    )
    payload = {"level": run.level, "is_passed": run.is_passed, "checks": len(run.findings)}
    record("broker.certified", f"broker:{run.broker}", payload, actor=by, at=run.finished_at)
    return report


def ensure_may_connect(connection: Connection, *, now: datetime) -> None:
    """Let a live connection open only if live trading is armed and its adapter holds the highest level.

    Raises:
        NotCertifiedError: it does not.
    """
    if connection.environment != Connection.Environment.LIVE:
        return
    if settings.TRADING_MODE != "live":
        raise NotCertifiedError(
            f"{connection.name} is a live connection and TRADING_MODE is {settings.TRADING_MODE}; it stays closed.",
            connection=connection.name,
        )
    has = level_of(connection.broker, now=now)
    if has is not Level.LIVE_CERTIFIED:
        raise NotCertifiedError(
            f"{connection.name} is live and {connection.broker} is certified to {has or 'no level'}; it stays closed.",
            connection=connection.name,
        )


def tests_of(broker: str) -> list[Path]:
    """Return where the adapter's tests are: a folder of its own, or files that bear its name."""
    home = Path(settings.BASE_DIR) / "tests" / "brokers"
    return [home / broker] if (home / broker).is_dir() else sorted(home.glob(f"test_{broker}_*.py"))


def contracts_in(test: Path) -> list[Path]:
    """Return the modules of such a place that hold the adapter to the contract."""
    return sorted(test.glob("test_contract.py")) if test.is_dir() else [test] if CONTRACT in test.name else []


def contract_suite(broker: str, *, contract_alone: bool = False) -> list[Finding]:
    """Run the adapter's tests against our test server, or those of the contract alone, in a process of its own.

    Raises:
        NoSuiteError: the tests are not part of this installation, or could not be run at all.
    """
    tests = tests_of(broker)
    if not tests:
        raise NoSuiteError(f"The contract suite of {broker} is not here; certify from a checkout with its tests.")
    if contract_alone:
        tests = [found for test in tests for found in contracts_in(test)]
    with TemporaryDirectory() as home:
        report = Path(home) / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            f"--junitxml={report}",
            *map(str, tests),
        ]
        done = subprocess.run(  # noqa: S603 our own command
            command,
            cwd=settings.BASE_DIR,
            env=env.inherited(without=OURS),
            capture_output=True,
            text=True,
            timeout=PYTEST_SECONDS,
            check=False,
        )
        if not report.exists():
            raise NoSuiteError(
                f"The contract suite of {broker} could not be run: {done.stdout[-300:]}{done.stderr[-300:]}"
            )
        return findings_of(report.read_text(encoding="utf-8"))


def findings_of(junit: str) -> list[Finding]:
    """Read a JUnit report: each test is a finding. It is our own file, made a moment ago."""
    findings = []
    for case in ET.fromstring(junit).iter("testcase"):  # noqa: S314 our own file
        module, _, family = case.get("classname", "").rpartition(".")
        name = f"{CONTRACT if CONTRACT in module else family}: {case.get('name', '').removeprefix('test_')}"
        bad = case.find("failure") if case.find("failure") is not None else case.find("error")
        skipped = case.find("skipped")
        if bad is not None:
            findings.append(Finding(name, Outcome.FAIL, (bad.get("message") or "")[:300]))
        elif skipped is not None:
            findings.append(Finding(name, Outcome.NOT_APPLICABLE, (skipped.get("message") or "")[:300]))
        else:
            findings.append(Finding(name, Outcome.PASS, f"{float(case.get('time', 0)):.2f} s"))
    return findings
