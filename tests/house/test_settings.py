"""What the environment may say is listed, once, with its default."""

import ast
import re

from tests.house.tree import ROOT, modules, parsed, tracked

READERS = {"text", "boolean", "integer", "choice", "words"}
STARTERS = {"port_setting"}  # of the launcher, which runs before there are settings
OTHERS = {"PROMETHEUS_MULTIPROC_DIR", "DJANGO_SETTINGS_MODULE", "PATH"}  # set by the launcher for its processes


def names_read() -> set[str]:
    found = set()
    for path in modules():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.args[0].value
                if isinstance(name, str) and re.fullmatch("[A-Z][A-Z0-9_]+", name) and reads(node.func):
                    found.add(name)
    return {name.removesuffix("_FILE") for name in found} - OTHERS


def reads(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id in STARTERS
    if not isinstance(function, ast.Attribute):
        return False
    whose = ast.unparse(function.value)
    return (whose == "env" and function.attr in READERS) or (whose == "os.environ" and function.attr == "get")


def names_listed() -> list[str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE)


def test_every_setting_is_listed_and_nothing_else() -> None:
    assert set(names_listed()) == names_read()


def test_no_setting_is_listed_twice() -> None:
    assert len(names_listed()) == len(set(names_listed()))


def test_the_environment_is_read_in_few_places() -> None:
    allowed = {"allcore/env.py", "allcore/scrape.py", "allcore/embedded", "allcore/asgi.py", "allcore/wsgi.py"}
    allowed |= {"allcore/celery.py"}
    readers = [
        name
        for path in modules()
        if "os.environ" in path.read_text(encoding="utf-8")
        and not any((name := str(path.relative_to(ROOT))).startswith(place) for place in allowed)
    ]

    assert readers == []


def test_defaults_are_the_safe_ones() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")

    assert "TRADING_MODE=paper" in text
    assert re.search(r"DEBUG=off", text)
    assert tracked(".env") == ()


def test_the_desk_keeps_passwords_as_argon2_alone() -> None:
    """The tests hash more cheaply; what runs must not."""
    text = (ROOT / "allcore/settings.py").read_text(encoding="utf-8")

    assert 'PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]' in text
