"""Typed readings of the environment. A bad or missing value stops the start with a sentence."""

import os
from pathlib import Path


class BadSettingError(SystemExit):
    """A setting cannot be used; the process does not start."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"Setting {name} {problem}. See .env.example.")


def text(name: str, default: str | None = None) -> str:
    """Return the variable, or the content of the file that NAME_FILE names, or the default."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as e:
            raise BadSettingError(f"{name}_FILE", f"names a file that cannot be read: {e.strerror}") from e
    value = os.environ.get(name) or default  # `make` hands on what is not set as empty
    if value is None:
        raise BadSettingError(name, "is missing")
    return value


def boolean(name: str, *, default: bool) -> bool:
    """Return a yes or no; anything but on/off, true/false, yes/no, 1/0 is refused."""
    value = text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise BadSettingError(name, f"is on or off, was {value!r}")


def integer(name: str, default: int) -> int:
    """Return a whole number."""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise BadSettingError(name, f"is a whole number, was {value!r}") from None


def choice(name: str, options: tuple[str, ...], default: str) -> str:
    """Return one of the options."""
    value = text(name, default)
    if value not in options:
        raise BadSettingError(name, f"is one of {', '.join(options)}, was {value!r}")
    return value


def words(name: str, default: str) -> list[str]:
    """Return a comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def inherited(*, without: frozenset[str]) -> dict[str, str]:
    """Return the environment for a process that is to know nothing of these names."""
    return {name: value for name, value in os.environ.items() if name not in without}
