"""The chaos suite's short form: fewer orders, the same promises. `make chaos` is the long one."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.road, pytest.mark.xdist_group("road")]

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 200.0


def run(module: str, **options: str) -> dict[str, dict[str, int]]:
    """Run a suite on servers of its own; one that takes too long is ended, and takes all that it started along."""
    settings = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    running = subprocess.Popen(
        [sys.executable, "-m", module], cwd=ROOT, env={**settings, **options}, stdout=subprocess.PIPE
    )
    try:
        out, _ = running.communicate(timeout=WITHIN)
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=60)
        raise
    result: dict[str, dict[str, int]] = json.loads(out.splitlines()[-1])
    assert running.returncode == (1 if any(result["violations"].values()) else 0)
    return result


def test_whatever_dies_or_stops_or_is_lost_every_order_is_sent_once_and_booked_once() -> None:
    result = run("tests.chaos.run", ORDERS="5000", SECONDS="12", SEED="31", WEBS="2", SILENCE="5")

    assert {name: count for name, count in result["violations"].items() if count} == {}, result
    # On a busy machine fewer are tortured in the same time, and fewer orders go out.
    assert sum(sum(result[torture].values()) for torture in ("kills", "pauses", "restarts")) >= 2
    assert result["clients"]["accepted"] >= 10
    assert sum(result["messages"].values()) >= 3


def test_approvals_and_orders_that_collide_make_one_order_each() -> None:
    result = run("tests.chaos.storm", ORDERS="100")

    assert {name: count for name, count in result["violations"].items() if count} == {}, result
    assert result["answers"]["approval_201_201"] >= 80  # a slow machine lets the market outrun some proposals
    assert result["answers"]["order_201_201"] >= 180  # where the contradiction is first, it is the order
    assert result["answers"]["order_422_IDEMPOTENCY_KEY_REUSED"] >= 10
