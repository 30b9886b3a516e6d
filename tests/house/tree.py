"""The project's own files."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("allcore", "brokers", "marketdata", "risk", "trading")


@cache
def tracked(*patterns: str) -> tuple[Path, ...]:
    """Return the files that git knows and that are still there."""
    listed = subprocess.run(["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists())


def modules() -> tuple[Path, ...]:
    """Return the project's Python modules, migrations and tests aside."""
    found = tracked(*(f"{app}/**.py" for app in APPS))
    return tuple(path for path in found if "migrations" not in path.parts)


@cache
def parsed(path: Path) -> ast.Module:
    """Return the module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    """Return the path from the project's root."""
    return str(path.relative_to(ROOT))


def dotted(path: Path) -> str:
    """Return the module's import name."""
    return name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
