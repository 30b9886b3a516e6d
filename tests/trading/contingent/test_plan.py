"""What one order of a list does to the others: asked at any moment, in any order, any number of times."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allcore.kernel.orders import Side
from trading.domain.contingent.lists import Alarm, Linkage, LinkedOrders, Member, Place, Policy, Step, StepKind, plan

CLAIM = frozenset({("TSLA", Side.SELL, 1)})


def member(index: int, place: Place, *, cum: int = 0, planned: int = 10, **fields: Any) -> Member:
    return Member(index, place, planned, fields.pop("asked", planned), cum, **fields)


def entry(place: Place = Place.OUT, *, cum: int = 0) -> Member:
    return member(0, place, cum=cum, is_entry=True)


def target(place: Place = Place.DORMANT, **fields: Any) -> Member:
    return member(1, place, claim=CLAIM, **fields)


def stop(place: Place = Place.DORMANT, **fields: Any) -> Member:
    return member(2, place, claim=CLAIM, waits=True, **fields)


def bracket(*members: Member, policy: Policy = Policy.PARTIAL) -> LinkedOrders:
    return LinkedOrders(Linkage.OUO, members, policy)


def steps(linked: LinkedOrders) -> list[tuple[int, str, int]]:
    return [(step.index, str(step.kind), step.quantity) for step in plan(linked).steps]


def test_nothing_is_done_before_the_entry_fills() -> None:
    assert steps(bracket(entry(), target(), stop())) == []


def test_a_partial_fill_sets_as_much_of_the_children_free() -> None:
    assert steps(bracket(entry(cum=4), target(), stop())) == [(1, "RELEASE", 4), (2, "ARM", 4)]


def test_with_the_policy_full_only_the_whole_fill_does_or_the_entry_s_end() -> None:
    assert steps(bracket(entry(cum=9), target(), stop(), policy=Policy.FULL)) == []
    whole = bracket(entry(Place.DONE, cum=10), target(), stop(), policy=Policy.FULL)
    assert steps(whole) == [(1, "RELEASE", 10), (2, "ARM", 10)]
    ended = bracket(entry(Place.DONE, cum=9), target(), stop(), policy=Policy.FULL)
    assert steps(ended) == [(1, "RELEASE", 9), (2, "ARM", 9)]


def test_a_further_fill_makes_both_exits_larger() -> None:
    linked = bracket(entry(cum=7), target(Place.OUT, asked=4), stop(Place.HELD, asked=4))

    assert steps(linked) == [(1, "RESIZE", 7), (2, "RESIZE", 7)]


def test_an_exit_that_the_broker_has_not_answered_for_is_left_until_it_has() -> None:
    assert steps(bracket(entry(cum=7), target(Place.OUT, asked=4, is_free=False), stop(Place.HELD, asked=7))) == []


def test_a_stop_that_is_set_off_waits_until_the_target_is_cancelled() -> None:
    set_off = stop(Place.HELD, is_set_off=True)
    over = entry(Place.DONE, cum=10)

    assert steps(bracket(over, target(Place.OUT), set_off)) == [(1, "CANCEL", 0)]
    assert steps(bracket(over, target(Place.OUT, is_free=False), set_off)) == []
    assert steps(bracket(over, target(Place.DONE, cum=3), set_off)) == [(2, "RELEASE", 7)]


def test_an_exit_s_fill_takes_as_much_from_the_other_and_its_end_cancels_it() -> None:
    over = entry(Place.DONE, cum=10)

    assert steps(bracket(over, target(Place.OUT, cum=3), stop(Place.HELD))) == [(2, "RESIZE", 7)]
    assert steps(bracket(over, target(Place.DONE, cum=10), stop(Place.HELD))) == [(2, "CANCEL", 0)]


def test_an_entry_that_ended_unfilled_cancels_its_children() -> None:
    assert steps(bracket(entry(Place.DONE), target(), stop())) == [(1, "CANCEL", 0), (2, "CANCEL", 0)]


def test_the_first_execution_of_an_oco_cancels_the_others() -> None:
    opening = [member(n, Place.OUT) for n in range(3)]
    linked = LinkedOrders(Linkage.OCO, (replace(opening[0], cum_qty=1), *opening[1:]))

    assert steps(linked) == [(1, "CANCEL", 0), (2, "CANCEL", 0)]


def test_what_the_broker_did_to_a_sibling_by_itself_is_not_asked_for_again() -> None:
    over = entry(Place.DONE, cum=10)
    cut_down = bracket(over, target(Place.OUT, cum=3), stop(Place.OUT, asked=7))
    left_whole = bracket(over, target(Place.OUT, cum=3), stop(Place.OUT))
    ended = bracket(over, target(Place.DONE, cum=10), stop(Place.DONE))

    assert (steps(cut_down), steps(ended)) == ([], [])
    assert steps(left_whole) == [(2, "RESIZE", 7)]


def test_oto_children_go_pro_rata_and_do_not_touch_each_other() -> None:
    linked = LinkedOrders(
        Linkage.NONE, (entry(cum=4), member(1, Place.DORMANT, planned=5), member(2, Place.DORMANT, planned=20))
    )

    assert steps(linked) == [(1, "RELEASE", 2), (2, "RELEASE", 8)]


def test_both_filling_and_all_exits_gone_are_told() -> None:
    both = LinkedOrders(Linkage.OCO, (member(0, Place.DONE, cum=10), member(1, Place.DONE, cum=10)))
    gone = bracket(entry(Place.DONE, cum=10), target(Place.DONE), stop(Place.DONE))

    assert plan(both).alarms == (Alarm.BOTH_FILLED,)
    assert plan(gone).alarms == (Alarm.UNPROTECTED,)


@pytest.mark.parametrize("kind", list(Linkage))
def test_a_list_that_is_over_asks_for_nothing(kind: Linkage) -> None:
    assert plan(LinkedOrders(kind, (member(0, Place.DONE, cum=10), member(1, Place.DONE)))).steps == ()


@dataclass
class World:
    """A desk and a broker in which everything that may happen does: fills, answers, rejects, triggers, in any order."""

    linked: LinkedOrders
    cancels: set[int] = field(default_factory=set)
    resizes: dict[int, int] = field(default_factory=dict)

    def member(self, index: int) -> Member:
        return self.linked.members[index]

    def put(self, index: int, **changes: Any) -> None:
        members = list(self.linked.members)
        members[index] = replace(members[index], **changes)
        self.linked = replace(self.linked, members=tuple(members))

    def do(self, step: Step) -> None:
        one = self.member(step.index)
        match step.kind:
            case StepKind.ARM:
                self.put(step.index, place=Place.HELD, asked=step.quantity)
            case StepKind.RELEASE:
                assert one.place in (Place.HELD, Place.DORMANT), "released twice"
                self.put(step.index, place=Place.OUT, asked=step.quantity)
            case StepKind.RESIZE if one.place is Place.OUT:
                self.resizes[step.index] = step.quantity
                self.put(step.index, is_free=False)
            case StepKind.RESIZE:
                self.put(step.index, asked=step.quantity)
            case StepKind.CANCEL if one.place is Place.OUT:
                self.cancels.add(step.index)
                self.put(step.index, is_free=False)
            case StepKind.CANCEL:
                self.put(step.index, place=Place.DONE)

    def react(self) -> None:
        for _ in range(8):
            found = plan(self.linked).steps
            if not found:
                return
            for step in found:
                self.do(step)
        assert plan(self.linked).steps == (), "it never comes to rest"

    def happen(self, index: int, what: str, size: int) -> None:
        one = self.member(index)
        if what == "trigger" and one.place is Place.HELD and one.waits:
            self.put(index, is_set_off=True)
        if one.place is not Place.OUT:
            return
        if what == "fill":
            cum = min(one.cum_qty + size, one.asked)
            self.put(index, cum_qty=cum, place=Place.DONE if cum == one.asked else Place.OUT)
        elif what == "answer":
            self._answer(index, one)
        elif what == "refuse":
            self.cancels.discard(index)
            self.resizes.pop(index, None)
            self.put(index, is_free=True)
        elif what == "end":
            self.put(index, place=Place.DONE)

    def _answer(self, index: int, one: Member) -> None:
        if index in self.cancels:
            self.put(index, place=Place.DONE)
        elif index in self.resizes:
            asked = max(self.resizes.pop(index), one.cum_qty)
            self.put(index, asked=asked, is_free=True, place=Place.DONE if asked == one.cum_qty else Place.OUT)


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["fill", "fill", "answer", "answer", "refuse", "trigger", "end"]),
        st.integers(1, 10),
        st.booleans(),
    ),
    max_size=40,
)


@settings(max_examples=400)
@given(st.sampled_from([Linkage.OCO, Linkage.OUO]), st.sampled_from(list(Policy)), EVENTS)
def test_exits_never_close_more_than_filled_and_never_work_both(
    linkage: Linkage, policy: Policy, events: list[tuple[int, str, int, bool]]
) -> None:
    world = World(LinkedOrders(linkage, (entry(), target(), stop()), policy))

    for index, what, size, is_heard in events:
        world.happen(index, what, size)
        if is_heard:  # a crash loses a reaction; the next one makes up for it
            world.react()
        exits = [world.member(1), world.member(2)]
        assert sum(m.cum_qty for m in exits) <= world.member(0).cum_qty
        assert sum(m.place is Place.OUT for m in exits) <= 1

    world.react()
    executed = [m for m in world.linked.others if m.cum_qty]
    if linkage is Linkage.OCO and executed:
        still = [m for m in world.linked.others if m.place is not Place.DONE and not m.cum_qty]
        assert still == []


@settings(max_examples=200)
@given(EVENTS)
def test_children_of_an_oto_never_exceed_their_share_of_the_entry(events: list[tuple[int, str, int, bool]]) -> None:
    children = (member(1, Place.DORMANT, planned=5), member(2, Place.DORMANT, planned=20))
    world = World(LinkedOrders(Linkage.NONE, (entry(), *children)))

    for index, what, size, is_heard in events:
        world.happen(index, what, size)
        if is_heard:
            world.react()
        filled = world.member(0).cum_qty
        for child in world.linked.others:
            if child.place is Place.OUT:
                assert child.asked * 10 <= child.planned * filled


@pytest.mark.parametrize("linkage", [Linkage.OUO, Linkage.NONE])
@pytest.mark.parametrize(("left", "done"), [(0, 0), (2, 3), (3, 3)])
def test_an_exit_that_works_is_taken_back_once_all_that_it_had_to_close_is_busted(
    linkage: Linkage, left: int, done: int
) -> None:
    linked = LinkedOrders(linkage, (entry(cum=left), target(Place.OUT, cum=done)))

    assert steps(linked)[:1] == [(1, "CANCEL", 0)]


def test_an_exit_keeps_what_is_left_of_its_entry_after_a_bust() -> None:
    assert steps(bracket(entry(cum=4), target(Place.OUT, cum=3))) == [(1, "RESIZE", 4)]


def test_an_exit_of_a_busted_entry_is_asked_to_end_once() -> None:
    assert steps(bracket(entry(), target(Place.OUT, is_free=False))) == []
