"""What the adapter says it takes, held against the orders it makes."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from allcore.kernel.orders import OrdType, TimeInForce, TriggerPrice
from brokers.errors import NotTakenError
from brokers.ibkr.library import load
from brokers.ibkr.orders import CAPABILITIES, ensure_taken, order_of
from brokers.ibkr.session import IbkrSession
from brokers.ports import Plumbing
from tests.brokers.servers.faults import Clock
from tests.brokers.servers.keys import MemoryKeys
from tests.brokers.servers.pacer import LocalPacer
from tests.brokers.servers.secrets import MemorySecrets
from tests.builders.paper import PUT, buy

METHODS = {TriggerPrice.LAST: 2, TriggerPrice.OPPOSITE: 4, TriggerPrice.MID: 8}  # the broker's page on triggers


def session(**settings: object) -> IbkrSession:
    return IbkrSession(Plumbing("ib", "PAPER", settings, Clock(), MemoryKeys(), MemorySecrets(), LocalPacer()))


@pytest.mark.parametrize("trigger", list(TriggerPrice))
async def test_an_order_is_set_off_by_each_price_that_is_said_and_by_no_other(trigger: TriggerPrice) -> None:
    ticket = replace(buy(PUT), ord_type=OrdType.STOP, stop_price=Decimal("4.50"), trigger=trigger)

    if trigger in CAPABILITIES.triggers:
        ensure_taken(ticket)
        assert order_of(load(), ticket, "DU1", "C1").triggerMethod == METHODS[trigger]
    else:
        with pytest.raises(NotTakenError):
            ensure_taken(ticket)


def test_an_order_that_is_good_till_cancelled_is_kept_for_ninety_days() -> None:
    assert TimeInForce.GTC in CAPABILITIES.times_in_force
    assert CAPABILITIES.gtc_for == timedelta(days=90)


async def test_the_hours_of_resets_are_the_brokers_and_not_the_test_servers() -> None:
    assert session(port=4002).capabilities.quiet == CAPABILITIES.quiet != ()
    assert session(port=4010, simulated=True).capabilities.quiet == ()


def test_a_library_loaded_beside_no_loop_leaves_none_open() -> None:
    code = (
        "import asyncio, gc; from brokers.ibkr.library import load; load(); asyncio.set_event_loop(None); gc.collect()"
    )

    done = subprocess.run([sys.executable, "-W", "always", "-c", code], capture_output=True, check=True, text=True)

    assert "unclosed" not in done.stderr
