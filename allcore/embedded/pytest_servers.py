"""pytest plug-in: servers and settings for the tests, before Django reads its settings.

Processes of pytest-xdist share PostgreSQL, where each has a database of its own; a Valkey has no such thing for
channels, so each process starts one.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from allcore.embedded import postgres, valkey

STARTED = pytest.StashKey[Path]()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start what DATABASE_URL and REDIS_URL do not name."""
    directory = Path(tempfile.mkdtemp(prefix="desk-tests-"))
    early_config.stash[STARTED] = directory
    (directory / "static").mkdir()
    os.environ["VAR_DIR"] = str(directory)
    # `make` hands on what is not set as empty.
    for name, ours in (("SECRET_KEY", "tests-only"), ("FEED", "none")):
        os.environ[name] = os.environ.get(name) or ours
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = postgres.start(directory)
    if not os.environ.get("REDIS_URL") or "PYTEST_XDIST_WORKER" in os.environ:
        os.environ["REDIS_URL"] = valkey.start(directory)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    directory = config.stash.get(STARTED, None)
    if directory is not None:
        postgres.stop(directory)
        valkey.stop(directory)
        shutil.rmtree(directory, ignore_errors=True)
