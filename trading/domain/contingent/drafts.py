"""A condition as a person builds it: what is whole is read, and what is wrong is said beside the field it is in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trading.domain.contingent.conditions import Condition, InvalidConditionError, Leaf, What, parse

JOINING = ("all", "any")
NOT_SENT = " Nothing was sent."
READS_AS_TRUE = {"what": "TIME", "is": ">=", "value": "2000-01-01T00:00:00+00:00"}
WANTED = {"value": "Give a number.", "symbol": "Name a symbol."}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong; `at` is the part's place as the evaluation names it ("0.1"), "" the whole; `field` may be ""."""

    at: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What can be read of it: `condition` is None as long as anything is wrong."""

    condition: Condition | None
    leaves: Mapping[str, Leaf]
    faults: tuple[Fault, ...]


def read_draft(data: Mapping[str, Any]) -> Draft:
    """Return what the draft says so far; nothing is raised, for a person is still at it."""
    leaves: dict[str, Leaf] = {}
    faults: list[Fault] = []
    for path, part in _parts(data.get("when"), "0"):
        leaf, fault = _leaf(part, path)
        if leaf is not None:
            leaves[path] = leaf
        faults.extend([] if fault is None else [fault])
    condition, fault = _whole(data if not faults else {**data, "when": READS_AS_TRUE})
    faults.extend([] if fault is None else [fault])
    return Draft(None if faults else condition, leaves, tuple(faults))


def _whole(data: Mapping[str, Any]) -> tuple[Condition | None, Fault | None]:
    try:
        return parse(data), None
    except InvalidConditionError as error:
        return None, Fault("", str(error.context.get("field", "")), _said(error))


def _leaf(part: object, path: str) -> tuple[Leaf | None, Fault | None]:
    if isinstance(part, Mapping):
        if (fault := _wanting(part, path)) is not None:
            return None, fault
        if set(part) & set(JOINING):
            return None, Fault(path, "", "Add a comparison here, or take the group away.")
    try:
        read = parse({"when": part}).when
    except InvalidConditionError as error:
        return None, Fault(path, str(error.context.get("field", "")), _said(error))
    return (read, None) if isinstance(read, Leaf) else (None, None)


def _wanting(part: Mapping[str, Any], path: str) -> Fault | None:
    """Say in a person's words what was not filled in yet."""
    for name, message in WANTED.items():
        if name in part and part[name] in (None, ""):
            is_time = name == "value" and part.get("what") == What.TIME
            return Fault(path, name, "Give a day and a time." if is_time else message)
    return None


def _said(error: InvalidConditionError) -> str:
    return error.message.removesuffix(NOT_SENT)


def _parts(node: object, path: str) -> Iterator[tuple[str, object]]:
    """Name each comparison, and each group without any, as the evaluation does."""
    if isinstance(node, Mapping) and "not" in node:
        yield from _parts(node["not"], f"{path}.0")
        return
    joined = next((node[word] for word in JOINING if word in node), None) if isinstance(node, Mapping) else None
    if isinstance(joined, list) and joined:
        for n, one in enumerate(joined):
            yield from _parts(one, f"{path}.{n}")
    else:
        yield path, node
