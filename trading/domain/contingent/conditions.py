"""Conditions: trees of AND, OR and NOT over comparisons, read from JSON. What is malformed is refused whole.

Shapes:
    `{"when": node, "confirm": 1, "arm_after": time, "expire_at": time}`; only `when` is needed.
    node: `{"all": [node, ...]}`, `{"any": [node, ...]}`, `{"not": node}`, or a comparison:
    `{"what": "PRICE", "symbol": "SPY", "source": "MID", "is": ">=", "value": "500", "reset": "498", "confirm": 2}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from allcore.kernel.errors import InvalidInputError
from allcore.kernel.instruments import OCC_LENGTH

MOST_NODES = 40
DEEPEST = 6
MOST_CONFIRMATIONS = 100


class InvalidConditionError(InvalidInputError):
    """The condition cannot be read."""

    code = "INVALID_CONDITION"


class What(StrEnum):
    """What a comparison looks at. NET is the middle of the order's own legs, as its holder pays or receives it."""

    PRICE = "PRICE"
    NET = "NET"
    VOLUME = "VOLUME"
    TIME = "TIME"
    DTE = "DTE"
    IV = "IV"
    DELTA = "DELTA"
    GAMMA = "GAMMA"
    THETA = "THETA"
    VEGA = "VEGA"
    NET_DELTA = "NET_DELTA"
    NET_GAMMA = "NET_GAMMA"
    NET_THETA = "NET_THETA"
    NET_VEGA = "NET_VEGA"
    DAY_PNL = "DAY_PNL"
    UNREALISED = "UNREALISED"


OF_OPTION = frozenset({What.DTE, What.IV, What.DELTA, What.GAMMA, What.THETA, What.VEGA})
OF_SYMBOL = OF_OPTION | {What.PRICE, What.VOLUME}
OF_ACCOUNT = frozenset({What.NET_DELTA, What.NET_GAMMA, What.NET_THETA, What.NET_VEGA, What.DAY_PNL, What.UNREALISED})
FIELDS = frozenset({"what", "symbol", "source", "is", "value", "reset", "confirm"})


class Comparison(StrEnum):
    """How the value seen is compared with the one named."""

    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="
    EQUAL = "=="

    @property
    def looks_up(self) -> bool:
        """Whether a larger value makes it true."""
        return self in (Comparison.ABOVE, Comparison.AT_LEAST)


class Source(StrEnum):
    """Which price of a quote."""

    BID = "BID"
    ASK = "ASK"
    MID = "MID"
    LAST = "LAST"


