"""`manage.py run_monitor`: live P&L, Greeks and the equity curve; and beside them the trigger engine."""

import signal
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from allcore import memory
from allcore.kernel.clock import utc_now
from trading.services.contingent import engine
from trading.services.monitor import Monitor, keep_going


class Command(BaseCommand):
    """Values every position each second and tells the desk what changed."""

    help = "Value every position each second, tell the desk what changed, keep the equity curve."
    requires_system_checks = ()  # `prepare` and the tests run them: each would load every page first

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT."""
        stopping = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        memory.settle()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="triggers") as beside:
            triggers = beside.submit(_watch, stopping)
            try:
                keep_going(Monitor(), now=utc_now, stopping=stopping)
            finally:
                stopping.set()
            triggers.result()


def _watch(stopping: Event) -> None:
    """Run the trigger engine. If it breaks, the process ends, to be started anew: it must not live on without it."""
    try:
        engine.keep_going(now=utc_now, stopping=stopping)
    finally:
        stopping.set()
        connection.close()
