"""Quotes for the whole desk on a line of their own, so that what is asked for them never stands before an order."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from allcore.kernel.errors import UnavailableError
from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.quotes import Quote
from brokers.ibkr.contracts import Contracts
from brokers.ibkr.depth import IbkrDepth
from brokers.ibkr.errors import DATA_LOST, TOO_FAST, UPSTREAM_LOST, GatewayDownError
from brokers.ibkr.gateway import Gateway
from brokers.ibkr.library import load
from brokers.ibkr.news import LineNews, LostNews, News
from brokers.ibkr.quotes import IbkrQuotes
from brokers.ibkr.settings import IbkrSettings
from brokers.ports import Health, Plumbing

APART = 100  # of the client id from that of the line for orders
BEAT = 1.0
FARM_BROKEN = 2103
ENDS = UPSTREAM_LOST | {DATA_LOST, FARM_BROKEN}  # what was quoted before may have moved unseen
SMART = "SMART"


class IbkrMarket:
    """One socket for market data."""

    def __init__(self, plumbing: Plumbing) -> None:
        settings = IbkrSettings.read(plumbing.settings)
        self._plumbing = plumbing
        self._settings = replace(settings, client_id=settings.client_id + APART)
        self._gateway: Gateway | None = None
        self._feed: IbkrQuotes
        self._lost = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def connect(self) -> None:
        """Sign in, and refuse a gateway of the other environment.

        Raises:
            EnvironmentMismatchError: settings, port and accounts do not agree.
            GatewayDownError, GatewayRefusedError: it is away, or does not let us in.
        """
        plumbing, settings = self._plumbing, self._settings
        settings.ensure_port(plumbing.environment)
        library = load(settings.library)
        gateway = Gateway(library, settings, plumbing.pacer, tell=self._hear, clock=plumbing.clock)
        self._gateway = gateway
        settings.ensure_accounts(plumbing.environment, await gateway.connect())

        async def details(wanted: Any) -> list[Any]:
            return await gateway.numbered(lambda number: gateway.client.reqContractDetails(number, wanted))

        self._feed = IbkrQuotes(gateway, Contracts(library, details, plumbing.clock), plumbing.clock)
        self._do(self._beat(gateway))

    async def subscribe(self, symbols: Iterable[str]) -> None:
        """Ask for quotes. Raises as `IbkrQuotes.subscribe`."""
        await self._feed.subscribe(symbols)

    async def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Stop asking."""
        await self._feed.unsubscribe(symbols)

    async def quotes(self) -> AsyncIterator[Quote]:
        """Yield quotes as they come.

        Raises:
            GatewayDownError: the line, or the broker behind it, was lost.
        """
        told, lost = aiter(self._feed.quotes()), asyncio.ensure_future(self._lost.wait())
        try:
            while True:
                following = asyncio.ensure_future(anext(told))
                await asyncio.wait((following, lost), return_when=asyncio.FIRST_COMPLETED)
                if lost.done():
                    following.cancel()
                    raise GatewayDownError("The line for quotes was lost.")
                yield following.result()
        finally:
            lost.cancel()

    @property
    def depth(self) -> IbkrDepth:
        """The line's books; they end with the line."""
        return self._feed.depth

    async def options(self, underlying: str, until: date) -> tuple[OptionContract, ...]:
        """Return the options that expire by the day, of the classes that trade by the exchange-neutral route."""
        return tuple(
            OptionContract(found.name, expiry, right, strike)
            for found in await self._feed.classes(underlying)
            for expiry in found.expiries
            for strike in found.strikes
            for right in Right
            if found.exchange == SMART and found.multiplier == 100 and expiry <= until
        )

    async def health(self) -> Health:
        """Say how the line is."""
        gateway = self._gateway
        is_up = gateway is not None and gateway.is_up and not self._lost.is_set()
        return Health(is_up, None if gateway is None else gateway.ears.heard_at)

    async def close(self) -> None:
        """Hang up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._gateway is not None:
            self._gateway.close()
        await self._plumbing.release()

    async def _beat(self, gateway: Gateway) -> None:
        try:
            while True:
                await asyncio.sleep(BEAT)
                await gateway.named("time", gateway.client.reqCurrentTime)
        except UnavailableError:
            self._lost.set()

    def _hear(self, news: News) -> None:
        if isinstance(news, LostNews) or (isinstance(news, LineNews) and news.code in ENDS):
            self._lost.set()
        elif isinstance(news, LineNews) and news.code == TOO_FAST and self._gateway is not None:
            self._do(self._gateway.slowed())

    def _do(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
