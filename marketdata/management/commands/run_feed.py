"""`manage.py run_feed`: market data in."""

import signal
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from allcore import memory
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import DeskError
from marketdata.services import run


class Command(BaseCommand):
    """Feeds the desk from the source that FEED names."""

    help = "Feed the desk with market data from the source that FEED names."
    requires_system_checks = ()  # `prepare` and the tests run them: each would load every page first

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT."""
        stopping = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        memory.settle()
        try:
            feed = run.open_feed(settings.FEED, utc_now())
            if feed is None:
                self.stdout.write("FEED is none: the desk runs without market data, so nothing is traded.")
                return
            run.keep_going(feed, now=utc_now, stopping=stopping)
        except DeskError as e:
            raise CommandError(e.message) from e
