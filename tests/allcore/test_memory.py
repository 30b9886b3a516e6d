"""What is loaded at the start is left out of the collector's rounds, by every process."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from allcore import memory

ENTRIES = ("allcore.wsgi", "allcore.asgi")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_there_is_not_walked_again() -> None:
    before = gc.get_freeze_count()
    kept = [[number] for number in range(1000)]

    memory.settle()

    assert gc.get_freeze_count() >= before + len(kept)


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_process_that_answers_has_settled_before_it_does(entry: str) -> None:
    code = f"import gc, {entry}; print(gc.get_freeze_count())"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert int(done.stdout) > 10_000


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_collector_walks_hardly_ever_over_what_is_being_loaded(entry: str) -> None:
    code = f"import gc, {entry}; print(gc.get_stats()[0]['collections'], *gc.get_threshold())"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    rounds, *threshold = map(int, done.stdout.split())
    assert rounds < 50
    assert threshold == [700, 10, 10]


def test_a_worker_loads_so_too_and_a_process_that_only_asks_for_tasks_does_not() -> None:
    code = (
        "import gc, allcore.celery; from celery.signals import celeryd_init as begins; "
        "print(gc.get_threshold()[0]); begins.send(sender='worker'); print(gc.get_threshold()[0])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert done.stdout.split() == ["700", "100000"]
