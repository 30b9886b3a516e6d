"""What the broker is asked to do with an order by itself: to watch what it waits for, or to work it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allcore.kernel.instruments import InstrumentKind
from allcore.kernel.tickets import OrderTicket
from brokers.algos import algo_of, refusal
from brokers.models import Account
from brokers.selectors.capabilities import title_of
from brokers.terms import PLAIN, Algo, NativeTerms
from marketdata.selectors import clock, instruments
from risk.domain.market import BrokerTakes
from trading.domain.contingent.conditions import Condition, InvalidConditionError, leaves, parse
from trading.domain.contingent.kept import NotWorkedError, Setting, watched_by_broker
from trading.domain.contingent.words import condition_said
from trading.models import Order, OrderRequest
from trading.selectors import conditions
from trading.selectors.rows import Row

BROKER = "BROKER"


def terms_of(
    account: Account, ticket: OrderTicket, draft: Mapping[str, Any], takes: BrokerTakes, *, now: datetime
) -> NativeTerms | None:
    """Return what leaves with the ticket; None: the broker is asked for nothing but the order.

    Raises:
        InvalidConditionError: the condition cannot be read, or there is none for the broker to watch.
        NotKeptError, NotWorkedError: the broker does not do that; with the reason, and what it does.
    """
    title = title_of(account.connection.broker)
    condition, asked = draft.get("condition"), draft.get("broker_algo")
    is_theirs = draft.get("held_by") == BROKER
    if is_theirs and condition is None:
        raise InvalidConditionError(
            "`held_by` says who watches the condition, and the order has none. Nothing was sent."
        )
    if not is_theirs and asked is None:
        return None
    algo = None if asked is None else _algo(asked, ticket, takes, title)
    if condition is None:
        return NativeTerms(algo=algo)
    if not is_theirs:
        raise NotWorkedError(
            f"{title} works the order from when it has it, and the desk holds it back: let {title} watch the condition "
            "too, or take it away. Nothing was sent."
        )
    conditions.must_be_known(condition)
    read = parse(condition)
    watched = watched_by_broker(read, ticket, setting_of(account, read, takes, now=now))
    return NativeTerms(watched.conditions, watched.any_of, algo)


def setting_of(account: Account, condition: Condition, takes: BrokerTakes, *, now: datetime) -> Setting:
    """Return what is known of the broker that would watch the condition; `account.connection` should be loaded."""
    found = instruments.by_symbol({leaf.symbol for leaf in leaves(condition.when) if leaf.symbol})
    kinds = {symbol: InstrumentKind(row.kind) for symbol, row in found.items()}
    return Setting(takes, title_of(account.connection.broker), kinds, clock.exchange_now(now) - now)


def _algo(asked: Mapping[str, Any], ticket: OrderTicket, takes: BrokerTakes, title: str) -> Algo:
    algo = algo_of(asked)
    if why := refusal(algo, ticket, takes.algos):
        raise NotWorkedError(f"{title}: {why} Nothing was sent.", algo=algo.name)
    return algo


def native_row(order: Order) -> Row | None:
    """Return what the broker does with the order by itself, or None; its connection should be loaded."""
    kept = OrderRequest.objects.filter(order=order, kind=OrderRequest.Kind.NEW).values_list("terms", flat=True).first()
    terms = NativeTerms.read((kept or {}).get("native", {}))
    if kept is None or terms == PLAIN:
        return None
    title, condition = title_of(order.connection.broker), kept.get("condition")
    waits = "" if condition is None else f"waits until {condition_said(parse(condition))}"
    params = {} if terms.algo is None else dict(terms.algo.params)
    named = "" if terms.algo is None else f"{terms.algo.name} ({', '.join(f'{tag} {params[tag]}' for tag in params)})"
    return {
        "held_by": title,
        "condition": condition,
        "waits_for": waits,
        "algo": None if terms.algo is None else {"name": terms.algo.name, "params": params},
        "says": said(title, waits, named),
    }


def said(title: str, waits: str, named: str) -> str:
    """Return in a person's words what the broker does, and what that means while the desk is down."""
    watches = f"Held by {title}: it {waits}, by the broker's own sight of the market, and checked no more by the desk."
    works = f"Worked by {title} with its own {named}, not by an algorithm of the desk."
    both = [watches if waits else "", works if named else "", "It works on while the desk is down."]
    return " ".join(one for one in both if one)
