"""What a process loads at its start, and what it serves."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from asgiref.testing import ApplicationCommunicator

from allcore.asgi import application

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("trading.web.urls", "trading.api.urls")
LOADED = f"import sys; print([name for name in {PAGES!r} if name in sys.modules])"


def answered(path: str) -> int:
    async def asked() -> int:
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1")],
        }
        call = ApplicationCommunicator(application, scope)
        await call.send_input({"type": "http.request", "body": b""})
        start = await call.receive_output(5)
        while (await call.receive_output(5)).get("more_body"):
            pass
        await call.wait(5)
        return int(start["status"])

    return asyncio.run(asked())


@pytest.mark.parametrize("entry", ["allcore.asgi", "allcore.celery"])
def test_a_process_without_pages_does_not_load_them(entry: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {entry}; {LOADED}"], cwd=ROOT, capture_output=True, check=True, text=True
    )

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("command", ["run_feed", "run_monitor", "run_algos"])
def test_a_command_that_runs_for_good_does_not_load_the_pages_to_check_them(command: str) -> None:
    code = (
        "import django; django.setup(); from django.core.management import get_commands, load_command_class as load; "
        f"assert not load(get_commands()[{command!r}], {command!r}).requires_system_checks; {LOADED}"
    )
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "allcore.settings"}

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, check=True, text=True)

    assert done.stdout.strip() == "[]"


def test_the_socket_process_answers_for_its_health_and_serves_no_page() -> None:
    assert answered("/healthz") == 200
    assert answered("/accounts/login/") == 404
