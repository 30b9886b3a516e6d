"""E*TRADE's lists, whose JSON is made from XML: a list of one may come as the one alone."""

from collections.abc import Iterable, Mapping
from typing import Any


def many(rows: Any) -> Iterable[Any]:
    """Return the rows; one that is not in a list is a list of one."""
    return (rows,) if isinstance(rows, Mapping) else rows


def first(rows: Any) -> Any:
    """Return the first of the rows.

    Raises:
        LookupError: there is none.
    """
    return rows if isinstance(rows, Mapping) else rows[0]
