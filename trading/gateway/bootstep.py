"""The Celery worker's bootstep: one thread, one asyncio loop, a runner for each connection it hosts."""

import asyncio
import os
import socket
import threading

import structlog
from celery import bootsteps
from celery.worker import WorkController

from trading.gateway.host import Host
from trading.gateway.knowledge import session_for

QUEUE_PREFIX = "broker."
STOP_SECONDS = 10.0

log = structlog.get_logger(__name__)


class GatewayStep(bootsteps.StartStopStep):
    """Hosts the sessions. A worker without a `broker.` queue hosts none."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: WorkController, **options: object) -> None:
        super().__init__(worker, **options)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._all: asyncio.Task[None] | None = None

    def start(self, worker: WorkController) -> None:
        """Start the loop in its own thread, never inside a task."""
        names = [
            q.removeprefix(QUEUE_PREFIX) for q in worker.app.amqp.queues.consume_from if q.startswith(QUEUE_PREFIX)
        ]
        if names:
            self._thread = threading.Thread(target=self._host, args=(names,), name="gateway", daemon=True)
            self._thread.start()

    def stop(self, worker: WorkController) -> None:
        """End the sessions in an orderly way: leases are freed, nothing claimed is left unsent."""
        if self._thread is None or self._loop is None or self._all is None:
            return
        self._loop.call_soon_threadsafe(self._all.cancel)
        self._thread.join(STOP_SECONDS)

    def terminate(self, worker: WorkController) -> None:
        """End the sessions as `stop` does; there is no faster way that is safe."""
        self.stop(worker)

    def _host(self, names: list[str]) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            try:
                runner.run(self._run(names))
            except asyncio.CancelledError:
                log.info("gateway_stopped", connections=names)

    async def _run(self, names: list[str]) -> None:
        self._all = asyncio.current_task()
        await Host(names, f"{socket.gethostname()}:{os.getpid()}", session_for).run()
