"""The E*TRADE test server, judged by two clients written by others, each in an environment of its own."""

import asyncio
import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from allcore.kernel.instruments import OptionContract, Right
from tests.brokers.servers.etrade.server import EtradeServer, key_of
from tests.builders.paper import FRIDAY, PUT

HERE = Path(__file__).parent
ENVIRONMENTS = Path(os.environ.get("ETRADE_JUDGES") or HERE.parents[3] / "var" / "etrade-judges")
ACCOUNT = "823145980"


@pytest.mark.parametrize(("library", "checks"), [("pyetrade", 8), ("etrade_python", 8)])
async def test_a_client_of_others_finds_all_that_it_needs(library: str, checks: int) -> None:
    python = ENVIRONMENTS / library / "bin" / "python"
    if not python.exists():
        pytest.skip(f"{library} is not installed in {python.parents[1]}: run scripts/certify-etrade")
    server = EtradeServer.make(accounts={ACCOUNT: Decimal(100_000)})
    server.exchange.show(PUT, "4.10", "4.20")
    for strike in (Decimal(250), Decimal(260)):
        server.exchange.show(OptionContract("TSLA", FRIDAY, Right.CALL, strike).symbol, "3.00", "3.10")
    await server.port.open()
    told = {
        "base_url": server.port.url,
        "account": ACCOUNT,
        "key": key_of(ACCOUNT),
        "consumer_key": server.provider.consumer_key,
        "consumer_secret": server.provider.consumer_secret,
    }

    judge = await asyncio.create_subprocess_exec(
        str(python),
        str(HERE / f"judge_{library}.py"),
        json.dumps(told),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await judge.communicate()

    await server.port.close()
    assert judge.returncode == 0, complained.decode()[-2000:]
    assert len(json.loads(said)) == checks
