"""How long a batch of quotes takes 1,000 live runs: every run looks at the market, and none may miss its moment.

Each run walks a two-legged spread of its own and has a working child. In `quiet` batches no price moves; in `stirred`
ones a leg of each run does, but no mid by more than a tick; in `mixed` ones every twentieth run's mid moves by two, so
that it re-prices its child. What a run that moves then writes (its log, its child through the gate) is the order path's
time, which `orders` measures: here it moves in memory.
`cpu_*` is this process's own time, which a busy machine does not lengthen. `--profile` shows where it goes.
"""

import cProfile
import io
import os
import pstats
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from allcore import memory

RUNS = 1000
BATCHES = 200
NOW = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)
CENT = Decimal("0.01")


def main() -> None:
    """Measure; with `--profile` say where the time goes instead."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "allcore.settings")
    nowhere = {
        "SECRET_KEY": "x",
        "DATABASE_URL": "postgresql://x:x@127.0.0.1:1/x",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    for name, value in nowhere.items():
        os.environ[name] = os.environ.get(name) or value  # make hands on what is unset as empty
    import django

    django.setup()
    if "--profile" in sys.argv:
        profile()
        return
    from benchmarks.harness import figures, report

    results: dict[str, object] = {}
    for case, part, up in (("quiet", 1, 0), ("stirred", 1, 1), ("mixed", 20, 2)):
        wall, cpu, moved = measure(Moves(part, up * CENT))
        own = figures(cpu, sum(cpu) / 1000)
        results[case] = figures(wall, sum(wall) / 1000) | {
            "cpu_p50_ms": own["p50_ms"],
            "cpu_p99_ms": own["p99_ms"],
            "moved_a_batch": round(moved / BATCHES, 1),
        }
    report("algo", results, runs=RUNS, batches=BATCHES)


@dataclass(frozen=True, slots=True)
class Moves:
    """In each batch the market of every `part`-th run moves by `up`, and back in the next."""

    part: int
    up: Decimal


def measure(moves: Moves) -> tuple[list[float], list[float], int]:
    """Return the milliseconds of each batch by the wall's clock and by the processor's, and how many runs moved."""
    engine = an_engine()
    memory.settle()  # as its upkeep does with what it takes
    wall, cpu, moved = [], [], 0
    for number in range(BATCHES):
        at = NOW + timedelta(seconds=2 * (number + 2))
        fresh = batch(at, number, moves)
        began, began_cpu = time.perf_counter(), time.process_time()
        movers = look(engine, fresh, at)
        wall.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - began_cpu) * 1000)
        move(movers, at)
        moved += len(movers)
    return wall, cpu, moved


def look(engine: Any, fresh: dict[str, Any], at: datetime) -> list[tuple[Any, Any]]:
    """Let every run look and step, as the engine does; return those that move, with what they saw."""
    engine.quotes.update(fresh)
    return [(engine.held[run], seen) for run, seen in engine.movers(list(engine.held), engine.moment(a_clock(), at))]


def move(moved: list[tuple[Any, Any]], at: datetime) -> None:
    """Move the runs in memory, as their transactions would, and let the broker accept what they asked for."""
    from trading.domain.algos.events import Heard
    from trading.domain.algos.step import step
    from trading.domain.algos.values import ChildStatus

    for held, sight in moved:
        live = held.live
        live.state, _ = step(live.parent, live.state, sight)
        for child in live.state.open:
            heard = Heard(at, child.step, ChildStatus.WORKING, child.qty, child.cum, child.cost)
            live.state, _ = step(live.parent, live.state, heard)


def a_clock() -> Any:
    from allcore.kernel.clock import ExchangeClock

    return ExchangeClock(NOW, NOW)


def an_engine() -> Any:
    """Return an engine that holds the runs, each with a child that works."""
    from allcore.kernel.instruments import TickRule
    from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
    from allcore.kernel.tickets import OrderTicket, TicketLeg
    from trading.domain.algos.parameters import WalkParameters
    from trading.domain.algos.values import Leg, Parent, State
    from trading.services.algos.engine import Engine, Held
    from trading.services.algos.run import Live
    from trading.services.algos.terms import package_of

    engine = Engine("benchmark")
    numbers = WalkParameters(most_replaces=20, dwell_least=600, dwell_most=600)
    for number in range(RUNS):
        ticket = OrderTicket(
            account="BENCH",
            underlying="SPY",
            legs=(
                TicketLeg(symbol(number, 0), Side.SELL, PositionEffect.OPEN),
                TicketLeg(symbol(number, 1), Side.BUY, PositionEffect.OPEN),
            ),
            quantity=10,
            ord_type=OrdType.LIMIT,
            time_in_force=TimeInForce.DAY,
            price_effect=PriceEffect.CREDIT,
            limit_price=Decimal("0.50"),
        )
        parent = Parent(
            quantity=10,
            limit=Decimal("-0.50"),
            least=None,
            tick_rule=TickRule.CENT,
            legs=(Leg(Side.SELL, 1), Leg(Side.BUY, 1)),
            is_opening=True,
            starts_at=NOW,
            ends_at=NOW + timedelta(hours=2),
            seed=str(number),
            parameters=replace(numbers, most_replaces=10**6),
        )
        live = Live(number, ticket, parent, package_of(ticket), State(), 0)  # type: ignore[arg-type]  # any key will do
        engine.held[number] = Held(live, ("paper", "BENCH", "SPY"))  # type: ignore[index]  # as above
        for name in (symbol(number, 0), symbol(number, 1)):
            engine._by_symbol[name].add(number)  # type: ignore[arg-type]  # noqa: SLF001 as a claimed run would be
    at = NOW + timedelta(seconds=1)
    move(look(engine, batch(at, 0, Moves(1, Decimal(0))), at), at)
    return engine


def symbol(number: int, leg: int) -> str:
    """Return the OCC symbol of a run's leg."""
    return f"SPY   260619P{(100 + number) * 1000 + leg * 500:08d}"


def batch(at: datetime, number: int, moves: Moves) -> dict[str, Any]:
    """Return fresh quotes of every leg."""
    from allcore.kernel.quotes import Quote

    fresh = {}
    for run in range(RUNS):
        up = moves.up if run % moves.part == 0 and number % 2 else Decimal(0)
        for leg, (bid, ask) in enumerate((("1.40", "1.44"), ("0.80", "0.83"))):
            low, high = Decimal(bid) + (0 if leg else up), Decimal(ask) + (0 if leg else up)
            name = symbol(run, leg)
            fresh[name] = Quote(name, low, high, 50, 50, None, at, at, "bench", volume=1000)
    return fresh


def profile() -> None:
    """Print where batches spend their time: of runs that see another price, and of runs that move."""
    for moves in (Moves(1, CENT), Moves(20, 2 * CENT)):
        profiler, out = cProfile.Profile(), io.StringIO()
        engine = an_engine()
        batches = [(batch(at := NOW + timedelta(seconds=2 * (n + 2)), n, moves), at) for n in range(20)]
        profiler.enable()
        for fresh, at in batches:
            move(look(engine, fresh, at), at)
        profiler.disable()
        pstats.Stats(profiler, stream=out).sort_stats("tottime").print_stats(14)
        sys.stdout.write(out.getvalue())


if __name__ == "__main__":
    main()