Value = Decimal | datetime
W = TypeVar("W", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One comparison. Once true it stays so until the value is on the wrong side of `reset` as well."""

    what: What
    comparison: Comparison
    value: Value
    symbol: str = ""
    source: Source = Source.MID
    reset: Value | None = None
    confirm: int = 1


@dataclass(frozen=True, slots=True)
class Every:
    """True if all are; false if one is; else not known."""

    of: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """True if one is; false if none is; else not known."""

    of: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary; of what is not known, nothing is known."""

    of: "Node"


Node = Leaf | Every | Either | Not


@dataclass(frozen=True, slots=True)
class Condition:
    """The tree; how often in a row it must hold; from when on it is looked at, and until when. It fires once."""

    when: Node
    confirm: int = 1
    arm_after: datetime | None = None
    expire_at: datetime | None = None


def parse(data: object) -> Condition:
    """Return the condition.

    Raises:
        InvalidConditionError: something is missing, superfluous or out of range.
    """
    if not isinstance(data, Mapping) or "when" not in data:
        raise InvalidConditionError("A condition has a `when`. Nothing was sent.")
    _only(data, frozenset({"when", "confirm", "arm_after", "expire_at"}))
    condition = Condition(
        when=_node(data["when"], 1),
        confirm=_confirmations(data),
        arm_after=_moment(data.get("arm_after"), "arm_after"),
        expire_at=_moment(data.get("expire_at"), "expire_at"),
    )
    if (count := _count(condition.when)) > MOST_NODES:
        raise InvalidConditionError(f"A condition has {MOST_NODES} parts at most, had {count}. Nothing was sent.")
    if condition.arm_after and condition.expire_at and condition.arm_after >= condition.expire_at:
        raise InvalidConditionError("A condition is armed before it expires. Nothing was sent.", field="expire_at")
    return condition


def leaves(node: Node) -> tuple[Leaf, ...]:
    """Return the tree's comparisons, from left to right."""
    match node:
        case Leaf():
            return (node,)
        case Not(of):
            return leaves(of)
        case Every(nodes) | Either(nodes):
            return tuple(leaf for one in nodes for leaf in leaves(one))


def _node(data: object, depth: int) -> Node:
    if not isinstance(data, Mapping) or depth > DEEPEST:
        raise InvalidConditionError(f"A condition's part is an object, nested {DEEPEST} deep at most.")
    for word, kind in (("all", Every), ("any", Either)):
        if word in data:
            _only(data, frozenset({word}))
            parts = data[word]
            if not isinstance(parts, list) or not parts:
                raise InvalidConditionError(f"`{word}` names at least one part. Nothing was sent.")
            return kind(tuple(_node(part, depth + 1) for part in parts))
    if "not" in data:
        _only(data, frozenset({"not"}))
        return Not(_node(data["not"], depth + 1))
    return _leaf(data)


def _leaf(data: Mapping[str, Any]) -> Leaf:
    _only(data, FIELDS)
    what = _word(What, data.get("what"), "what")
    reset = data.get("reset")
    leaf = Leaf(
        what=what,
        comparison=_word(Comparison, data.get("is", ">=" if what is What.TIME else None), "is"),
        value=_value(what, data.get("value"), "value"),
        symbol=str(data.get("symbol") or ""),
        source=_word(Source, data.get("source", "MID"), "source"),
        reset=None if reset is None else _value(what, reset, "reset"),
        confirm=_confirmations(data),
    )
    for broken, field, message in _faults(leaf):
        if broken:
            raise InvalidConditionError(f"{message} Nothing was sent.", what=str(what), field=field)
    return leaf


def _faults(leaf: Leaf) -> tuple[tuple[bool, str, str], ...]:
    return (
        ((leaf.what in OF_SYMBOL) != bool(leaf.symbol), "symbol", f"{leaf.what} names a symbol only if it is of one."),
        (
            leaf.what in OF_OPTION and len(leaf.symbol) != OCC_LENGTH,
            "symbol",
            f"{leaf.what} is of an option, was {leaf.symbol!r}.",
        ),
        (leaf.reset is not None and not _is_wider(leaf), "reset", "A reset lies on the far side of the value."),
    )


def _is_wider(leaf: Leaf) -> bool:
    if leaf.comparison is Comparison.EQUAL or not isinstance(leaf.reset, Decimal) or isinstance(leaf.value, datetime):
        return False
    return leaf.reset < leaf.value if leaf.comparison.looks_up else leaf.reset > leaf.value


def _only(data: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := sorted(set(data) - known):
        raise InvalidConditionError(f"A condition has no {', '.join(map(str, unknown))}. Nothing was sent.")


def _word(words: type[W], given: object, name: str) -> W:
    try:
        return words(str(given))
    except ValueError:
        known = ", ".join(word.value for word in words)
        raise InvalidConditionError(
            f"`{name}` is one of {known}, was {given!r}. Nothing was sent.", field=name
        ) from None


def _value(what: What, given: object, name: str) -> Value:
    if what is What.TIME:
        moment = _moment(given, name)
        if moment is None:
            raise InvalidConditionError(f"TIME has a `{name}`. Nothing was sent.", field=name)
        return moment
    try:
        number = Decimal(str(given))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(given, bool) or not number.is_finite():
        raise InvalidConditionError(f"`{name}` is a number, was {given!r}. Nothing was sent.", field=name)
    return number


def _moment(given: object, name: str) -> datetime | None:
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidConditionError(f"`{name}` is a time with its zone, was {given!r}. Nothing was sent.", field=name)
    return moment


def _confirmations(data: Mapping[str, Any]) -> int:
    given = data.get("confirm", 1)
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MOST_CONFIRMATIONS:
        raise InvalidConditionError(
            f"`confirm` is from 1 to {MOST_CONFIRMATIONS}, was {given!r}. Nothing was sent.", field="confirm"
        )
    return given


def _count(node: Node) -> int:
    match node:
        case Leaf():
            return 1
        case Not(of):
            return 1 + _count(of)
        case Every(nodes) | Either(nodes):
            return 1 + sum(_count(one) for one in nodes)
