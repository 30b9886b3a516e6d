"""Open positions: the wheel's states, cycles, rolls, zones, profit."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.instruments import OptionContract, Right
from tests.builders.protocol import FRIDAY, candidate, dec
from trading.domain.protocol import management, rolls
from trading.domain.protocol.cycles import Cause, Movement, running
from trading.domain.protocol.defaults import DEFAULT
from trading.domain.protocol.management import CallZone, PutZone, Watch
from trading.domain.protocol.rolls import OldPut, RollLimits
from trading.domain.protocol.sleeves import (
    TABLE,
    IllegalTurnError,
    ShortOption,
    Sleeve,
    SleeveEvent,
    SleeveState,
    turn,
)
from trading.domain.protocol.strikes import Candidate
from trading.domain.protocol.words import Klass

NEXT = date(2026, 6, 18)
PUT = OptionContract("TSLA", FRIDAY, Right.PUT, dec(255))
CALL = OptionContract("TSLA", NEXT, Right.CALL, dec(250))
START = datetime(2026, 6, 11, 15, tzinfo=UTC)


def move(
    minute: int,
    contract: OptionContract | None,
    qty: int,
    px: str,
    origin: str = "",
    cause: Cause = Cause.TRADE,
    spot: str | None = None,
) -> Movement:
    symbol = "TSLA" if contract is None else contract.symbol
    fee = Decimal("0.65") * abs(qty) if contract is not None and cause is Cause.TRADE else Decimal(0)
    multiplier = 1 if contract is None else 100
    return Movement(
        START + timedelta(minutes=minute),
        origin or f"order {minute}",
        cause,
        symbol,
        contract,
        qty,
        Decimal(px),
        fee,
        multiplier,
        None if spot is None else Decimal(spot),
    )


ASSIGNED = [
    move(0, PUT, -2, "3.64", spot="256"),
    move(9, PUT, 2, "0", "assignment", Cause.ASSIGNMENT),
    move(9, None, 200, "255", "assignment", Cause.ASSIGNMENT),
]


def short(contract: OptionContract, contracts: int = 1) -> ShortOption:
    return ShortOption(contract, contracts, Decimal("3.00"))


@pytest.mark.parametrize(
    ("sleeve", "state", "uncovered"),
    [
        (Sleeve("TSLA", 0, ()), SleeveState.CASH, 0),
        (Sleeve("TSLA", 0, (short(PUT),)), SleeveState.SHORT_PUT, 0),
        (Sleeve("TSLA", 200, ()), SleeveState.STOCK, 2),
        (Sleeve("TSLA", 200, (short(CALL),)), SleeveState.STOCK, 1),
        (Sleeve("TSLA", 200, (short(CALL, 2),)), SleeveState.COVERED_CALL, 0),
        (Sleeve("TSLA", 100, (short(PUT), short(CALL))), SleeveState.SHORT_PUT, 0),
        (Sleeve("TSLA", 99, ()), SleeveState.STOCK, 0),
    ],
)
def test_holdings_give_the_state(sleeve: Sleeve, state: SleeveState, uncovered: int) -> None:
    assert (sleeve.state, sleeve.uncovered_lots) == (state, uncovered)


@pytest.mark.parametrize("state", SleeveState)
@pytest.mark.parametrize("event", SleeveEvent)
def test_the_wheel_turns_as_the_table_says_and_no_other_way(state: SleeveState, event: SleeveEvent) -> None:
    if (state, event) in TABLE:
        assert turn(state, event) is TABLE[state, event]
    else:
        with pytest.raises(IllegalTurnError):
            turn(state, event)


def test_a_whole_turn_of_the_wheel_ends_in_cash() -> None:
    state = SleeveState.CASH
    for event in (
        SleeveEvent.PUT_SOLD,
        SleeveEvent.PUT_ROLLED,
        SleeveEvent.PUT_ASSIGNED,
        SleeveEvent.CALL_SOLD,
        SleeveEvent.CALLED_AWAY,
    ):
        state = turn(state, event)

    assert state is SleeveState.CASH


def test_assigned_shares_cost_the_strike_less_premium_plus_fees() -> None:
    cycle = running(ASSIGNED)

    assert cycle.shares == 200
    assert cycle.basis == 255 - Decimal("3.64") + Decimal("1.30") / 200
    assert cycle.first_put_credit == Decimal("3.64")
    assert cycle.sold_at(PUT.symbol) == 256


def test_a_call_that_expires_lowers_the_cost_of_the_shares() -> None:
    cycle = running([*ASSIGNED, move(20, CALL, -2, "5.89"), move(30, CALL, 2, "0", "expiry", Cause.EXPIRY)])

    assert cycle.basis == 255 - Decimal("3.64") - Decimal("5.89") + Decimal("2.60") / 200


def test_a_cycle_ends_when_nothing_is_held_and_the_next_starts_afresh() -> None:
    gone = [
        *ASSIGNED,
        move(20, CALL, -2, "5.89"),
        move(30, CALL, 2, "0", "call away", Cause.ASSIGNMENT),
        move(30, None, -200, "250", "call away", Cause.ASSIGNMENT),
    ]

    assert running(gone).movements == ()
    assert running([*gone, move(40, PUT, -1, "2.00")]).first_put_credit == 2


def test_a_roll_is_one_order_that_buys_and_sells_and_does_not_end_the_cycle() -> None:
    later = OptionContract("TSLA", NEXT, Right.PUT, dec(250))
    rolled = [move(0, PUT, -1, "3.00"), move(5, PUT, 1, "9.00", "roll"), move(5, later, -1, "10.00", "roll")]

    cycle = running(rolled)

    assert cycle.put_rolls == 1
    assert cycle.first_put_credit == 3
    assert cycle.put_credit(1, 100) == 4


def old_put(**known: object) -> OldPut:
    defaults: dict[str, object] = {
        "strike": dec(250),
        "expiry": FRIDAY,
        "first_credit": Decimal("3.00"),
        "credit": Decimal("3.00"),
        "cost": Decimal("12.00"),
        "contracts": 1,
        "multiplier": 100,
        "rolls": 0,
    }
    return OldPut(**{**defaults, **known})  # type: ignore[arg-type]


def later_put(strike: float, px: str, expiry: date = NEXT) -> Candidate:
    price = Decimal(px)
    contract = OptionContract("TSLA", expiry, Right.PUT, dec(strike))
    return candidate(contract, bid=price - Decimal("0.05"), ask=price + Decimal("0.05"))


LIMITS = RollLimits(debit_tolerance=Decimal("0.10"), max_consecutive=3, secured_most=dec(25_000))


def test_a_debit_of_exactly_the_tolerance_is_accepted_and_a_tick_more_is_not() -> None:
    at, beyond = later_put(240, "11.70"), later_put(240, "11.65")

    assert rolls.roll_fault(old_put(), at, LIMITS) is None
    assert rolls.roll_fault(old_put(), beyond, LIMITS) == "it costs 0.35 net, more than 0.30"


@pytest.mark.parametrize(
    ("strike", "least"),
    [
        (240, "-0.30"),  # the tolerated debit binds: the strike falls by far more
        (249.9, "-0.09"),  # ten cents lower: nine may be paid, and the break-even falls by one
        (250, "0.01"),  # the same strike must bring in something
    ],
)
def test_the_least_net_of_a_roll_is_the_last_that_is_acceptable(strike: float, least: str) -> None:
    net = rolls.least_net(old_put(), later_put(strike, "12.00"), LIMITS)

    assert net == Decimal(least)
    assert rolls.roll_fault(old_put(cost=Decimal(12) - net), later_put(strike, "12.00"), LIMITS) is None
    beyond = old_put(cost=Decimal(12) - net + Decimal("0.01"))
    assert rolls.roll_fault(beyond, later_put(strike, "12.00"), LIMITS) is not None


def test_a_strike_above_the_old_one_is_never_looked_at() -> None:
    choice = rolls.choose_roll(old_put(), [[later_put(255, "20.00")]], LIMITS)

    assert choice.candidate is None
    assert choice.rejected == ()


def test_the_same_strike_for_a_debit_does_not_lower_the_break_even() -> None:
    assert rolls.roll_fault(old_put(), later_put(250, "12.00"), LIMITS) == "it does not lower the break-even"
    assert rolls.roll_fault(old_put(), later_put(250, "12.05"), LIMITS) is None


def test_a_roll_may_not_bind_more_than_the_caps() -> None:
    tight = RollLimits(Decimal("0.10"), 3, secured_most=dec(23_999))

    assert rolls.roll_fault(old_put(), later_put(240, "13.00"), tight) is not None


def test_the_expiry_after_the_next_is_looked_at_only_if_the_next_has_no_roll() -> None:
    second = later_put(240, "13.00", date(2026, 6, 26))

    first_fails = rolls.choose_roll(old_put(), [[later_put(240, "9.00")], [second]], LIMITS)
    first_works = rolls.choose_roll(old_put(), [[later_put(245, "13.00")], [second]], LIMITS)

    assert first_fails.candidate is second
    assert first_works.candidate is not None
    assert first_works.candidate.contract.expiry == NEXT


def test_after_three_rolls_in_a_row_assignment_is_taken() -> None:
    candidates = [[later_put(245, "13.00")]]

    assert rolls.choose_roll(old_put(rolls=2), candidates, LIMITS).candidate is not None
    assert rolls.choose_roll(old_put(rolls=3), candidates, LIMITS).candidate is None


@pytest.mark.parametrize(
    ("adverse", "expected"),
    [
        (-5.0, Watch.NONE),
        (4.9, Watch.NONE),
        (5.0, Watch.MONITOR),
        (10.0, Watch.MONITOR),
        (10.1, Watch.CONSIDER),
        (15.0, Watch.CONSIDER),
        (15.1, Watch.MANDATORY),
    ],
)
def test_a_move_against_the_position_is_watched_in_ranges(adverse: float, expected: Watch) -> None:
    assert management.watch(adverse, 10.0, 1.5, DEFAULT) is expected


@pytest.mark.parametrize(
    ("spot", "expected"),
    [
        ("102.51", PutZone.LET_EXPIRE),
        ("102.50", PutZone.PREPARE),
        ("95", PutZone.PREPARE),
        ("94.99", PutZone.ROLL),
        ("85", PutZone.ROLL),
        ("84.99", PutZone.GBR4),
    ],
)
def test_a_puts_zone_follows_the_price_under_its_strike(spot: str, expected: PutZone) -> None:
    strike = dec(100)
    buffer = management.buffer_zone(strike, 10.0, DEFAULT)

    assert management.put_zone(Decimal(spot), strike, buffer, DEFAULT) is expected


@pytest.mark.parametrize(
    ("spot", "expected"),
    [
        ("120", CallZone.DELIVER),
        ("107.5", CallZone.DELIVER),
        ("107.49", CallZone.LET_EXPIRE),
        ("95", CallZone.LET_EXPIRE),
        ("94.99", CallZone.ROLL_DOWN),
        ("89.99", CallZone.RECOVER),
        ("84.99", CallZone.GBR4),
    ],
)
def test_a_calls_zone_follows_the_price_against_the_cost_of_the_shares(spot: str, expected: CallZone) -> None:
    buffer = Decimal("2.5")

    assert management.call_zone(Decimal(spot), dec(110), dec(100), buffer, DEFAULT) is expected


@pytest.mark.parametrize(
    ("cost", "sessions", "klass", "favourable", "take"),
    [
        ("0.60", 1, Klass.GREEN, None, True),  # 80 % of 3.00 is won
        ("0.61", 1, Klass.GREEN, None, False),
        ("0.60", 0, Klass.GREEN, None, False),
        ("1.50", 1, Klass.RED, None, True),
        ("1.51", 1, Klass.RED, None, False),
        ("1.49", 1, Klass.GREEN, 1.01, True),
        ("1.50", 1, Klass.GREEN, 1.01, False),
        ("1.49", 1, Klass.GREEN, 1.0, False),
    ],
)
def test_profit_is_taken_early_by_its_share_of_the_premium(
    cost: str, sessions: int, klass: Klass, favourable: float | None, take: bool
) -> None:
    profit = management.take_profit(
        Decimal("3.00"),
        Decimal(cost),
        sessions_left=sessions,
        favourable=favourable,
        klass=klass,
        parameters=DEFAULT,
    )

    assert profit.take is take


def test_the_floor_rule_counts_the_premium() -> None:
    assert rolls.call_floor(Decimal(250), Decimal("1.36"), Decimal("251.36")) == 0
    assert rolls.call_floor(Decimal(250), Decimal("1.35"), Decimal("251.36")) == Decimal("0.01")
