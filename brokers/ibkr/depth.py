"""Depth of the market from the gateway: three books at once, as its login allows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from allcore.kernel.errors import UnavailableError
from brokers.depth import Depth
from brokers.ibkr.contracts import Contracts
from brokers.ibkr.depth_rows import Book, Row
from brokers.ibkr.gateway import Gateway
from brokers.ports import Lane

MOST_BOOKS = 3  # what a login has unless it pays for more (309)
RESET = 317  # the book begins anew
WAITING_MOST = 1000
SMART = True  # of all exchanges, as the contracts are


class TooManyBooksError(UnavailableError):
    """The login has no more books."""

    code = "TOO_MANY_BOOKS"


class IbkrDepth:
    """The books of one line. One that the gateway refuses, halts or garbles is told as lost, and asked for no more."""

    def __init__(self, gateway: Gateway, contracts: Contracts, clock: Callable[[], datetime]) -> None:
        self._gateway = gateway
        self._contracts = contracts
        self._clock = clock
        self._books: dict[int, Book] = {}  # by subscription
        self._news: asyncio.Queue[Depth] = asyncio.Queue(WAITING_MOST)
        gateway.ears.levels = self._row

    async def subscribe(self, symbol: str, *, rows: int = 5) -> None:
        """Ask for the instrument's book as well.

        Raises:
            TooManyBooksError: no book is left.
            UnknownContractError: the broker does not know the instrument.
        """
        if any(book.symbol == symbol for book in self._books.values()):
            return
        contract = await self._contracts.of(symbol)
        await self._gateway.pace(Lane.DATA)
        if len(self._books) >= MOST_BOOKS:
            raise TooManyBooksError(f"All {MOST_BOOKS} books of the market are in use.", symbol=symbol)
        number = self._gateway.new_request()
        self._books[number] = Book(symbol, rows)
        self._gateway.client.reqMktDepth(number, contract, rows, SMART, [])

    async def unsubscribe(self, symbol: str) -> None:
        """Stop asking."""
        for number in [n for n, book in self._books.items() if book.symbol == symbol]:
            del self._books[number]
            await self._gateway.pace(Lane.DATA)
            self._gateway.client.cancelMktDepth(number, SMART)

    async def renew(self) -> None:
        """Ask for every book again: the gateway has forgotten (1101)."""
        books, self._books = list(self._books.values()), {}
        for book in books:
            await self.subscribe(book.symbol, rows=book.rows)

    async def depths(self) -> AsyncIterator[Depth]:
        """Yield a book whenever it changes."""
        while True:
            yield await self._news.get()

    def _row(self, number: int, row: Row) -> None:
        book = self._books.get(number)
        if book is None:
            return
        if book.take(row):
            self._tell(book)
        else:
            self._lose(number, "A row of the book did not fit the rows before it.")
            self._gateway.client.cancelMktDepth(number, SMART)

    def said(self, number: int, code: int, text: str) -> None:
        """Take what is said about a subscription; of another's, nothing follows."""
        if number not in self._books:
            return
        if code == RESET:
            self._books[number].clear()
            self._tell(self._books[number])
        else:
            self._lose(number, f"{text} ({code})")

    def _lose(self, number: int, why: str) -> None:
        book = self._books.pop(number)
        book.clear()
        self._tell(book, lost=why)

    def _tell(self, book: Book, *, lost: str = "") -> None:
        if self._news.full():
            self._news.get_nowait()  # the newest matters; who reads too slowly misses the oldest
        self._news.put_nowait(Depth(book.symbol, tuple(book.bids), tuple(book.asks), self._clock(), lost))
