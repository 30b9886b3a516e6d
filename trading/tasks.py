"""Celery tasks: the clock's side of the desk. Each is safe to run twice, and none carries an order."""

from celery import shared_task

from allcore.kernel.clock import utc_now
from brokers.services import reminders
from trading.services import carried, classify, expiring, instructing, orphaned, propose, triggers, upkeep
from trading.services.contingent import lists


@shared_task(name="trading.propose", queue="default")
def run_strategy(**kwargs: object) -> None:
    """Let the protocol look at every account."""
    propose.run(now=utc_now())


@shared_task(name="trading.expire_proposals", queue="default")
def expire_proposals(**kwargs: object) -> None:
    """End the proposals whose time is up."""
    propose.expire(now=utc_now())


@shared_task(name="trading.classify", queue="default")
def classify_week(**kwargs: object) -> None:
    """Class the week, and label what happened in it."""
    classify.run(now=utc_now())


@shared_task(name="trading.sweep_reservations", queue="default")
def sweep_reservations(**kwargs: object) -> None:
    """Free what no open order holds."""
    upkeep.sweep_reservations(now=utc_now())


@shared_task(name="trading.sweep_order_lists", queue="default")
def sweep_order_lists(**kwargs: object) -> None:
    """Do what lists of orders miss; beside the trigger engine, in case it is away."""
    lists.sweep(now=utc_now())


@shared_task(name="trading.cancel_orphaned", queue="default")
def cancel_orphaned(**kwargs: object) -> None:
    """Take back what works to close a position that is gone."""
    orphaned.sweep(now=utc_now())


@shared_task(name="trading.warn_of_instructions", queue="default")
def warn_of_instructions(**kwargs: object) -> None:
    """Say which exercise instructions the broker does not have, or has not answered."""
    instructing.warn_of_late(now=utc_now())


@shared_task(name="trading.follow_corporate_actions", queue="default")
def follow_corporate_actions(**kwargs: object) -> None:
    """End held orders whose instruments are no longer what they were."""
    carried.sweep(now=utc_now())


@shared_task(name="trading.enforce_kill", queue="default")
def enforce_kill(**kwargs: object) -> None:
    """Engage the kill switch for what has fired, and finish what it began."""
    triggers.watch(now=utc_now())


@shared_task(name="trading.remind_of_credentials", queue="default")
def remind_of_credentials(**kwargs: object) -> None:
    """Say which leave at a broker ends soon."""
    reminders.remind(now=utc_now())


@shared_task(name="trading.watch_short_options", queue="default")
def watch_short_options(**kwargs: object) -> None:
    """Put short options near assignment before a person."""
    expiring.watch(now=utc_now())
