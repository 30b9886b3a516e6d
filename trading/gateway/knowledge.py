"""What a broker's session may ask of the apps above it. Asked in a thread of the session's own."""

from datetime import date
from decimal import Decimal

from django.db import connections as databases

from allcore.kernel.instruments import TickRule
from allcore.kernel.reports import BookKind
from brokers import registry
from brokers.paper.actions import CorporateAction
from brokers.ports import Session
from marketdata.selectors.history import daily_bars
from marketdata.selectors.instruments import by_symbol
from trading.selectors.corporate_actions import confirmed


def session_for(name: str) -> Session:
    """Return a session for the connection that knows the desk's instruments, official closes and corporate actions."""
    return registry.session_for(name, registry.Knowledge(rule_of=rule_of, closes=close_of, actions=actions_of))


def rule_of(symbol: str) -> TickRule | None:
    """Return the instrument's own price steps, or None if it is not listed here."""
    try:
        instrument = by_symbol([symbol]).get(symbol)
        return None if instrument is None else TickRule(instrument.tick_rule)
    finally:
        databases.close_all()


def close_of(underlying: str, day: date) -> Decimal | None:
    """Return the official close of the day, or None while it is not known."""
    try:
        bars = daily_bars(underlying, 1, day)
        return bars[-1].close if bars and bars[-1].day == day else None
    finally:
        databases.close_all()


def actions_of(symbol: str, since: date) -> list[CorporateAction]:
    """Return the share's confirmed corporate actions that go ex on the day or later."""
    try:
        return announced(symbol, since)
    finally:
        databases.close_all()


def announced(symbol: str, since: date) -> list[CorporateAction]:
    """Return the same, in the paper broker's words, on the caller's own database connection."""
    return [
        CorporateAction(
            action_id=str(one.pk),
            kind=BookKind(one.kind),
            symbol=one.symbol,
            ex_date=one.ex_date,
            ratio_new=one.ratio_new,
            ratio_old=one.ratio_old,
            amount=one.amount,
            pay_date=one.pay_date,
            to_symbol=one.to_symbol,
        )
        for one in confirmed(symbol, since)
    ]
