"""Which conditions are left to the broker when somebody asks for it, and how one travels."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from allcore.kernel.instruments import InstrumentKind
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce, TriggerPrice
from allcore.kernel.tickets import OrderTicket, TicketLeg
from brokers.terms import Looks, NativeCondition, NativeTerms
from tests.trading.contingent.test_native import TAKES
from trading.domain.contingent.conditions import parse
from trading.domain.contingent.kept import CLOCKS_AGREE, MOST, NotKeptError, Setting, watched_by_broker
from trading.domain.contingent.waits import Wait, approved_hash

PUT = "SPY   260619P00500000"
KINDS = {"SPY": InstrumentKind.ETF, "AAPL": InstrumentKind.EQUITY, "SPX": InstrumentKind.INDEX}
SETTING = Setting(replace(TAKES, native_conditions=True), "Interactive Brokers", {**KINDS, PUT: InstrumentKind.OPTION})
AT = datetime(2026, 6, 10, 19, 30, tzinfo=UTC)
TICKET = OrderTicket(
    account="GEN-1",
    underlying="AAPL",
    legs=(TicketLeg("AAPL", Side.BUY, PositionEffect.OPEN, multiplier=1),),
    quantity=1,
    ord_type=OrdType.LIMIT,
    time_in_force=TimeInForce.DAY,
    price_effect=PriceEffect.DEBIT,
    limit_price=Decimal("200.00"),
)


def leaf(**changes: object) -> dict[str, Any]:
    return {"what": "PRICE", "symbol": "SPY", "is": ">=", "value": "500", **changes}


VOLUME = {"what": "VOLUME", "symbol": "AAPL", "is": "<=", "value": "1000000"}
TIME = {"what": "TIME", "is": ">=", "value": AT.isoformat()}


def kept(
    when: dict[str, Any], *, ticket: OrderTicket = TICKET, setting: Setting = SETTING, **whole: Any
) -> NativeTerms:
    return watched_by_broker(parse({"when": when, **whole}), ticket, setting)


def test_what_the_broker_carries_exactly_is_written_in_its_words() -> None:
    found = kept({"all": [leaf(), leaf(source="LAST", **{"is": "<="}), VOLUME, TIME]})

    assert found == NativeTerms(
        (
            NativeCondition(Looks.PRICE, is_more=True, value=Decimal(500), symbol="SPY", trigger=TriggerPrice.MID),
            NativeCondition(Looks.PRICE, is_more=False, value=Decimal(500), symbol="SPY", trigger=TriggerPrice.LAST),
            NativeCondition(Looks.VOLUME, is_more=False, value=Decimal(1_000_000), symbol="AAPL"),
            NativeCondition(Looks.TIME, is_more=True, value=AT),
        )
    )


def test_any_of_a_group_is_any_of_them_there() -> None:
    assert kept({"any": [leaf(), VOLUME]}).any_of
    assert not kept({"all": [leaf(), VOLUME]}).any_of
    assert len(kept(leaf()).conditions) == 1


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ({"not": leaf()}, "no NOT"),
        ({"all": [leaf(), {"any": [leaf(), VOLUME]}]}, "no group in a group"),
        (leaf(**{"is": ">"}), "not with >"),
        (leaf(**{"is": "=="}), "not with =="),
        (leaf(reset="498"), "reset"),
        (leaf(confirm=2), "how often"),
        (leaf(source="BID"), "not the BID"),
        (leaf(source="ASK"), "not the ASK"),
        (leaf(symbol="SPX"), "shares and funds alone"),
        (leaf(symbol=PUT), "shares and funds alone"),
        ({"what": "NET", "is": ">=", "value": "1"}, "does not look at NET"),
        ({"what": "IV", "symbol": PUT, "is": ">=", "value": "0.3"}, "does not look at IV"),
        ({"what": "DTE", "symbol": PUT, "is": "<=", "value": "3"}, "does not look at DTE"),
        ({"what": "DELTA", "symbol": PUT, "is": "<=", "value": "-0.5"}, "does not look at DELTA"),
        ({"what": "DAY_PNL", "is": "<=", "value": "-500"}, "does not look at DAY_PNL"),
        ({**VOLUME, "value": "10.5"}, "whole number"),
        ({**TIME, "value": AT.replace(microsecond=1).isoformat()}, "whole seconds"),
    ],
)
def test_what_it_would_see_otherwise_is_refused_with_the_reason(when: dict[str, Any], why: str) -> None:
    with pytest.raises(NotKeptError, match="The desk can") as refused:
        kept(when)

    assert why in refused.value.message


@pytest.mark.parametrize("whole", [{"confirm": 2}, {"arm_after": AT.isoformat()}, {"expire_at": AT.isoformat()}])
def test_what_belongs_to_the_whole_condition_is_the_desks_alone(whole: dict[str, Any]) -> None:
    with pytest.raises(NotKeptError):
        kept(leaf(), **whole)


@pytest.mark.parametrize("count", [MOST, MOST + 1])
def test_it_takes_so_many_comparisons_and_no_more(count: int) -> None:
    if count > MOST:
        with pytest.raises(NotKeptError, match="at most"):
            kept({"all": [leaf()] * count})
    else:
        assert len(kept({"all": [leaf()] * count}).conditions) == count


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"ord_type": OrdType.MARKET, "limit_price": None}, "market order"),
        ({"time_in_force": TimeInForce.IOC}, "ends where it would wait"),
        ({"time_in_force": TimeInForce.CLS}, "ends where it would wait"),
        (
            {"ord_type": OrdType.STOP_LIMIT, "stop_price": Decimal(199), "trigger": TriggerPrice.UNDERLYING_LAST},
            "has not the type",
        ),
        (
            {
                "legs": (
                    TicketLeg("AAPL", Side.BUY, PositionEffect.OPEN, multiplier=1),
                    TicketLeg(PUT, Side.BUY, PositionEffect.OPEN),
                )
            },
            "several legs",
        ),
    ],
)
def test_an_order_that_it_would_handle_otherwise_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(NotKeptError, match=why):
        kept(leaf(), ticket=replace(TICKET, **changes))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_time_is_left_to_it_only_while_its_clock_is_the_feeds(sign: int) -> None:
    assert kept(TIME, setting=replace(SETTING, clock_ahead=sign * CLOCKS_AGREE)).conditions

    with pytest.raises(NotKeptError, match="clock"):
        kept(TIME, setting=replace(SETTING, clock_ahead=sign * (CLOCKS_AGREE + timedelta(milliseconds=1))))


def test_a_broker_that_watches_nothing_is_left_nothing() -> None:
    with pytest.raises(NotKeptError, match="watches no conditions"):
        kept(leaf(), setting=replace(SETTING, takes=TAKES))


def test_an_approval_is_for_whoever_watches_and_works_it() -> None:
    condition = {"when": leaf()}
    at_broker = Wait(condition=condition, native=kept(leaf()).as_details())
    hashes = {
        approved_hash(TICKET, wait)
        for wait in (None, Wait(is_held=True, condition=condition), at_broker, replace(at_broker, native={"algo": []}))
    }

    assert len(hashes) == 4
