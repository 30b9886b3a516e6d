"""Conditions that the gateway watches, and algorithms that it works orders by."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from allcore.kernel.orders import OrdType, TimeInForce, TriggerPrice
from allcore.kernel.reports import ReportKind
from allcore.kernel.tickets import OrderTicket
from brokers.errors import NotTakenError
from brokers.ibkr.natives import MOST_CONDITIONS
from brokers.ibkr.times import write_utc
from brokers.native import Link, NativeList, NativeOrder
from brokers.ports import Replacement
from brokers.terms import PLAIN, Algo, InvalidTermsError, Looks, NativeCondition, NativeTerms
from tests.brokers.contract import listed, put_spread
from tests.brokers.ibkr.desks import IbkrDesk, opened
from tests.brokers.servers.book import Status
from tests.brokers.servers.tws.messages import card_of
from tests.brokers.servers.tws.placing import Placing
from tests.builders.paper import LOW_PUT, PUT, buy

PRICE_AT = NativeCondition(Looks.PRICE, is_more=True, value=Decimal("1.20"), symbol=LOW_PUT, trigger=TriggerPrice.MID)
CUSHION = NativeCondition(Looks.MARGIN, is_more=False, value=Decimal(30))
VOLUME = NativeCondition(Looks.VOLUME, is_more=True, value=Decimal(5000), symbol=PUT)
FALLEN = NativeCondition(Looks.PERCENT_CHANGE, is_more=False, value=Decimal("-2.5"), symbol="TSLA")
ADAPTIVE = Algo.of("Adaptive", adaptivePriority="Patient")


@pytest_asyncio.fixture(params=[176, 178])
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[IbkrDesk]:
    desk = await opened(request.param)
    yield desk
    assert (await desk.session.health()).details["alerts"] == []
    await desk.close()
    assert desk.server.protocol_errors == []


def native(terms: NativeTerms, ticket: OrderTicket | None = None) -> NativeOrder:
    return NativeOrder("C1", buy(PUT, "4.20") if ticket is None else ticket, terms)


async def waiting(desk: IbkrDesk, *conditions: NativeCondition, any_of: bool = False) -> None:
    await desk.session.submit_native(desk.account, native(NativeTerms(conditions, any_of)))
    assert (await desk.hear(ReportKind.ACK)).cl_ord_id == "C1"
    assert desk.exchange.orders[1].status is Status.HELD


def asked(desk: IbkrDesk) -> Placing:
    return card_of(desk.exchange.orders[1]).placing


async def test_an_order_waits_for_another_instruments_price(desk: IbkrDesk) -> None:
    await waiting(desk, PRICE_AT)

    await desk.show(LOW_PUT, "1.10", "1.28")
    await desk.quiet()
    await desk.show(LOW_PUT, "1.10", "1.30")

    assert (await desk.hear(ReportKind.FILL)).cl_ord_id == "C1"
    kind, joint, more, price, *_, method = asked(desk).conditions[0]
    assert (kind, joint, more, price, method) == ("1", "a", "1", "1.20", "8")
    assert asked(desk)["conditionsCancelOrder"] == "0"


async def test_an_order_waits_for_its_time(desk: IbkrDesk) -> None:
    at = (desk.now() + timedelta(hours=1)).replace(microsecond=0)
    await waiting(desk, NativeCondition(Looks.TIME, is_more=True, value=at))
    assert asked(desk).conditions == [["3", "a", "1", write_utc(at)]]

    desk.server.clock.ahead += timedelta(hours=1)
    await desk.show(PUT, "4.10", "4.20")

    assert (await desk.hear(ReportKind.FILL)).cl_ord_id == "C1"


@pytest.mark.parametrize(
    ("condition", "fact", "short", "enough"),
    [
        (CUSHION, (4, ""), "31", "30"),
        (VOLUME, (6, PUT), "4999", "5000"),
        (FALLEN, (7, "TSLA"), "-2.4", "-2.5"),
    ],
)
async def test_an_order_waits_for_what_the_gateway_alone_sees(
    desk: IbkrDesk, condition: NativeCondition, fact: tuple[int, str], short: str, enough: str
) -> None:
    desk.exchange.listing.add("TSLA")
    await waiting(desk, condition)

    desk.server.facts[fact] = Decimal(short)
    desk.exchange.match()
    await desk.quiet()
    desk.server.facts[fact] = Decimal(enough)
    desk.exchange.match()

    assert (await desk.hear(ReportKind.FILL)).cl_ord_id == "C1"


@pytest.mark.parametrize("any_of", [False, True])
async def test_conditions_hold_all_or_any_as_they_were_joined(desk: IbkrDesk, any_of: bool) -> None:
    await waiting(desk, CUSHION, VOLUME, any_of=any_of)
    assert [condition[1] for condition in asked(desk).conditions] == ["o", "o"] if any_of else ["a", "a"]

    desk.server.facts[4, ""] = Decimal(10)
    desk.exchange.match()

    assert (desk.exchange.orders[1].status is Status.FILLED) is any_of


async def test_new_terms_repeat_what_the_order_waits_for_even_after_a_restart(desk: IbkrDesk) -> None:
    await waiting(desk, PRICE_AT, CUSHION)
    before = asked(desk).conditions
    await desk.restart()

    terms = buy(PUT, "4.25")
    await desk.session.replace(desk.account, Replacement("R1", "C1", 1, terms.limit_price, None, ticket=terms))

    assert (await desk.hear(ReportKind.REPLACE_ACK)).cl_ord_id == "R1"
    assert [[c[0], c[1], c[2], Decimal(c[3])] for c in asked(desk).conditions] == [
        [c[0], c[1], c[2], Decimal(c[3])] for c in before
    ]
    assert desk.exchange.orders[1].status is Status.HELD
    assert [o.cl_ord_id for o in await listed(desk)] == ["R1"]


async def test_an_order_that_has_lost_what_it_waits_for_is_alerted_to_when_it_is_seen_again() -> None:
    desk = await opened()
    await waiting(desk, PRICE_AT, CUSHION)
    await desk.restart()
    assert (await desk.session.health()).details["alerts"] == []

    asked(desk).conditions.pop()
    await desk.restart()

    assert "was to wait for 2 conditions, the gateway has 1" in str((await desk.session.health()).details["alerts"])
    await desk.close()


@pytest.mark.parametrize(
    "algo",
    [
        ADAPTIVE,
        Algo.of("Twap", strategyType="Marketable", startTime="20260610-14:30:00", allowPastEndTime="1"),
        Algo.of("Vwap", maxPctVol="0.1", endTime="20260610-20:00:00", noTakeLiq="1"),
        Algo.of("ArrivalPx", maxPctVol="0.5", riskAversion="Neutral", forceCompletion="0"),
        Algo.of("PctVol", pctVol="0.2", noTakeLiq="1"),
    ],
)
async def test_an_algorithm_travels_as_it_was_named(desk: IbkrDesk, algo: Algo) -> None:
    await desk.session.submit_native(desk.account, native(NativeTerms(algo=algo), buy(PUT, "4.00")))

    assert (await desk.hear(ReportKind.ACK)).cl_ord_id == "C1"
    assert (asked(desk)["algoStrategy"], tuple(asked(desk).algo)) == (algo.name, algo.params)


@pytest.mark.parametrize(
    "algo",
    [
        Algo.of("Adaptiv", adaptivePriority="Patient"),
        Algo.of("Adaptive"),
        Algo.of("Adaptive", adaptivePriority="patient"),
        Algo.of("Adaptive", adaptivePriority="Patient", speedUp="1"),
        Algo("Adaptive", (("adaptivePriority", "Urgent"), ("adaptivePriority", "Patient"))),
        Algo.of("Vwap", maxPctVol="0.09"),
        Algo.of("Vwap", maxPctVol="0.51"),
        Algo.of("Vwap", maxPctVol="half"),
        Algo.of("Vwap", maxPctVol="NaN"),
        Algo.of("PctVol", pctVol="0.09"),
        Algo.of("PctVol", pctVol="0.51"),
        Algo.of("Twap", strategyType="Marketable", startTime="14:30:00"),
        Algo.of("Twap", strategyType="Marketable", allowPastEndTime="yes"),
        Algo.of("ArrivalPx", maxPctVol="0.2", riskAversion="Brave"),
    ],
)
async def test_an_algorithm_that_is_not_on_the_list_is_refused_before_it_leaves(desk: IbkrDesk, algo: Algo) -> None:
    with pytest.raises(NotTakenError):
        await desk.session.submit_native(desk.account, native(NativeTerms(algo=algo)))

    assert desk.exchange.orders == {}
    assert desk.keys.rows == {}


@pytest.mark.parametrize(
    "ticket",
    [
        put_spread("3.10"),
        replace(buy(PUT, "4.00"), time_in_force=TimeInForce.GTC),
        replace(buy(PUT, "4.00"), ord_type=OrdType.STOP_LIMIT, stop_price=Decimal("4.50")),
    ],
)
async def test_an_algorithm_works_plain_orders_of_the_day_alone(desk: IbkrDesk, ticket: OrderTicket) -> None:
    with pytest.raises(NotTakenError):
        await desk.session.submit_native(desk.account, native(NativeTerms(algo=ADAPTIVE), ticket))


async def test_an_algorithm_is_not_for_orders_of_a_list(desk: IbkrDesk) -> None:
    worked = native(NativeTerms(algo=ADAPTIVE))
    orders = NativeList("L1", (worked, NativeOrder("C2", buy(LOW_PUT, "1.00"))), Link.CANCEL)

    with pytest.raises(NotTakenError):
        await desk.session.submit_list(desk.account, orders)

    assert desk.exchange.orders == {}


@pytest.mark.parametrize("count", [MOST_CONDITIONS, MOST_CONDITIONS + 1])
async def test_an_order_has_so_many_conditions_and_no_more(desk: IbkrDesk, count: int) -> None:
    order = native(NativeTerms((CUSHION,) * count))

    if count > MOST_CONDITIONS:
        with pytest.raises(NotTakenError):
            await desk.session.submit_native(desk.account, order)
    else:
        await desk.session.submit_native(desk.account, order)
        assert (await desk.hear(ReportKind.ACK)).cl_ord_id == "C1"


def test_a_condition_that_contradicts_itself_is_refused() -> None:
    for what, value, symbol, trigger in (
        (Looks.PRICE, Decimal(1), "", None),
        (Looks.MARGIN, Decimal(1), PUT, None),
        (Looks.MARGIN, Decimal("1.5"), "", None),
        (Looks.VOLUME, Decimal(-1), PUT, None),
        (Looks.VOLUME, Decimal(1), PUT, TriggerPrice.MID),
        (Looks.TIME, Decimal(1), "", None),
        (Looks.PRICE, Decimal("NaN"), PUT, None),
    ):
        with pytest.raises(InvalidTermsError):
            NativeCondition(what, is_more=True, value=value, symbol=symbol, trigger=trigger)


def test_terms_are_kept_as_they_are() -> None:
    terms = NativeTerms((PRICE_AT, CUSHION, FALLEN), any_of=True, algo=ADAPTIVE)

    assert NativeTerms.read(terms.as_details()) == terms
    assert NativeTerms.read(PLAIN.as_details()) == PLAIN
