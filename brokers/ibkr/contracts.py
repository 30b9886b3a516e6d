"""Instruments under the desk's names and the broker's, and their contract numbers."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import structlog

from allcore.kernel.errors import DeskError, InvalidInputError
from allcore.kernel.instruments import InvalidSymbolError, OptionContract, Right
from brokers.ibkr.errors import NO_SUCH_CONTRACT, QuestionRefusedError, UnknownContractError
from brokers.ibkr.library import Library

UNDERLYINGS = {"SPXW": "SPX", "NDXP": "NDX", "RUTW": "RUT", "VIXW": "VIX"}  # option classes with names of their own
INDICES = frozenset({"SPX", "NDX", "RUT", "VIX", "XSP"})
Details = Callable[[Any], Awaitable[list[Any]]]
KNOWN_FOR = timedelta(hours=12)  # a split or a new listing changes what a name stands for, over night
KNOWN_MOST = 2000

log = structlog.get_logger(__name__)


def symbol_of(contract: Any) -> str:
    """Return the desk's name of a share or option; empty for a combo.

    Raises:
        InvalidSymbolError: it is nothing that the desk has a name for.
    """
    if contract.secType == "BAG":
        return ""
    if contract.secType in ("STK", "IND"):
        return str(contract.symbol)
    if contract.secType != "OPT":
        raise InvalidSymbolError(f"The desk has no name for a {contract.secType} of {contract.symbol}.")
    try:
        return OptionContract.parse(contract.localSymbol).symbol
    except InvalidInputError:
        return _from_fields(contract)


def _from_fields(contract: Any) -> str:
    day = str(contract.lastTradeDateOrContractMonth)
    right = Right.CALL if contract.right in ("C", "CALL") else Right.PUT
    root = contract.tradingClass or contract.symbol
    try:
        mills = int(Decimal(str(contract.strike)) * 1000)
    except InvalidOperation:
        mills = 0
    return OptionContract.parse(f"{root:<6}{day[2:8]}{right}{mills:08d}").symbol


def multiplier_of(contract: Any) -> int:
    """Return how many shares one contract stands for."""
    return int(Decimal(contract.multiplier or "1")) if contract.secType == "OPT" else 1


class Contracts:
    """Asks the broker for each instrument once a day, and remembers the ones used last."""

    def __init__(
        self, library: Library, details: Details, clock: Callable[[], datetime], *, most: int = KNOWN_MOST
    ) -> None:
        self._library = library
        self._details = details
        self._clock = clock
        self._most = most
        self._known: OrderedDict[str, tuple[Any, datetime]] = OrderedDict()
        self._asking = asyncio.Lock()

    async def of(self, symbol: str) -> Any:
        """Return the broker's contract, with its number.

        Raises:
            UnknownContractError: the broker has none, or several, of that name.
        """
        if (known := self._remembered(symbol)) is not None:  # an order does not wait behind what quotes ask
            return known
        async with self._asking:
            return self._remembered(symbol) or await self._found(symbol)

    async def numbered(self, number: int) -> Any:
        """Return the broker's contract of that number, or None: it has none, or does not say."""
        name = f"#{number}"
        if (known := self._remembered(name)) is not None:
            return known
        try:
            found = await self._details(self._library.contract(conId=number, exchange="SMART"))
        except DeskError as e:
            log.warning("ibkr_contract_unknown", number=number, error=str(e))
            return None
        fitting = [detail.contract for detail in found if detail.contract.conId == number]
        if fitting:
            self._keep(name, fitting[0])
        return fitting[0] if fitting else None

    def _keep(self, name: str, contract: Any) -> None:
        self._known[name] = contract, self._clock() + KNOWN_FOR
        self._known.move_to_end(name)
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def _remembered(self, symbol: str) -> Any:
        contract, until = self._known.get(symbol, (None, None))
        if until is None or self._clock() >= until:
            return None
        self._known.move_to_end(symbol)
        return contract

    async def _found(self, symbol: str) -> Any:
        found = [detail.contract for detail in await self._asked(symbol)]
        fitting = [contract for contract in found if self._is_named(contract, symbol)]
        if len({contract.conId for contract in fitting}) != 1:
            raise UnknownContractError(f"The broker knows {len(fitting)} contracts {symbol!r}.", symbol=symbol)
        fitting[0].exchange = "SMART"
        self._keep(symbol, fitting[0])
        return fitting[0]

    async def _asked(self, symbol: str) -> list[Any]:
        try:
            return await self._details(self._wanted(symbol))
        except QuestionRefusedError as e:
            if e.context.get("code") == NO_SUCH_CONTRACT:
                return []
            raise

    def _wanted(self, symbol: str) -> Any:
        try:
            option = OptionContract.parse(symbol)
        except InvalidSymbolError:
            kind = "IND" if symbol in INDICES else "STK"
            return self._library.contract(secType=kind, symbol=symbol, exchange="SMART", currency="USD")
        return self._library.contract(
            secType="OPT",
            symbol=UNDERLYINGS.get(option.root, option.root),
            lastTradeDateOrContractMonth=f"{option.expiry:%Y%m%d}",
            strike=float(option.strike),
            right=str(option.right),
            multiplier="100",
            exchange="SMART",
            currency="USD",
            tradingClass=option.root,
        )

    @staticmethod
    def _is_named(contract: Any, symbol: str) -> bool:
        try:
            return symbol_of(contract) == symbol
        except InvalidInputError:
            return False
