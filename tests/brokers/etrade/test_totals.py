"""Executions out of totals: whatever was seen when, they come to the broker's own sums under names that stay."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.orders import Side
from allcore.kernel.reports import ReportKind
from brokers.etrade.totals import Tally, Total, tallied
from tests.brokers.contract import listed, put_spread, working
from tests.brokers.etrade.desks import EtradeDesk, opened
from tests.brokers.servers.book import Leg, Terms
from tests.builders.paper import PUT, buy


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[EtradeDesk]:
    desk = await opened()
    yield desk
    await desk.close()


def total(qty: int, px: str) -> Total:
    return Total(qty, Decimal(px))


def shown(tally: Tally) -> list[tuple[int, str]]:
    return [(one.qty, str(one.px)) for one in tally.slices]


def test_what_is_new_is_one_execution_at_the_price_that_makes_the_average() -> None:
    first = tallied(Tally(), total(10, "4.2"), "7.1")

    second = tallied(first, total(15, "4.1833"), "7.1")

    assert shown(second) == [(10, "4.20"), (5, "4.15")]
    assert [one.exec_id for one in second.slices] == ["7.1.00.0000010", "7.1.00.0000015"]


def test_the_same_total_changes_nothing() -> None:
    tally = tallied(tallied(Tally(), total(10, "4.2"), "7.1"), total(15, "4.1833"), "7.1")

    assert tallied(tally, total(15, "4.1833"), "7.1") == tally


def test_another_average_corrects_every_execution_under_its_name() -> None:
    before = tallied(Tally(), total(2, "4.2"), "7.1")

    after = tallied(before, total(2, "4.15"), "7.1")

    assert shown(after) == [(2, "4.15")]
    assert after.slices[0].exec_id == before.slices[0].exec_id


def test_a_lesser_total_takes_the_newest_back_and_never_uses_a_name_twice() -> None:
    before = tallied(tallied(Tally(), total(10, "4.2"), "7.1"), total(15, "4.2"), "7.1")

    busted = tallied(before, total(10, "4.2"), "7.1")
    again = tallied(busted, total(15, "4.2"), "7.1")

    assert shown(busted) == [(10, "4.20")]
    assert again.slices[1].exec_id not in {one.exec_id for one in before.slices}


def test_a_part_that_was_taken_back_leaves_the_rest_under_a_new_name() -> None:
    before = tallied(Tally(), total(10, "4.2"), "7.1")

    after = tallied(before, total(4, "4.2"), "7.1")

    assert shown(after) == [(4, "4.20")]
    assert after.slices[0].exec_id != before.slices[0].exec_id


def test_a_correction_hidden_by_a_fill_never_makes_a_negative_price() -> None:
    before = tallied(Tally(), total(10, "4.2"), "7.1")

    after = tallied(before, total(11, "1"), "7.1")

    assert shown(after) == [(10, "1"), (1, "1")]


trades = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 2000)), min_size=1, max_size=8)


@given(trades, st.data())
def test_quantity_and_money_come_to_the_brokers_whenever_it_was_looked_at(
    made: list[tuple[int, int]], data: st.DataObject
) -> None:
    tally, qty, cents = Tally(), 0, 0
    for more, px in made:
        qty, cents = qty + more, cents + more * px
        if data.draw(st.booleans()):
            tally = tallied(tally, Total(qty, (Decimal(cents) / 100 / qty).quantize(Decimal("0.0001"))), "7.1")
    tally = tallied(tally, Total(qty, (Decimal(cents) / 100 / qty).quantize(Decimal("0.0001"))), "7.1")

    assert sum(one.qty for one in tally.slices) == qty
    worth = sum(one.qty * one.px for one in tally.slices)
    assert abs(worth - Decimal(cents) / 100) <= Decimal("0.0002") * qty
    assert len({one.exec_id for one in tally.slices}) == len(tally.slices)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 2000)), max_size=8))
def test_whatever_the_totals_do_the_tally_follows_and_names_stay_apart(looks: list[tuple[int, int]]) -> None:
    tally, gone = Tally(), set[str]()
    for qty, cents in looks:
        before = {one.exec_id for one in tally.slices}
        tally = tallied(tally, Total(qty, Decimal(cents) / 100), "7.1")
        now = {one.exec_id for one in tally.slices}
        gone |= before - now
        assert sum(one.qty for one in tally.slices) == qty
        assert all(one.px >= 0 for one in tally.slices)
        assert not gone & now


async def test_fills_before_and_after_a_restart_are_two_with_names_that_stay(desk: EtradeDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.20", qty=15))
    first = await desk.hear(ReportKind.FILL)
    await desk.restart()
    assert (await desk.hear(ReportKind.FILL)).fills == first.fills  # told again, under the same name
    await desk.show(PUT, "4.10", "4.15")

    second = await desk.hear(ReportKind.FILL)

    assert [(f.combo_qty, f.fills[0].px) for f in (first, second)] == [(10, Decimal("4.20")), (5, Decimal("4.15"))]
    await desk.restart()
    order = (await listed(desk))[0]
    assert [f.fills[0].exec_id for f in order.fills] == [first.fills[0].exec_id, second.fills[0].exec_id]


async def test_fills_while_away_are_one_at_the_average(desk: EtradeDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.20", qty=15))
    first = await desk.hear(ReportKind.FILL)
    await desk.cut()
    desk.exchange.show(PUT, "4.10", "4.15", size=2)
    desk.exchange.show(PUT, "4.10", "4.18", size=2)

    await desk.reconnect()

    fills = [fill for report in (await listed(desk))[0].fills for fill in report.fills]
    assert [(f.qty, f.px) for f in fills] == [(10, Decimal("4.20")), (4, Decimal("4.165"))]
    assert fills[0].exec_id == first.fills[0].exec_id


async def test_what_was_corrected_and_taken_back_stays_so_after_a_restart(desk: EtradeDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.20", qty=15))
    first = await desk.hear(ReportKind.FILL)
    desk.exchange.bust(desk.exchange.executions[0].exec_id)
    assert (await desk.hear(ReportKind.BUST)).ref_exec_id == first.fills[0].exec_id
    await desk.restart()

    desk.exchange.fill(1, 10, ("4.20",))

    again = await desk.hear(ReportKind.FILL)
    assert again.fills[0].exec_id != first.fills[0].exec_id
    desk.exchange.correct(desk.exchange.executions[1].exec_id, px="4.10")
    assert (await desk.hear(ReportKind.CORRECT)).ref_exec_id == again.fills[0].exec_id
    await desk.restart()
    assert [(f.qty, f.px) for r in (await listed(desk))[0].fills for f in r.fills] == [(10, Decimal("4.10"))]


async def test_a_combos_fills_keep_their_names_over_a_restart(desk: EtradeDesk) -> None:
    await desk.show(PUT, "4.10", "4.20", size=2)
    await working(desk, "C1", put_spread("3.05", qty=3))
    first = await desk.hear(ReportKind.FILL)
    await desk.restart()
    assert (await desk.hear(ReportKind.FILL)).fills == first.fills
    await desk.show(PUT, "4.10", "4.20", size=2)

    second = await desk.hear(ReportKind.FILL)

    assert [(f.combo_qty, len(f.fills)) for f in (first, second)] == [(2, 2), (1, 2)]
    told = {fill.exec_id for report in (await listed(desk))[0].fills for fill in report.fills}
    assert told == {fill.exec_id for report in (first, second) for fill in report.fills}


@pytest.mark.parametrize(("qty", "fills"), [(15, 0), (10, 1)])
async def test_a_strangers_executions_are_told_once_it_is_over(desk: EtradeDesk, qty: int, fills: int) -> None:
    desk.exchange.place(desk.account, Terms((Leg(PUT, Side.BUY),), qty, limit=Decimal("4.20")))

    before = [f.fills[0].exec_id for f in (await listed(desk))[0].fills]
    await desk.restart()

    assert [f.fills[0].exec_id for f in (await listed(desk))[0].fills] == before
    assert len(before) == fills


async def test_a_fill_is_dated_by_the_broker(desk: EtradeDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.20"))

    report = await desk.hear(ReportKind.FILL)

    made = desk.exchange.executions[0].at
    assert timedelta(0) <= made - report.transact_at < timedelta(milliseconds=1)
