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
