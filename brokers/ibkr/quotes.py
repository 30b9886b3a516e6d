"""Market data in: best bid and ask, depth, the model's Greeks, and which options there are."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

import structlog

from allcore.kernel.errors import UnavailableError
from allcore.kernel.quotes import Greeks, Quote
from brokers.ibkr.contracts import Contracts
from brokers.ibkr.depth import IbkrDepth
from brokers.ibkr.gateway import Gateway
from brokers.ports import Lane

SOURCE = "ibkr"
MODEL = 13
NO_PRICE = Decimal(-1)
BID, ASK, LAST = 1, 2, 4  # live ones alone: what is told a quarter of an hour late (66 to 76) is no market to trade on
BID_SIZE, ASK_SIZE, VOLUME = 0, 3, 8
HALTED = 49
LIVE = 1  # of the kinds of market data; the others are frozen, delayed, and both
MOST_LINES = 100  # what a login has unless it pays for more
WAITING_MOST = 10_000

log = structlog.get_logger(__name__)


class TooManyQuotesError(UnavailableError):
    """The login has no more market data lines."""

    code = "TOO_MANY_QUOTES"


@dataclass(frozen=True, slots=True)
class OptionClass:
    """What options an underlying has, in one class at one exchange."""

    exchange: str
    name: str
    multiplier: int
    expiries: tuple[date, ...]
    strikes: tuple[Decimal, ...]


class IbkrQuotes:
    """The quotes of one session's line. A quote is told when its price, size or halt changed."""

    def __init__(
        self, gateway: Gateway, contracts: Contracts, clock: Callable[[], datetime], *, lines: int = MOST_LINES
    ) -> None:
        self._gateway = gateway
        self._contracts = contracts
        self._clock = clock
        self._lines = lines
        self._symbols: dict[int, str] = {}  # by subscription
        self._late: set[int] = set()  # subscriptions whose ticks are not live
        self._standing: dict[str, Quote] = {}
        self._news: asyncio.Queue[Quote] = asyncio.Queue(WAITING_MOST)
        self.greeks: dict[str, Greeks] = {}
        self.depth = IbkrDepth(gateway, contracts, clock)
        ears = gateway.ears
        ears.ticks, ears.greeks, ears.kinds, ears.ended = self._tick, self._model, self._kind, self._said

    async def subscribe(self, symbols: Iterable[str]) -> None:
        """Ask for quotes of the symbols as well.

        Raises:
            TooManyQuotesError: no line is left; those before it are subscribed.
            UnknownContractError: the broker does not know one.
        """
        asked = set(self._symbols.values())
        for symbol in [s for s in symbols if s not in asked]:
            if len(self._symbols) >= self._lines:
                raise TooManyQuotesError(f"All {self._lines} market data lines are in use.", symbol=symbol)
            await self._open(symbol)

    async def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Stop asking."""
        unwanted = set(symbols)
        for number, symbol in [(n, s) for n, s in self._symbols.items() if s in unwanted]:
            del self._symbols[number]
            self._standing.pop(symbol, None)
            await self._gateway.pace(Lane.DATA)
            self._gateway.client.cancelMktData(number)

    async def renew(self) -> None:
        """Ask for everything again: the gateway has forgotten (1101)."""
        symbols = list(self._symbols.values())
        self._symbols.clear()
        self._standing.clear()
        await self.subscribe(symbols)
        await self.depth.renew()

    async def quotes(self) -> AsyncIterator[Quote]:
        """Yield quotes as they come."""
        while True:
            yield await self._news.get()

    async def classes(self, underlying: str) -> tuple[OptionClass, ...]:
        """Return which options the underlying has, by class and exchange."""
        contract = await self._contracts.of(underlying)
        client = self._gateway.client
        found = await self._gateway.numbered(
            lambda number: client.reqSecDefOptParams(number, contract.symbol, "", contract.secType, contract.conId)
        )
        return tuple(
            OptionClass(
                exchange=exchange,
                name=name,
                multiplier=int(multiplier or 100),
                expiries=tuple(date.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:8]}") for day in sorted(expiries)),
                strikes=tuple(sorted(Decimal(str(strike)) for strike in strikes)),
            )
            for exchange, _, name, multiplier, expiries, strikes in found
        )

    async def _open(self, symbol: str) -> None:
        contract = await self._contracts.of(symbol)
        await self._gateway.pace(Lane.DATA)
        number = self._gateway.new_request()
        self._symbols[number] = symbol
        self._gateway.client.reqMktData(number, contract, "", False, False, [])  # noqa: FBT003 the library's call

    def _tick(self, number: int, kind: int, price: Decimal | None, size: int | None) -> None:
        symbol = self._symbols.get(number)
        if symbol is None or (number in self._late and kind != HALTED):
            return
        before = self._standing.get(symbol) or self._blank(symbol)
        now = self._clock()
        changes = _changes(kind, price, size)
        if any(getattr(before, name) != value for name, value in changes.items()):
            changes["source_at"] = now
            after = replace(before, received_at=now, **changes)  # type: ignore[arg-type]  # named by the table
            self._stand(after)

    def _stand(self, quote: Quote) -> None:
        self._standing[quote.symbol] = quote
        if self._news.full():
            self._news.get_nowait()  # the newest matters; who reads too slowly misses the oldest
        self._news.put_nowait(quote)

    def _kind(self, number: int, kind: int) -> None:
        """Believe live ticks alone."""
        if number not in self._symbols:
            return
        if kind == LIVE:
            self._late.discard(number)
        else:
            self._late.add(number)
            self._withdraw(number, f"its quotes are of kind {kind}, not live")

    def _said(self, number: int, code: int, text: str) -> None:
        """Take what is said about a subscription: what stood before it may move unseen, until ticks come again."""
        if number in self._symbols:
            self._withdraw(number, f"{text} ({code})")
        else:
            self.depth.said(number, code, text)

    def _withdraw(self, number: int, why: str) -> None:
        symbol = self._symbols[number]
        log.warning("ibkr_quote_withdrawn", symbol=symbol, why=why)
        self.greeks.pop(symbol, None)
        self._stand(self._blank(symbol))

    def _blank(self, symbol: str) -> Quote:
        now = self._clock()
        return Quote(symbol, None, None, 0, 0, None, source_at=now, received_at=now, source=SOURCE)

    def _model(self, number: int, kind: int, values: tuple[float, ...]) -> None:
        symbol = self._symbols.get(number)
        if symbol is None or kind != MODEL or number in self._late:
            return
        iv, delta, price, _, gamma, vega, theta, *_ = values
        if abs(delta) <= 1 and iv > 0:  # what could not be computed is said as -1 or -2
            self.greeks[symbol] = Greeks(price, iv, delta, gamma, theta, vega, rho=0.0)


def _changes(kind: int, price: Decimal | None, size: int | None) -> dict[str, object]:
    """Return what the tick says of a quote, by the quote's own names."""
    shown = None if price is None or price == NO_PRICE else price
    table: Mapping[int, dict[str, object]] = {
        BID: {"bid": shown, "bid_size": size or 0},
        ASK: {"ask": shown, "ask_size": size or 0},
        LAST: {"last": shown} if shown is not None else {},
        BID_SIZE: {"bid_size": size or 0},
        ASK_SIZE: {"ask_size": size or 0},
        VOLUME: {"volume": size or 0},
        HALTED: {"is_halted": bool(size and size > 0)},
    }
    return dict(table.get(kind, {}))
