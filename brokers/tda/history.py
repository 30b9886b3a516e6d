"""Account history as TD Ameritrade gave it out: the API's transactions in JSON, or its site's CSV export."""

import csv
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from allcore.kernel.instruments import InvalidSymbolError, OptionContract, Right
from brokers.tda.symbols import to_occ

NEW_YORK = ZoneInfo("America/New_York")
END = "***END OF FILE***"
COLUMNS = ("DATE", "TRANSACTION ID", "DESCRIPTION", "QUANTITY", "SYMBOL", "PRICE", "COMMISSION", "AMOUNT")
CSV_FEES = ("COMMISSION", "REG FEE", "SALES FEE", "SHORT-TERM RDM FEE", "FUND REDEMPTION FEE", "DEFERRED SALES CHARGE")
JSON_FEES = ("commission", "regFee", "rFee", "additionalFee", "cdscFee", "otherCharges")  # regFee holds the other two
SPOKEN = re.compile(
    r"^(?P<root>[A-Z][A-Z0-9]{0,5}) (?P<day>[A-Z][a-z]{2} \d{1,2} \d{4}) "
    r"(?P<strike>\d*\.?\d+) (?P<kind>Call|Put)( \(.*\))?$"
)
KINDS = (  # the CSV has no types: what a description says, first match
    (("Bought ", "Sold "), "TRADE"),
    (("REMOVAL OF OPTION", "STOCK SPLIT"), "RECEIVE_AND_DELIVER"),
    (("ORDINARY DIVIDEND", "QUALIFIED DIVIDEND", "NON-TAXABLE DIVIDEND"), "DIVIDEND_OR_INTEREST"),
    (("FREE BALANCE INTEREST", "MARGIN INTEREST", "OFF-CYCLE INTEREST"), "DIVIDEND_OR_INTEREST"),
    (("CLIENT REQUESTED ELECTRONIC FUNDING",), "ELECTRONIC_FUND"),
    (("WIRE INCOMING",), "WIRE_IN"),
    (("MONEY MARKET", "CASH ALTERNATIVES"), "JOURNAL"),
)
PLACES = Decimal("0.000001")
LARGEST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Entry:
    """One transaction. `qty` in contracts or shares, `price` per share, `fees` and `amount` to the cash in dollars."""

    line: int
    transaction_id: str
    at: datetime
    kind: str
    symbol: str
    side: str
    qty: Decimal | None
    price: Decimal | None
    fees: Decimal
    amount: Decimal
    description: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What cannot be read: a line of the CSV, or the so-manieth transaction of the JSON."""

    line: int
    text: str


class UnreadableError(ValueError):
    """A transaction is not as it should be."""


Reading = tuple[list[Entry], list[Fault]]


def read(text: str) -> Reading:
    """Read a file whole: its transactions, and all that cannot be read."""
    text = text.removeprefix("\ufeff")
    entries, faults = _json(text) if text.lstrip().startswith(("[", "{")) else _csv(text)
    seen: dict[str, Entry] = {}
    for entry in entries:
        first = seen.setdefault(entry.transaction_id, entry)
        if (first.at, first.amount, first.symbol, first.qty) != (entry.at, entry.amount, entry.symbol, entry.qty):
            faults.append(
                Fault(entry.line, f"transaction {entry.transaction_id} stands on line {first.line} otherwise")
            )
    return list(seen.values()), sorted(faults, key=lambda fault: fault.line)


def _json(text: str) -> Reading:
    try:
        body = json.loads(text, parse_float=Decimal)
    except ValueError as e:
        return [], [Fault(getattr(e, "lineno", 1), f"not JSON: {e}")]
    rows = body if isinstance(body, list) else [body]
    return _each(list(enumerate(rows, start=1)), _of_json)


def _csv(text: str) -> Reading:
    rows = csv.reader(StringIO(text), strict=True)
    found: list[tuple[int, Mapping[str, str]]] = []
    faults: list[Fault] = []
    try:
        names = [name.strip().upper() for name in next(rows, [])]
        if missing := [name for name in COLUMNS if name not in names]:
            return [], [Fault(1, f"no column {', '.join(missing)}")]
        has_end = False
        for row in rows:
            has_end = has_end or row[:1] == [END]
            if has_end or not row:
                continue
            if len(row) != len(names):
                faults.append(Fault(rows.line_num, f"{len(names)} columns are due, was {len(row)}"))
            else:
                found.append((rows.line_num, dict(zip(names, (value.strip() for value in row), strict=True))))
        if not has_end:
            faults.append(Fault(rows.line_num, f"the file ends without {END}: part of it is missing"))
    except csv.Error as e:
        faults.append(Fault(rows.line_num, f"not CSV: {e}"))
    entries, more = _each(found, _of_csv)
    return entries, faults + more


def _each(rows: list[tuple[int, Any]], read_one: Callable[[int, Any], Entry]) -> Reading:
    entries, faults = [], []
    for line, row in rows:
        try:
            entries.append(read_one(line, row))
        except (UnreadableError, InvalidSymbolError) as e:
            faults.append(Fault(line, str(e)))
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as e:
            faults.append(Fault(line, f"cannot be read: {e!r}"))
    return entries, faults


def _of_json(line: int, row: Mapping[str, Any]) -> Entry:
    item = row.get("transactionItem") or {}
    at = datetime.fromisoformat(str(row["transactionDate"]))
    if at.tzinfo is None:
        raise UnreadableError(f"a time without a zone: {row['transactionDate']}")
    qty = _number(item.get("amount"))
    return Entry(
        line=line,
        transaction_id=_id(str(row["transactionId"])),
        at=at.astimezone(UTC),
        kind=str(row["type"]),
        symbol=_instrument(item.get("instrument") or {}),
        side=_side(str(item.get("instruction", ""))),
        qty=None if qty is None else abs(qty),
        price=_number(item.get("price")),
        fees=_sum([(row.get("fees") or {}).get(name) for name in JSON_FEES]),
        amount=_amount(row["netAmount"]),
        description=str(row.get("description", ""))[:300],
    )


def _of_csv(line: int, row: Mapping[str, str]) -> Entry:
    day = datetime.strptime(row["DATE"], "%m/%d/%Y").date()  # noqa: DTZ007 a date of New York's
    qty, description = _number(row["QUANTITY"]), row["DESCRIPTION"]
    return Entry(
        line=line,
        transaction_id=_id(row["TRANSACTION ID"]),
        at=datetime.combine(day, time(), NEW_YORK).astimezone(UTC),
        kind=next((kind for starts, kind in KINDS if description.startswith(starts)), "OTHER"),
        symbol=_spoken(row["SYMBOL"]) if " " in row["SYMBOL"] else row["SYMBOL"],
        side={"Bought": "BUY", "Sold": "SELL"}.get(description.partition(" ")[0], ""),
        qty=None if qty is None else abs(qty),
        price=_number(row["PRICE"]),
        fees=_sum([row.get(name) for name in CSV_FEES]),
        amount=_amount(row["AMOUNT"]),
        description=description[:300],
    )


def _instrument(instrument: Mapping[str, Any]) -> str:
    symbol = str(instrument.get("symbol") or "")
    if instrument.get("assetType") != "OPTION":
        return symbol
    if "_" in symbol:
        return to_occ(symbol)
    return _spoken(str(instrument.get("description") or symbol))


def _spoken(text: str) -> str:
    """Return the OCC symbol of an option as it is spoken of: SPY Dec 18 2026 600.0 Call."""
    match = SPOKEN.match(text)
    if match is None:
        raise UnreadableError(f"no instrument that can be read: {text!r}")
    expiry = datetime.strptime(match["day"], "%b %d %Y").date()  # noqa: DTZ007 a date has no zone
    return OptionContract(match["root"], expiry, Right(match["kind"][0]), Decimal(match["strike"])).symbol


def _side(word: str) -> str:
    return word if word in ("BUY", "SELL") else ""


def _id(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z.-]{1,40}", text):
        raise UnreadableError(f"no transaction's id: {text!r}")
    return text


def _amount(value: object) -> Decimal:
    number = _number(value)
    return Decimal(0) if number is None else number


def _sum(values: list[object]) -> Decimal:
    return sum((_amount(value) for value in values), start=Decimal(0))


def _number(value: object) -> Decimal | None:
    """Read an exact number; empty is None."""
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value).replace(",", "").replace("$", ""))
    except InvalidOperation:
        raise UnreadableError(f"no number: {value!r}") from None
    if not number.is_finite() or abs(number) >= LARGEST or number != number.quantize(PLACES):
        raise UnreadableError(f"a number beyond what can be kept: {value!r}")
    return number
