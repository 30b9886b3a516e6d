"""Conditions that the broker watches in the desk's stead, if somebody has asked for that: only what it carries exactly.

The broker looks by its own rules, and nobody checks the order again when it goes to work: hence it is asked for, and
never the desk's own choice. What the broker would see otherwise than the desk is refused with the reason.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from allcore.kernel.errors import InvalidInputError
from allcore.kernel.instruments import InstrumentKind
from allcore.kernel.orders import OrdType, TimeInForce, TriggerPrice
from allcore.kernel.tickets import OrderTicket
from brokers.terms import Looks, NativeCondition, NativeTerms
from risk.domain.market import BrokerTakes
from trading.domain.contingent.conditions import (
    Comparison,
    Condition,
    Either,
    Every,
    Leaf,
    Node,
    Source,
    What,
)
from trading.domain.contingent.waits import goes_out

MOST = 10  # of an order at the broker
LOOKS = {What.PRICE: Looks.PRICE, What.VOLUME: Looks.VOLUME, What.TIME: Looks.TIME}
PRICES = {Source.MID: TriggerPrice.MID, Source.LAST: TriggerPrice.LAST}
COMPARED = frozenset({Comparison.AT_LEAST, Comparison.AT_MOST})
SHARES = frozenset({InstrumentKind.EQUITY, InstrumentKind.ETF})
UNTIL = frozenset({TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD})
CLOCKS_AGREE = timedelta(seconds=2)


class NotKeptError(InvalidInputError):
    """The broker does not watch the condition just as the desk would."""

    code = "NOT_KEPT_BY_BROKER"


class NotWorkedError(InvalidInputError):
    """The broker does not work such an order by that algorithm."""

    code = "NOT_WORKED_BY_BROKER"


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known of who would watch: the broker, the kinds of what is looked at, and how far its clock is away."""

    takes: BrokerTakes
    title: str
    kinds: Mapping[str, InstrumentKind]
    clock_ahead: timedelta = timedelta(0)  # the exchange's clock before the system's: a simulated feed's is its own


def watched_by_broker(condition: Condition, ticket: OrderTicket, setting: Setting) -> NativeTerms:
    """Return the condition as the broker is to have it.

    Raises:
        NotKeptError: it would not do just that; with the reason.
    """
    if why := why_not_kept(condition, setting) or why_not_sent(ticket, setting):
        raise NotKeptError(f"{setting.title} cannot watch it: {why} The desk can. Nothing was sent.", reason=why)
    return NativeTerms(
        tuple(_native(leaf) for leaf in _flat(condition.when) or ()), any_of=isinstance(condition.when, Either)
    )


def why_not_kept(condition: Condition, setting: Setting) -> str:
    """Return why only the desk can watch the condition, in a person's words, or ""."""
    if not setting.takes.native_conditions:
        return "it watches no conditions."
    reasons = (
        *_of_whole(condition),
        *(reason for leaf in _flat(condition.when) or () for reason in _of(leaf, setting)),
    )
    return next((why for broken, why in reasons if broken), "")


def why_not_sent(ticket: OrderTicket, setting: Setting) -> str:
    """Return why an order such as this is not left to it with a condition, or ""."""
    for broken, why in (
        (ticket.is_multi_leg, "the order has several legs."),
        (ticket.ord_type is OrdType.MARKET, "a market order is checked again by the desk when it goes."),
        (ticket.time_in_force not in UNTIL, f"the order is {ticket.time_in_force}, and ends where it would wait."),
        (not goes_out(ticket, setting.takes), "it has not the type, price or time of the order."),
    ):
        if broken:
            return why
    return ""


def _of_whole(condition: Condition) -> Iterator[tuple[bool, str]]:
    leaves = _flat(condition.when)
    yield leaves is None, "it knows comparisons that all hold, or any of them: no NOT, and no group in a group."
    yield len(leaves or ()) > MOST, f"it takes {MOST} comparisons at most."
    yield condition.confirm > 1, "it does not count how often in a row a condition holds."
    yield condition.arm_after is not None, "it looks from the start on."
    yield condition.expire_at is not None, "it gives no condition up at a time of its own."


def _of(leaf: Leaf, setting: Setting) -> Iterator[tuple[bool, str]]:
    value = leaf.value
    yield leaf.what not in LOOKS, f"it does not look at {leaf.what}."
    yield leaf.comparison not in COMPARED, f"it compares with >= and <=, not with {leaf.comparison}."
    yield leaf.reset is not None, "it has no reset: a comparison holds as long as it is true."
    yield leaf.confirm > 1, "it does not count how often in a row a comparison holds."
    yield (
        bool(leaf.symbol) and setting.kinds.get(leaf.symbol) not in SHARES,
        f"of {leaf.symbol.strip()} it is not asked to see anything: shares and funds alone.",
    )
    yield (
        leaf.what is What.PRICE and leaf.source not in PRICES,
        f"its price is the middle or the last trade, not the {leaf.source}.",
    )
    yield (
        leaf.what is What.VOLUME and isinstance(value, Decimal) and (value < 0 or value != value.to_integral_value()),
        "its volume is a whole number.",
    )
    yield (
        leaf.what is What.TIME and abs(setting.clock_ahead) > CLOCKS_AGREE,
        "its clock is not that of the desk's feed.",
    )
    yield isinstance(value, datetime) and bool(value.microsecond), "its time is in whole seconds."


def _flat(node: Node) -> tuple[Leaf, ...] | None:
    """Return the comparisons of a tree that is no deeper than one group; None: it is."""
    if isinstance(node, Leaf):
        return (node,)
    if isinstance(node, Every | Either):
        leaves = tuple(one for one in node.of if isinstance(one, Leaf))
        return leaves if len(leaves) == len(node.of) else None
    return None


def _native(leaf: Leaf) -> NativeCondition:
    return NativeCondition(
        LOOKS[leaf.what],
        is_more=leaf.comparison is Comparison.AT_LEAST,
        value=leaf.value,
        symbol=leaf.symbol,
        trigger=PRICES[leaf.source] if leaf.what is What.PRICE else None,
    )
