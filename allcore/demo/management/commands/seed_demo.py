"""`manage.py seed_demo`: the demo desk's accounts, people, limits and parameters."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from allcore.demo import plan
from allcore.demo.management import passwords
from allcore.demo.seed import seed
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import InvalidInputError
from marketdata.domain import feeds


class Command(BaseCommand):
    """Makes what is missing; safe to run again."""

    help = "Seed the demo desk."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, and print the passwords of people made now."""
        now = utc_now()
        try:
            feed = feeds.parse(settings.FEED)
        except InvalidInputError as e:
            raise CommandError(e.message) from e
        passwords.show(self.stdout, seed(feed, now=now, exchange_at=plan.opening(feed, now)))
