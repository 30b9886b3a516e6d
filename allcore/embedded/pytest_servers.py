"""pytest plug-in: servers and settings for the tests, before Django reads its settings."""

import os
import tempfile
from pathlib import Path

import pytest

from allcore.embedded import postgres, valkey

STARTED = pytest.StashKey[Path]()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start what DATABASE_URL and REDIS_URL do not name; the processes of xdist inherit both."""
    os.environ.setdefault("SECRET_KEY", "tests-only")
    os.environ.setdefault("FEED", "none")
    if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ:
        return
    directory = Path(tempfile.mkdtemp(prefix="desk-tests-"))
    early_config.stash[STARTED] = directory
    os.environ.setdefault("VAR_DIR", str(directory))
    os.environ.setdefault("DATABASE_URL", postgres.start(directory))
    os.environ.setdefault("REDIS_URL", valkey.start(directory))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    directory = config.stash.get(STARTED, None)
    if directory is not None:
        postgres.stop(directory)
        valkey.stop(directory)
