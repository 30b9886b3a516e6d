"""Client libraries written by others certify the test servers, each in an environment of its own."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from allcore.kernel.instruments import OptionContract, Right
from tests.brokers.servers.etrade.server import EtradeServer, key_of
from tests.brokers.servers.schwab.server import SchwabServer
from tests.builders.paper import FRIDAY, LOW_PUT, PUT

ROOT = Path(__file__).resolve().parents[3]
INSTALL_SECONDS, JUDGE_SECONDS = 300, 120
pytestmark = pytest.mark.judge


def python_of(judge: str) -> str:
    """Return the python of the judge's environment, which is made if need be."""
    try:
        done = subprocess.run(
            [ROOT / "scripts" / "judges", judge], cwd=ROOT, capture_output=True, text=True,
            timeout=INSTALL_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        pytest.skip(f"{judge} judges nothing: its environment was not made within {INSTALL_SECONDS} seconds.")
    if done.returncode:
        pytest.skip(f"{judge} judges nothing: its environment cannot be made: {done.stderr.strip()[-300:]}")
    return str(ROOT / done.stdout.strip().splitlines()[-1])


async def judged(judge: str, case: Mapping[str, str]) -> list[str]:
    """Return the names of the checks that held; the first that does not fails the test with the judge's words."""
    script = Path(__file__).parent / f"{judge.replace('-', '_')}_judge.py"
    ours = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "NO_PROXY": "127.0.0.1"}
    process = await asyncio.create_subprocess_exec(
        await asyncio.to_thread(python_of, judge), script, json.dumps(case),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ours,
    )  # fmt: skip
    try:
        async with asyncio.timeout(JUDGE_SECONDS):
            said, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    checks = said.decode().split()
    if process.returncode:
        pytest.fail(f"{judge} held {checks}, then: {complaints.decode()[-2000:]}", pytrace=False)
    return checks


@asynccontextmanager
async def served(server: SchwabServer | EtradeServer) -> AsyncIterator[str]:
    """Serve the contract's quotes, and give the address; whoever judges must break no schema."""
    for symbol, bid, ask in ((PUT, "4.10", "4.20"), (LOW_PUT, "1.00", "1.05"), ("TSLA", "250.00", "250.10")):
        server.exchange.show(symbol, bid, ask)
    await server.port.open()
    try:
        yield server.port.url
    finally:
        await server.port.close()
    assert server.schema_errors == []


@pytest.mark.parametrize(("judge", "count"), [("schwab-py", 12), ("schwabdev", 11)])
async def test_schwabs_server_satisfies(judge: str, count: int) -> None:
    server = SchwabServer.make()
    async with served(server) as url:
        case = {
            "url": url,
            "app_key": server.grants.app_key,
            "app_secret": server.grants.app_secret,
            "refresh_token": server.grants.leave(),
            "code": server.grants.code(),
            "put": PUT,
            "low_put": LOW_PUT,
        }

        checks = await judged(judge, case)

    assert len(checks) == count


async def test_etrades_server_satisfies_pyetrade() -> None:
    server = EtradeServer.make()
    async with served(server) as url:
        case = {"url": url, "key": server.provider.consumer_key, "secret": server.provider.consumer_secret}

        checks = await judged("pyetrade", case)

    assert len(checks) == 9


async def test_etrades_server_satisfies_etrade_python() -> None:
    server = EtradeServer.make()
    for strike in (Decimal(250), Decimal(260)):
        server.exchange.show(OptionContract("TSLA", FRIDAY, Right.CALL, strike).symbol, "3.00", "3.10")
    async with served(server) as url:
        (account,) = server.exchange.accounts
        login = {"key": server.provider.consumer_key, "secret": server.provider.consumer_secret}

        checks = await judged("etrade-python", login | {"url": url, "account": account, "account_key": key_of(account)})

    assert len(checks) == 8
