"""E*TRADE's JSON, which is made from XML: a list of one may come as the one alone, a name with a capital or without."""

from collections.abc import Mapping
from typing import Any


def many(rows: Any) -> list[Any]:
    """Return the rows; one that is not in a list is a list of one, and nothing is none."""
    if rows is None or rows == "":
        return []
    return [rows] if isinstance(rows, Mapping) else list(rows)


def first(rows: Any) -> Any:
    """Return the first of the rows.

    Raises:
        LookupError: there is none.
    """
    return many(rows)[0]


def part(row: Mapping[str, Any], name: str) -> Any:
    """Return what the row has under the name, whichever way its first letter is written; None without it."""
    other = f"{name[0].swapcase()}{name[1:]}"
    return row[name] if row.get(name) is not None else row.get(other)


def needed(row: Mapping[str, Any], name: str) -> Any:
    """Return what the row has under the name.

    Raises:
        LookupError: it has nothing.
    """
    found = part(row, name)
    if found is None:
        raise LookupError(name)
    return found
