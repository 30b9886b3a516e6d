"""What waits for one client."""

from typing import cast

import orjson
from hypothesis import given
from hypothesis import strategies as st

from trading.consumers.outbox import BATCH, Outbox


def drained(outbox: Outbox) -> list[dict[str, object]]:
    frames: list[dict[str, object]] = []
    while (frame := outbox.pop()) is not None:
        frames.append(orjson.loads(frame))
    return frames


def test_a_newer_row_takes_the_place_of_the_older_that_still_waits() -> None:
    outbox = Outbox()
    outbox.put("orders", "order", b'{"id":"1","status":"NEW"}', key="1")
    outbox.put("orders", "order", b'{"id":"2","status":"NEW"}', key="2")
    outbox.put("orders", "order", b'{"id":"1","status":"FILLED"}', key="1")

    frames = drained(outbox)

    assert [frame["data"] for frame in frames] == [{"id": "2", "status": "NEW"}, {"id": "1", "status": "FILLED"}]


def test_conflation_makes_no_gap_in_seq() -> None:
    outbox = Outbox()
    for status in ("NEW", "PARTIALLY_FILLED", "FILLED"):
        outbox.put("orders", "order", orjson.dumps({"id": "1", "status": status}), key="1")
    first = drained(outbox)
    outbox.put("orders", "order", b'{"id":"2"}', key="2")

    second = drained(outbox)

    assert [frame["seq"] for frame in first + second] == [1, 2]


def test_each_stream_counts_for_itself() -> None:
    outbox = Outbox()
    outbox.put("orders", "order", b'{"id":"1"}', key="1")
    outbox.put("pnl", "pnl", b'{"account":"A"}', key="A")
    outbox.put("orders", "order", b'{"id":"2"}', key="2")

    frames = drained(outbox)

    assert [(frame["stream"], frame["seq"]) for frame in frames] == [("orders", 1), ("pnl", 1), ("orders", 2)]


def test_messages_without_a_key_are_all_kept() -> None:
    outbox = Outbox()
    outbox.put("risk", "kill", b'{"level":2}')
    outbox.put("risk", "kill", b'{"level":3}')

    frames = drained(outbox)

    assert [frame["data"] for frame in frames] == [{"level": 2}, {"level": 3}]


def test_quotes_leave_together_and_the_newest_of_each_symbol() -> None:
    outbox = Outbox()
    outbox.put_quote("TSLA", b'{"symbol":"TSLA","bid":"1"}')
    outbox.put_quote("NVDA", b'{"symbol":"NVDA","bid":"5"}')
    outbox.put_quote("TSLA", b'{"symbol":"TSLA","bid":"2"}')

    (frame,) = drained(outbox)

    assert frame["type"] == "quotes"
    assert frame["data"] == [{"symbol": "TSLA", "bid": "2"}, {"symbol": "NVDA", "bid": "5"}]


def test_a_frame_of_quotes_holds_at_most_one_batch() -> None:
    outbox = Outbox()
    for number in range(BATCH + 1):
        outbox.put_quote(f"S{number}", orjson.dumps({"symbol": f"S{number}"}))

    frames = drained(outbox)

    assert [len(frame["data"]) for frame in frames] == [BATCH, 1]  # type: ignore[arg-type]  # lists of rows


def test_a_snapshot_comes_before_the_change_that_was_heard_while_it_was_read() -> None:
    outbox = Outbox()
    outbox.put("orders", "order", b'{"id":"1","status":"FILLED"}', key="1")
    outbox.put_snapshot("orders", b'[{"id":"1","status":"NEW"}]')

    frames = drained(outbox)

    assert [frame["type"] for frame in frames] == ["snapshot", "order"]


def test_at_capacity_everything_is_kept() -> None:
    outbox = Outbox(capacity=3)
    for number in range(3):
        outbox.put("risk", "limit", orjson.dumps({"id": number}))

    assert len(drained(outbox)) == 3
    assert not outbox.overflowed


def test_above_capacity_all_is_forgotten_and_the_client_is_owed_snapshots() -> None:
    outbox = Outbox(capacity=3)
    for number in range(4):
        outbox.put("risk", "limit", orjson.dumps({"id": number}))

    assert outbox.overflowed
    assert drained(outbox) == []


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 99), st.booleans()), max_size=40))
def test_the_last_value_of_every_row_arrives_however_sends_and_changes_mix(steps: list[tuple[str, int, bool]]) -> None:
    outbox = Outbox()
    wanted: dict[object, object] = {}
    seen: dict[object, object] = {}
    frames: list[dict[str, object]] = []
    for key, value, sends in steps:
        outbox.put("orders", "order", orjson.dumps([key, value]), key=key)
        wanted[key] = value
        if sends and (frame := outbox.pop()) is not None:
            frames.append(orjson.loads(frame))
    frames += drained(outbox)

    for sent in frames:
        pair = cast("list[object]", sent["data"])
        seen[pair[0]] = pair[1]

    assert seen == wanted
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
