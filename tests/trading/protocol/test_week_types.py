"""The eleven week types: one for each week, borders to the milder."""

from collections import Counter
from decimal import Decimal
from itertools import product

import pytest

from trading.domain.protocol.actions import TABLE as ACTIONS
from trading.domain.protocol.actions import Action, next_action
from trading.domain.protocol.defaults import DEFAULT
from trading.domain.protocol.week_types import (
    SEVERITY,
    TABLE,
    CallEvent,
    InvalidFactsError,
    PutEvent,
    WeekFacts,
    headline,
    label,
)
from trading.domain.protocol.words import Reason, Tier, WeekType

RULES = DEFAULT.week_type
SHORTFALLS = [Decimal(text) for text in ("-0.01", "0", "0.05", "0.07", "0.15", "0.16")]
GAINS = [Decimal(text) for text in ("-0.05", "0.05", "0.07", "0.11")]
DISTANCES = [Decimal(text) for text in ("-0.16", "-0.15", "-0.12", "-0.10", "-0.07", "-0.05", "0.05")]


def facts(**known: object) -> WeekFacts:
    return WeekFacts(**known)  # type: ignore[arg-type]


def kind(**known: object) -> WeekType:
    return label(facts(**known), RULES).week_type


def test_every_position_event_and_movement_has_exactly_one_type() -> None:
    seen: Counter[WeekType] = Counter()
    moves = product(PutEvent, CallEvent, [False, True], [False, True], [False, True], SHORTFALLS, GAINS, DISTANCES)
    for put, call, has_put, has_shares, sold, m, g, d in moves:
        week = WeekFacts(put, call, has_put, has_shares, sold, m, g, d)
        holding = [row.week_type for row in TABLE if row.holds(week, RULES)]

        found = label(week, RULES)

        assert found.week_type is holding[0]
        seen[found.week_type] += 1
        if has_put or has_shares:
            assert found.week_type is not WeekType.W_IDL

    assert set(seen) == set(WeekType)


def test_only_a_week_without_position_and_event_is_idle() -> None:
    idle = label(facts(idle_reason=Reason.CHOP), RULES)

    assert (idle.week_type, idle.flags) == (WeekType.W_IDL, ("chop",))


@pytest.mark.parametrize(
    ("m", "expected"),
    [
        ("-0.01", WeekType.P_AWL),
        ("0.05", WeekType.P_AWL),
        ("0.0501", WeekType.P_AOL),
        ("0.15", WeekType.P_AOL),
        ("0.1501", WeekType.P_DD),
    ],
)
def test_an_assigned_put_is_judged_by_its_shortfall(m: str, expected: WeekType) -> None:
    assert kind(put_event=PutEvent.ASSIGNED, shortfall=Decimal(m)) is expected


@pytest.mark.parametrize(
    ("d", "expected"),
    [
        ("-0.1501", WeekType.P_DD),
        ("-0.15", WeekType.C_REC),
        ("-0.1001", WeekType.C_REC),
        ("-0.10", WeekType.C_RO),
        ("-0.0501", WeekType.C_RO),
        ("-0.05", WeekType.C_PNO),
        ("0.30", WeekType.C_PNO),
    ],
)
def test_shares_kept_are_judged_by_their_distance_from_cost(d: str, expected: WeekType) -> None:
    assert kind(call_event=CallEvent.EXPIRED, has_shares_at_close=True, distance=Decimal(d)) is expected


@pytest.mark.parametrize(
    ("g", "expected", "flags"),
    [
        ("-0.02", WeekType.C_WAP, ()),
        ("0.05", WeekType.C_WAP, ()),
        ("0.0501", WeekType.C_WAP_PLUS, ()),
        ("0.10", WeekType.C_WAP_PLUS, ()),
        ("0.1001", WeekType.C_WAP_PLUS, ("capped_upside",)),
    ],
)
def test_shares_called_away_are_judged_by_the_move_since_the_call(
    g: str, expected: WeekType, flags: tuple[str, ...]
) -> None:
    found = label(facts(call_event=CallEvent.CALLED_AWAY, gain=Decimal(g)), RULES)

    assert (found.week_type, found.flags) == (expected, flags)


def test_a_roll_comes_before_what_became_of_the_rest() -> None:
    rolled = facts(put_event=PutEvent.ROLLED, shortfall=Decimal("0.06"), is_roll_credit=True, has_put_at_close=True)

    found = label(rolled, RULES)

    assert (found.week_type, found.row, found.flags) == (WeekType.P_RO, 3, ("roll_net_credit",))


