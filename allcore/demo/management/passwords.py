"""Passwords on a terminal: shown once."""

from collections.abc import Mapping

from django.core.management.base import OutputWrapper


def show(out: OutputWrapper, passwords: Mapping[str, str]) -> None:
    """Print who signs in with what, if there is anything new."""
    if not passwords:
        return
    width = max(len(name) for name in passwords)
    out.write("Passwords, shown this once (`make passwords` makes new ones):")
    for name, password in passwords.items():
        out.write(f"  {name:<{width}}  {password}")
