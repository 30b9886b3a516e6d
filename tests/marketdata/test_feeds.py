"""The FEED setting."""

from datetime import UTC, datetime

import pytest

from marketdata.domain.feeds import BadFeedError, NoFeed, ReplayFeed, SimulatedFeed, parse


def test_each_form_is_read() -> None:
    assert parse("none") == NoFeed()
    assert parse("sim") == SimulatedFeed(seed=7, start=None, speed=1.0, pause=300.0)
    assert parse("sim:seed=11,speed=20,pause=0") == SimulatedFeed(seed=11, speed=20.0, pause=0.0)
    assert parse("replay:/data/quotes") == ReplayFeed("/data/quotes")
    assert parse("replay:../data, speed=60") == ReplayFeed("../data", speed=60.0)


def test_a_start_without_a_zone_is_new_yorks() -> None:
    started = parse("replay:x,start=2015-12-23T09:35")

    assert started == ReplayFeed("x", start=datetime(2015, 12, 23, 14, 35, tzinfo=UTC))


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "simulator",
        "none:seed=1",
        "sim:seed=-1",
        "sim:seed=1.5",
        "sim:seed=1,seed=2",
        "sim:colour=red",
        "sim:seed",
        "sim:start=today",
        "sim:speed=0",
        "sim:speed=nan",
        "sim:speed=601",
        "sim:pause=-1",
        "replay",
        "replay:",
        "replay:speed=60",
        "replay:x,seed=7",
    ],
)
def test_anything_else_is_refused_with_the_form_in_the_sentence(spec: str) -> None:
    with pytest.raises(BadFeedError, match="It is none, sim"):
        parse(spec)


@pytest.mark.parametrize("speed", ["0.01", "600"])
def test_speeds_up_to_the_bounds_are_allowed(speed: str) -> None:
    assert parse(f"sim:speed={speed}") == SimulatedFeed(speed=float(speed))
