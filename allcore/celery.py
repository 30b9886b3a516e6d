"""The Celery application: queues, the clock of the tasks, and the bootstep that hosts broker sessions."""

import os

from celery import Celery
from celery.signals import celeryd_init, setup_logging, task_prerun, worker_ready
from django.db import close_old_connections

from allcore import memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "allcore.settings")
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")  # `prepare` and the tests run Django's: they load every page first

app = Celery("desk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["trading"])
app.conf.beat_schedule = {
    "run the strategy": {"task": "trading.propose", "schedule": 5.0, "options": {"expires": 5.0}},
    "expire proposals": {"task": "trading.expire_proposals", "schedule": 5.0, "options": {"expires": 5.0}},
    "classify the week": {"task": "trading.classify", "schedule": 3.0, "options": {"expires": 3.0}},
    "sweep reservations": {"task": "trading.sweep_reservations", "schedule": 30.0, "options": {"expires": 30.0}},
    "remind of credentials": {
        "task": "trading.remind_of_credentials",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
    "sweep order lists": {"task": "trading.sweep_order_lists", "schedule": 5.0, "options": {"expires": 5.0}},
    "cancel orphaned orders": {"task": "trading.cancel_orphaned", "schedule": 5.0, "options": {"expires": 5.0}},
    "warn of instructions": {
        "task": "trading.warn_of_instructions",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    "follow corporate actions": {
        "task": "trading.follow_corporate_actions",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    "watch short options": {"task": "trading.watch_short_options", "schedule": 10.0, "options": {"expires": 10.0}},
    "carry the kill switch out": {"task": "trading.enforce_kill", "schedule": 5.0, "options": {"expires": 5.0}},
}


@celeryd_init.connect
def _begin(**kwargs: object) -> None:
    """Load the worker's code without walking over it."""
    memory.begin()


@setup_logging.connect
def _use_our_logs(**kwargs: object) -> None:
    """Keep Celery from setting up logging of its own; Django's setup has done it."""


@task_prerun.connect
def _drop_a_dead_connection(**kwargs: object) -> None:
    """Let a task after a restart of PostgreSQL connect anew; connections are kept from task to task."""
    close_old_connections()


@worker_ready.connect
def _settle(**kwargs: object) -> None:
    """Leave what is loaded out of the collector's rounds."""
    memory.settle()


def _host_broker_sessions() -> None:
    from trading.gateway.bootstep import GatewayStep  # noqa: PLC0415 needs the app registry, which Celery sets up later

    app.steps["worker"].add(GatewayStep)


app.on_after_finalize.connect(lambda **_: _host_broker_sessions(), weak=False)
