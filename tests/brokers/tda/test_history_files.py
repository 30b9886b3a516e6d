"""TD Ameritrade's files are read whole and exactly, or every line that cannot be read is named."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.tda.history import read

HEAD = (
    "DATE,TRANSACTION ID,DESCRIPTION,QUANTITY,SYMBOL,PRICE,COMMISSION,AMOUNT,REG FEE,"
    "SHORT-TERM RDM FEE,FUND REDEMPTION FEE, DEFERRED SALES CHARGE"
)
OPTION = '06/10/2022,101,Sold 2 SPY Jul 15 2022 380.5 Put @ 4.10,2,SPY Jul 15 2022 380.5 Put,4.10,1.30,"818.66",0.04,,,'
DIVIDEND = "06/17/2022,102,ORDINARY DIVIDEND (SPY),,SPY,,,31.04,,,,"
END = "***END OF FILE***"


def csv_of(*lines: str) -> str:
    return "\n".join((HEAD, *lines, END, ""))


def traded(**changes: Any) -> dict[str, Any]:
    return {
        "type": "TRADE",
        "subAccount": "2",
        "settlementDate": "2022-06-13",
        "netAmount": 818.66,
        "transactionDate": "2022-06-10T14:31:07+0000",
        "transactionId": 101,
        "description": "SELL TRADE",
        "fees": {"regFee": 0.04, "commission": 1.3, "optRegFee": 0.03, "secFee": 0.01, "rFee": 0},
        "transactionItem": {
            "amount": 2,
            "price": 4.1,
            "instruction": "SELL",
            "positionEffect": "OPENING",
            "instrument": {"symbol": "SPY_071522P380.5", "assetType": "OPTION", "cusip": "0SPY..SF20380500"},
        },
        **changes,
    }


def test_the_sites_file_is_read_in_the_desks_words() -> None:
    (sold, dividend), faults = read(csv_of(OPTION, DIVIDEND))

    assert faults == []
    assert (sold.symbol, sold.side, sold.qty, sold.price) == ("SPY   220715P00380500", "SELL", 2, Decimal("4.10"))
    assert (sold.fees, sold.amount, sold.kind) == (Decimal("1.34"), Decimal("818.66"), "TRADE")
    assert sold.at == datetime(2022, 6, 10, 4, tzinfo=UTC)  # midnight in New York
    assert (dividend.kind, dividend.symbol, dividend.qty, dividend.side) == ("DIVIDEND_OR_INTEREST", "SPY", None, "")


def test_the_apis_file_says_the_same() -> None:
    (sold,), faults = read(json.dumps([traded()]))

    assert faults == []
    assert (sold.symbol, sold.side, sold.qty, sold.price) == ("SPY   220715P00380500", "SELL", 2, Decimal("4.1"))
    assert (sold.fees, sold.amount, sold.kind) == (Decimal("1.34"), Decimal("818.66"), "TRADE")
    assert sold.at == datetime(2022, 6, 10, 14, 31, 7, tzinfo=UTC)


def test_an_option_without_a_symbol_is_known_by_its_description() -> None:
    row = traded()
    row["transactionItem"]["instrument"] = {"assetType": "OPTION", "description": "SPY Jul 15 2022 380.5 Put"}

    assert read(json.dumps([row]))[0][0].symbol == "SPY   220715P00380500"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"transactionDate": "2022-06-10T14:31:07"}, "zone"),
        ({"netAmount": "much"}, "number"),
        ({"netAmount": 0.1234567}, "number"),
        ({"netAmount": 10**12}, "number"),
        ({"transactionId": ""}, "id"),
        ({"transactionItem": {"instrument": {"assetType": "OPTION", "cusip": "0SPY..SF20380500"}}}, "instrument"),
        ({"transactionItem": {"instrument": {"assetType": "OPTION", "symbol": "SPY_991522P1"}}}, "SPY_991522P1"),
        ({"fees": [1]}, "read"),
    ],
)
def test_a_transaction_that_cannot_be_read_is_named(change: dict[str, Any], says: str) -> None:
    _, faults = read(
        json.dumps(
            [traded(), traded(transactionId=102, **change) if "transactionId" not in change else traded(**change)]
        )
    )

    assert [fault.line for fault in faults] == [2]
    assert says in faults[0].text


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (("13/45/2022,1,x,,,,,1.00,,,,",), [2]),
        ((OPTION, "06/10/2022,103,cut short"), [3]),
        (("06/10/2022,103,x,,SPY Foo,,,1.00,,,,", "06/10/2022,104,x,one,SPY,,,1.00,,,,"), [2, 3]),
        ((DIVIDEND, DIVIDEND.replace("31.04", "31.05")), [3]),
    ],
)
def test_every_line_of_the_sites_file_that_cannot_be_read_is_named(lines: tuple[str, ...], named: list[int]) -> None:
    assert [fault.line for fault in read(csv_of(*lines))[1]] == named


def test_a_file_without_its_end_is_not_believed() -> None:
    assert "part of it is missing" in read(f"{HEAD}\n{OPTION}\n")[1][0].text


def test_what_is_no_history_at_all_is_said() -> None:
    assert "no column" in read("name,price\nSPY,1\n")[1][0].text
    assert "not JSON" in read("[{")[1][0].text


def test_a_line_that_stands_twice_counts_once() -> None:
    entries, faults = read(csv_of(DIVIDEND, DIVIDEND))

    assert (len(entries), faults) == (1, [])


cents = st.integers(-(10**11), 10**11).map(lambda value: Decimal(value) / 100)


@given(st.lists(cents, max_size=20))
def test_no_cent_is_lost_on_either_road(amounts: list[Decimal]) -> None:
    lines = [f'06/10/2022,{n},x,,,,,"{amount:,.2f}",,,,' for n, amount in enumerate(amounts)]
    rows = ",".join(
        json.dumps(traded(transactionId=n, netAmount="AMOUNT")).replace('"AMOUNT"', f"{amount}")
        for n, amount in enumerate(amounts)
    )

    for text in (csv_of(*lines), f"[{rows}]"):
        entries, faults = read(text)
        assert faults == []
        assert sum(entry.amount for entry in entries) == sum(amounts)


@given(st.text())
def test_whatever_the_file_holds_is_read_or_named(text: str) -> None:
    for shape in (text, csv_of(text), f"[{json.dumps(text)}]"):
        entries, faults = read(shape)
        assert entries or faults or shape.strip() in ("[]", "") or not text.strip()
