"""The HTTP skin of the test servers: faults before and after the handler, and a port that a test may cut."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from tests.brokers.servers.faults import Faults, Lapse
from tests.brokers.servers.port import LOOPBACK

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PAGE = "<html><body><h1>Service Unavailable</h1></body></html>"


class WebPort:
    """Serves an application on loopback. What is cut comes back at the same number."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._runner: web.AppRunner | None = None
        self.number = 0

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.number}"

    @property
    def is_closed(self) -> bool:
        return self._runner is None

    async def open(self, number: int = 0) -> int:
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, number or self.number, reuse_address=True)
        await site.start()
        self.number = self._runner.addresses[0][1]
        return self.number

    async def close(self) -> None:
        """Stop listening and cut every line."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


def faulty(faults: Faults) -> Middleware:
    """Return the middleware that answers as the faults would have it."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if faults.delay:
            await asyncio.sleep(faults.delay)
        match faults.answer():
            case "html":
                return web.Response(status=400, text=PAGE, content_type="text/html")
            case int(status):
                headers = {} if faults.retry_after is None else {"Retry-After": str(faults.retry_after)}
                return web.Response(status=status, headers=headers)
            case _:
                return await handler(request)

    return middleware


async def lapsing(request: web.Request, faults: Faults, book: Callable[[], web.Response]) -> web.Response:
    """Book an order and answer, or do half of it."""
    lapse = faults.lapse()
    if lapse is Lapse.UNREAD:
        return cut(request)
    answer = book()
    if lapse is Lapse.DROP:
        return cut(request)
    if lapse is Lapse.SILENT:
        await asyncio.sleep(3600)
    return answer


def cut(request: web.Request) -> web.Response:
    """Cut the line under a request."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
