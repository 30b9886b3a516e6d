"""Each server's entry is imported first in a process of its own: a circle of imports fails there and nowhere else."""

import subprocess
import sys

import pytest

from tests.house.tree import ROOT


@pytest.mark.parametrize("entry", ["allcore.asgi", "allcore.wsgi", "allcore.celery"])
def test_an_entry_is_imported_first(entry: str) -> None:
    code = f"import os; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'allcore.settings'); import {entry}"
    told = {
        "SECRET_KEY": "x" * 50,
        "DATABASE_URL": "postgresql://a:b@127.0.0.1:1/x",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "PATH": "/usr/bin:/bin",
    }

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=told, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-1000:]
