"""What is TD Ameritrade's own: its names, its tokens, and that it is no more."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.instruments import InvalidSymbolError, OptionContract, Right
from brokers.rest.addresses import DisagreementError
from brokers.rest.wire import SignInEndedError
from brokers.tda import authorise, open_session
from brokers.tda.session import RetiredBrokerError
from brokers.tda.symbols import contract_of, from_occ, to_occ
from brokers.tda.translate import from_schwab, to_schwab
from tests.brokers.contract import listed, working
from tests.brokers.tda.desks import TdaDesk, opened
from tests.builders.paper import PUT, buy

ORDER = {
    "session": "NORMAL",
    "duration": "DAY",
    "orderType": "NET_CREDIT",
    "complexOrderStrategyType": "VERTICAL",
    "price": 1.25,
    "accountId": 123456789,
    "requestedDestination": "CBOE",
    "orderStrategyType": "TRIGGER",
    "orderLegCollection": [
        {
            "instruction": "SELL_TO_OPEN",
            "quantity": 2,
            "instrument": {"symbol": "SPY_121826P590", "assetType": "OPTION"},
        },
        {
            "instruction": "BUY_TO_OPEN",
            "quantity": 2,
            "instrument": {"symbol": "SPY_121826P582.5", "assetType": "OPTION"},
        },
    ],
    "childOrderStrategies": [
        {
            "orderStrategyType": "SINGLE",
            "destinationLinkName": "CDRG",
            "orderLegCollection": [
                {"instruction": "SELL", "quantity": 1, "instrument": {"symbol": "SPY", "assetType": "EQUITY"}}
            ],
        }
    ],
}


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[TdaDesk]:
    desk = await opened()
    yield desk
    await desk.close()


@pytest.mark.parametrize(
    ("tda", "occ"),
    [
        ("SPY_121826C600", "SPY   261218C00600000"),
        ("TSLA_061226P252.5", "TSLA  260612P00252500"),
        ("SPXW_010327C5000", "SPXW  270103C05000000"),
        ("F_011528P.5", "F     280115P00000500"),
        ("SPY", "SPY"),
    ],
)
def test_a_name_is_read_as_the_occ_has_it(tda: str, occ: str) -> None:
    assert to_occ(tda) == occ


@pytest.mark.parametrize(
    "name", ["SPY_131826C600", "SPY_121826X600", "SPY_121826C", "_121826C600", "SPY_121826C600.1234"]
)
def test_what_looks_like_an_option_and_is_none_is_refused(name: str) -> None:
    with pytest.raises(InvalidSymbolError):
        to_occ(name)


contracts = st.builds(
    OptionContract,
    st.from_regex(r"[A-Z][A-Z0-9]{0,5}", fullmatch=True),
    st.dates(date(2000, 1, 1), date(2068, 12, 31)),
    st.sampled_from(Right),
    st.integers(1, 10**8 - 1).map(lambda mills: Decimal(mills) / 1000),
)


@given(contracts)
def test_every_contract_has_one_name_and_it_comes_back(contract: OptionContract) -> None:
    assert contract_of(from_occ(contract.symbol)) == contract


def test_an_order_is_said_as_schwab_takes_it() -> None:
    said = to_schwab(ORDER)

    legs = said.order["orderLegCollection"]
    assert [leg["instrument"]["symbol"] for leg in legs] == ["SPY   261218P00590000", "SPY   261218P00582500"]
    assert "destinationLinkName" not in said.order["childOrderStrategies"][0]
    assert {"accountId", "requestedDestination"} & set(said.order) == set()
    assert (said.order["price"], said.order["duration"]) == (1.25, "DAY")


def test_what_changes_is_said_to_a_person() -> None:
    account, destination = to_schwab(ORDER).notes

    assert "123456789" in account
    assert "hash" in account
    assert "'CBOE' is dropped" in destination


def test_an_order_goes_there_and_comes_back() -> None:
    there = to_schwab(ORDER).order

    assert to_schwab(from_schwab(there)).order == there


def test_an_order_in_a_name_nobody_can_read_is_not_translated() -> None:
    leg = {"instruction": "BUY_TO_OPEN", "quantity": 1, "instrument": {"symbol": "SPY_X", "assetType": "OPTION"}}

    with pytest.raises(InvalidSymbolError):
        to_schwab({"orderLegCollection": [leg]})


@pytest.mark.parametrize("environment", ["PAPER", "LIVE"])
@pytest.mark.parametrize("settings", [{}, {"base_url": "https://api.tdameritrade.com"}])
async def test_the_broker_itself_is_refused_with_the_way_to_schwab(
    desk: TdaDesk, environment: str, settings: dict[str, object]
) -> None:
    plumbing = replace(desk.plumbing(), environment=environment, settings=settings)
    session = open_session(plumbing)

    with pytest.raises(RetiredBrokerError, match=r"Charles Schwab.*1\..*2\..*import_tda_history"):
        await session.connect()
    with pytest.raises(RetiredBrokerError):
        await authorise(plumbing).begin("https://127.0.0.1/cb")
    await session.close()


async def test_a_live_connection_to_a_test_server_sends_nothing(desk: TdaDesk) -> None:
    with pytest.raises(DisagreementError):
        open_session(replace(desk.plumbing(), environment="LIVE"))


async def test_a_broker_that_is_gone_takes_the_session_down(desk: TdaDesk) -> None:
    desk.server.is_retired = True

    with pytest.raises(SignInEndedError):
        await desk.restart()


async def test_an_order_arrives_under_its_old_name(desk: TdaDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))

    assert f"'{from_occ(PUT)}'" in str(desk.exchange.orders[1].extra["body"])
    assert [o.cl_ord_id for o in await listed(desk)] == ["C1"]


async def test_positions_are_told_under_occ_names(desk: TdaDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.20"))
    await desk.hear()

    status = await desk.session.mass_status(desk.now() - timedelta(days=1))

    assert [(p.symbol, p.qty) for p in status.positions] == [(PUT, 1)]


async def test_leave_lasted_ninety_days(desk: TdaDesk) -> None:
    leave = await authorise(desk.plumbing()).begin("https://127.0.0.1/cb")

    ends = await authorise(desk.plumbing()).finish({"code": desk.server.grants.code(), "state": leave.state})

    assert "%40AMER.OAUTHAP" in leave.url
    assert ends is not None
    assert timedelta(days=89, hours=23) < ends - desk.now() <= timedelta(days=90)
    assert desk.secrets.values["refresh_token"] in desk.server.grants.refreshes