def test_a_put_closed_at_a_loss_is_defensive_and_one_closed_in_profit_took_it() -> None:
    loss = label(facts(put_event=PutEvent.CLOSED_LOSS, shortfall=Decimal("0.02")), RULES)
    profit = label(facts(put_event=PutEvent.CLOSED_PROFIT, shortfall=Decimal("-0.02")), RULES)

    assert (loss.week_type, loss.flags) == (WeekType.P_RO, ("defensive_close",))
    assert (profit.week_type, profit.flags) == (WeekType.P_EW, ("profit_take",))


@pytest.mark.parametrize(
    ("m", "expected"),
    [("0", WeekType.P_EW), ("0.0001", WeekType.P_AWL), ("0.05", WeekType.P_AWL), ("0.0501", WeekType.P_RO)],
)
def test_a_put_that_is_open_over_the_weekend_is_labelled_for_the_time_being(m: str, expected: WeekType) -> None:
    found = label(facts(has_put_at_close=True, shortfall=Decimal(m)), RULES)

    assert (found.week_type, found.is_provisional) == (expected, True)


@pytest.mark.parametrize(
    "known",
    [
        {"put_event": PutEvent.EXPIRED},
        {"has_put_at_close": True},
        {"call_event": CallEvent.CALLED_AWAY},
        {"shares_sold": True},
        {"has_shares_at_close": True},
    ],
)
def test_facts_without_the_number_they_are_judged_by_are_refused(known: dict[str, object]) -> None:
    with pytest.raises(InvalidFactsError):
        facts(**known)


def test_the_headline_is_the_gravest_of_the_sleeves() -> None:
    assert sorted(SEVERITY) == sorted(WeekType)
    assert headline([WeekType.P_EW, WeekType.C_REC, WeekType.P_RO]) is WeekType.C_REC
    assert headline([]) is WeekType.W_IDL


def test_every_type_and_tier_has_a_next_action() -> None:
    assert set(ACTIONS) == set(product(WeekType, Tier))
    assert next_action(WeekType.P_EW, Tier.GEN) is Action.SELL_PUT
    assert next_action(WeekType.P_EW, Tier.COM) is Action.SELL_PUT_IF_PLANNED
    assert next_action(WeekType.P_DD, Tier.REV) is Action.GBR4


HAIR = Decimal("0.000001")
ASSIGNED = {"put_event": PutEvent.ASSIGNED}
STOCK = {"has_shares_at_close": True}
BORDERS = [  # what happened, which number, its border, and the type just below, at and just above it
    (ASSIGNED, "shortfall", "0", (WeekType.P_AWL, WeekType.P_AWL, WeekType.P_AWL)),
    (ASSIGNED, "shortfall", "0.05", (WeekType.P_AWL, WeekType.P_AWL, WeekType.P_AOL)),
    (ASSIGNED, "shortfall", "0.15", (WeekType.P_AOL, WeekType.P_AOL, WeekType.P_DD)),
    ({"put_event": PutEvent.ROLLED}, "shortfall", "0.15", (WeekType.P_RO, WeekType.P_RO, WeekType.P_DD)),
    ({"put_event": PutEvent.CLOSED_LOSS}, "shortfall", "0.15", (WeekType.P_RO, WeekType.P_RO, WeekType.P_DD)),
    ({"has_put_at_close": True}, "shortfall", "0", (WeekType.P_EW, WeekType.P_EW, WeekType.P_AWL)),
    ({"has_put_at_close": True}, "shortfall", "0.05", (WeekType.P_AWL, WeekType.P_AWL, WeekType.P_RO)),
    ({"has_put_at_close": True}, "shortfall", "0.15", (WeekType.P_RO, WeekType.P_RO, WeekType.P_RO)),
    ({"call_event": CallEvent.CALLED_AWAY}, "gain", "0.05", (WeekType.C_WAP, WeekType.C_WAP, WeekType.C_WAP_PLUS)),
    ({"shares_sold": True}, "gain", "0.05", (WeekType.C_WAP, WeekType.C_WAP, WeekType.C_WAP_PLUS)),
    (STOCK, "distance", "-0.05", (WeekType.C_RO, WeekType.C_PNO, WeekType.C_PNO)),
    (STOCK, "distance", "-0.10", (WeekType.C_REC, WeekType.C_RO, WeekType.C_RO)),
    (STOCK, "distance", "-0.15", (WeekType.P_DD, WeekType.C_REC, WeekType.C_REC)),
]


@pytest.mark.parametrize(("known", "name", "border", "types"), BORDERS)
def test_a_hair_beside_each_border_is_on_its_own_side(
    known: dict[str, object], name: str, border: str, types: tuple[WeekType, ...]
) -> None:
    found = [kind(**known, **{name: Decimal(border) + step}) for step in (-HAIR, Decimal(0), HAIR)]

    assert found == list(types)
