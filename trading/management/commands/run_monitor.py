"""`manage.py run_monitor`: live P&L, Greeks and the equity curve."""

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from allcore.kernel.clock import utc_now
from trading.services.monitor import Monitor, keep_going


class Command(BaseCommand):
    """Values every position each second and tells the desk what changed."""

    help = "Value every position each second, tell the desk what changed, keep the equity curve."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT."""
        stopping = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        keep_going(Monitor(), now=utc_now, stopping=stopping)
