"""`manage.py run_algos`: works the execution algorithms' runs."""

import os
import signal
import socket
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from allcore import memory
from allcore.kernel.clock import utc_now
from trading.services.algos.engine import Engine
from trading.services.algos.loop import keep_going


class Command(BaseCommand):
    """Holds the runs nobody else holds; several may run, and none acts on another's."""

    help = "Work the runs of execution algorithms: look at each batch of quotes, send and move their children."
    requires_system_checks = ()  # `prepare` and the tests run them: each would load every page first

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT."""
        stopping = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        memory.settle()
        keep_going(Engine(f"{socket.gethostname()}:{os.getpid()}"), now=utc_now, stopping=stopping)
