"""`manage.py seed_demo`: the demo desk's accounts, people, limits and parameters."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from allcore.demo import plan, sims
from allcore.demo.management import passwords
from allcore.demo.seed import seed
from allcore.embedded import brokers
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import InvalidInputError, RefusedError
from marketdata.domain import feeds
from marketdata.services import recordings


class Command(BaseCommand):
    """Makes what is missing; safe to run again."""

    help = "Seed the demo desk."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, and print the passwords of people made now."""
        now = utc_now()
        try:
            feed = feeds.parse(settings.FEED)
            if isinstance(feed, feeds.ReplayFeed):
                recordings.ensure_there(feed.path)
            broker = _broker(feed)
            made = seed(feed, now=now, exchange_at=plan.opening(feed, now), broker=broker)
        except (InvalidInputError, RefusedError) as e:
            raise CommandError(e.message) from e
        passwords.show(self.stdout, made)


def _broker(feed: feeds.FeedSpec) -> plan.BrokerPlan:
    sim = brokers.SIMS.get(settings.BROKER)
    if sim is None:
        return plan.PAPER
    return sims.at(sim, feed, port=settings.BROKER_PORT, file=settings.VAR_DIR / brokers.TOLD)
