"""What an order waits for, as a person would say it."""

from datetime import datetime
from decimal import Decimal

from allcore.kernel.clock import new_york
from allcore.kernel.orders import Side, TriggerPrice
from trading.domain.contingent.conditions import (
    Comparison,
    Condition,
    Either,
    Every,
    Leaf,
    Node,
    Not,
    Source,
    Value,
    What,
)
from trading.domain.contingent.watches import Watch, level_of
from trading.domain.proposals.sentences import instrument, price

SOURCES = {Source.BID: "bid", Source.ASK: "ask", Source.MID: "middle", Source.LAST: "last trade"}
OF_SYMBOL = {
    What.VOLUME: "volume",
    What.DTE: "days to expiry",
    What.IV: "volatility",
    What.DELTA: "delta",
    What.GAMMA: "gamma",
    What.THETA: "theta",
    What.VEGA: "vega",
}
OF_ACCOUNT = {
    What.NET_DELTA: "net delta",
    What.NET_GAMMA: "net gamma",
    What.NET_THETA: "net theta",
    What.NET_VEGA: "net vega",
    What.DAY_PNL: "P&L of the day",
    What.UNREALISED: "unrealised P&L",
}
COMPARISONS = {
    Comparison.ABOVE: "above",
    Comparison.AT_LEAST: "at or above",
    Comparison.BELOW: "below",
    Comparison.AT_MOST: "at or below",
    Comparison.EQUAL: "at",
}
OF_TIME = COMPARISONS | {Comparison.AT_LEAST: "from", Comparison.AT_MOST: "until", Comparison.BELOW: "before"}


def condition_said(condition: Condition) -> str:
    """Return the condition: "AAPL's middle is at or above 500.00, 2 in a row, and …"."""
    said = [_node(condition.when, is_inner=False)]
    if condition.confirm > 1:
        said.append(f"{condition.confirm} in a row")
    if condition.arm_after is not None:
        said.append(f"looked at from {moment(condition.arm_after)}")
    if condition.expire_at is not None:
        said.append(f"given up at {moment(condition.expire_at)}")
    return ", ".join(said)


def subject(leaf: Leaf) -> str:
    """Return what a comparison looks at."""
    if leaf.what is What.TIME:
        return "the time"
    if leaf.what is What.NET:
        return "the middle of this order"
    if leaf.what in OF_ACCOUNT:
        return f"the account's {OF_ACCOUNT[leaf.what]}"
    name = SOURCES[leaf.source] if leaf.what is What.PRICE else OF_SYMBOL[leaf.what]
    return f"{instrument(leaf.symbol)}'s {name}"


def wanted(leaf: Leaf) -> str:
    """Return what a comparison asks of it: "at or above 500.00"."""
    words = OF_TIME if leaf.what is What.TIME else COMPARISONS
    return f"{words[leaf.comparison]} {value(leaf.value)}"


def value(of: Value) -> str:
    """Return a value that was named or seen: a moment in New York's time, a number with two places at least."""
    return moment(of) if isinstance(of, datetime) else price(round(of, 4))


def moment(at: datetime) -> str:
    """Return a moment in New York's time: "10 Jun 15:59"."""
    there = new_york(at)
    return f"{there.day} {there:%b %H:%M}"


def looked_at(watch: Watch) -> str:
    """Return the price that a stop, a trailing stop or a touch looks at."""
    opposite = "ask" if watch.side is Side.BUY else "bid"
    names = {TriggerPrice.MID: "middle", TriggerPrice.OPPOSITE: opposite}
    return f"{instrument(watch.symbol)}'s {names.get(watch.trigger, 'last trade')}"


def setting_off(watch: Watch, mark: Decimal | None) -> str:
    """Return where the watch sets its order off, or at what distance while it has seen no price."""
    way, level = ("at or above" if watch.rises else "at or below"), level_of(watch, mark)
    distance = "" if not watch.is_trailing else _distance(watch)
    if level is None:
        return f"{distance} {'above its lowest' if watch.rises else 'below its highest'}"
    best = "" if mark is None else f", {distance} from its best, {price(mark)}"
    return f"{way} {price(level)}{best}"


def watch_said(watch: Watch, mark: Decimal | None, *, verb: str = "is") -> str:
    """Return what the watch waits for, whole, or (`verb` "was") what it has seen."""
    often = f", {watch.needed} in a row" if watch.needed > 1 else ""
    return f"{looked_at(watch)} {verb} {setting_off(watch, mark)}{often}"


def _distance(watch: Watch) -> str:
    return (
        price(watch.trail_amount) if watch.trail_amount is not None else f"{price(watch.trail_percent or Decimal())} %"
    )


def _node(node: Node, *, is_inner: bool) -> str:
    match node:
        case Leaf():
            return _leaf(node)
        case Not(of):
            return f"not ({_node(of, is_inner=False)})"
        case Every(nodes):
            return _joined(nodes, " and ", is_inner=is_inner)
        case Either(nodes):
            return _joined(nodes, " or ", is_inner=is_inner)


def _joined(nodes: tuple[Node, ...], word: str, *, is_inner: bool) -> str:
    said = word.join(_node(node, is_inner=len(nodes) > 1) for node in nodes)
    return f"({said})" if is_inner and len(nodes) > 1 else said


def _leaf(leaf: Leaf) -> str:
    often = f", {leaf.confirm} in a row" if leaf.confirm > 1 else ""
    reset = "" if leaf.reset is None else f" (and stays so until {value(leaf.reset)})"
    return f"{subject(leaf)} is {wanted(leaf)}{reset}{often}"
