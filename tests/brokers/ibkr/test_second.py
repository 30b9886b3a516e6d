"""However messages heap up before the wire, no second holds more of them than the gateway counts."""

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from brokers.ibkr.gateway import MOST_A_SECOND
from brokers.ibkr.orders import MESSAGES
from brokers.ibkr.second import Second
from tests.brokers.ibkr.desks import opened
from tests.builders.paper import PUT, buy

BROKER_ALLOWS = 50
TICK = 1e-9


def most_in_a_second(times: Sequence[float]) -> int:
    return max(sum(at <= other < at + 1 for other in times) for at in times)


@given(
    gaps=st.lists(st.floats(0, 0.3), min_size=1, max_size=200),
    counts=st.lists(st.integers(1, 4), min_size=200, max_size=200),
    reserved=st.integers(0, 3),
)
def test_no_rolling_second_holds_more_than_it_may(gaps: list[float], counts: list[int], reserved: int) -> None:
    second, now, left = Second(MOST_A_SECOND), 0.0, []

    for gap, count in zip(gaps, counts, strict=False):
        now += gap
        while (wait := second.wait(count, now, reserved=reserved)) > 0:
            now += wait + TICK
        second.note(count, now)
        left += [now] * count

    assert most_in_a_second(left) <= MOST_A_SECOND


def test_the_last_of_a_second_leaves_at_once_and_the_next_when_the_first_is_a_second_old() -> None:
    second = Second(3)
    for at in (0.0, 0.2, 0.4):
        assert second.wait(1, at) == 0
        second.note(1, at)

    assert second.wait(1, 0.5) == 0.5
    assert second.wait(2, 0.5) == 0.7
    assert second.wait(1, 1.0) == 0


def test_what_is_reserved_is_kept_from_data_and_not_from_orders() -> None:
    second = Second(3)
    second.note(2, 0.0)

    assert second.wait(1, 0.1, reserved=1) > 0
    assert second.wait(1, 0.1) == 0


def test_all_lines_together_are_handed_no_more_than_the_broker_allows() -> None:
    assert MESSAGES.rate + MESSAGES.burst <= BROKER_ALLOWS
    assert MOST_A_SECOND < BROKER_ALLOWS
    assert 0 < MESSAGES.reserved < MESSAGES.burst


async def test_orders_that_heaped_up_before_the_wire_do_not_leave_in_a_heap() -> None:
    desk = await opened()
    orders = [desk.session.submit(f"C{n}", desk.account, buy(PUT, "4.00")) for n in range(MOST_A_SECOND + 8)]

    await asyncio.gather(*orders)  # the pacer of these tests hands out as fast as it is asked
    await desk.settle()

    assert desk.server.heard[3] == MOST_A_SECOND + 8
    assert desk.server.too_fast == 0
    await desk.close()
