"""The protocol as it stands: its numbers, the week, the ranges, the drawdowns, and the terms that the gate applies."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

import orjson

from allcore.kernel.calendar import monday_of, previous_session
from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import UnavailableError
from brokers.models import Account
from marketdata.selectors.clock import exchange_now as exchange_time
from risk.domain.protocol import NOT_PROTOCOL, ProtocolTerms
from risk.domain.structure import Structure
from trading.domain.proposals.view import NameState
from trading.domain.protocol import entry, overlays, parameters
from trading.domain.protocol.actions import RECOVERY_DELTA
from trading.domain.protocol.drawdown import Standing, standing, without_flows
from trading.domain.protocol.overlays import MarketState, Overlay
from trading.domain.protocol.parameters import Parameters
from trading.domain.protocol.words import Klass, Tier
from trading.models import EquityPoint, LedgerEntry, MarketWeek, ParameterSet

STRATEGIES = frozenset({Structure.CASH_SECURED_PUT, Structure.COVERED_CALL, Structure.ROLL, Structure.CLOSING})


class NoParametersError(UnavailableError):
    """No parameter set is active, so the protocol has no numbers."""

    code = "NO_PARAMETERS"


def active_parameters() -> Parameters:
    """Return the active parameter set.

    Raises:
        NoParametersError: none is active.
    """
    found = ParameterSet.objects.filter(is_active=True).values_list("pk", "parameters").first()
    if found is None:
        raise NoParametersError("No parameter set is active; the protocol trades nothing.")
    return _decoded(found[0], orjson.dumps(found[1]))


@lru_cache(maxsize=4)
def _decoded(pk: int, content: bytes) -> Parameters:
    return parameters.from_dict(orjson.loads(content))


def universe(parameter_set: Parameters) -> tuple[str, ...]:
    """Return every approved name of every tier, in order of name."""
    return tuple(sorted({name for tier in Tier for name in parameter_set.tier(tier).universe}))


def week_of(exchange_now: datetime) -> MarketWeek | None:
    """Return the running week, if it was classed."""
    return MarketWeek.objects.filter(monday=monday_of(new_york_date(exchange_now))).first()


def market_state(week: MarketWeek | None, exchange_now: datetime) -> MarketState | None:
    """Return the week as the engine uses it, or None unless it was read from the last session's closes."""
    if week is None or not _is_current(week.evidence.get("as_of"), exchange_now):
        return None
    evidence = week.evidence
    return MarketState(
        klass=Klass(week.klass),
        seen=tuple(Klass(klass) for klass in evidence["seen"]),
        vix=evidence["vix"],
        vix_ratio=evidence["vix_ratio"],
        vix_jump=evidence["vix_jump"],
        index_change=evidence["indices"]["SPY"]["change"],
    )


def name_state(week: MarketWeek | None, name: str, exchange_now: datetime) -> NameState | None:
    """Return an underlying's own range as of the last session, or None if it is not known."""
    if week is None or not _is_current(week.evidence.get("as_of"), exchange_now):
        return None
    found = week.evidence["names"].get(name)
    return None if found is None else NameState(atr=found["atr"], percentile=found["percentile"])


def _is_current(as_of: str | None, exchange_now: datetime) -> bool:
    return as_of is not None and date.fromisoformat(as_of) == previous_session(new_york_date(exchange_now)).day


def account_standing(account: Account, parameter_set: Parameters, *, equity: Decimal | None = None) -> Standing:
    """Return the account's drawdown from its peak, over its settled equities and, if given, what it is worth now."""
    closes = list(EquityPoint.objects.filter(account=account, is_close=True).order_by("at").values_list("at", "equity"))
    moved = list(
        LedgerEntry.objects.filter(account=account, ledger=LedgerEntry.Ledger.CAPITAL).values_list("at", "amount")
    )
    # CAPITAL is the other side of CASH: a deposit is below zero on it.
    later = [-sum((amount for at, amount in moved if at > closed_at), Decimal(0)) for closed_at, _ in closes]
    equities = without_flows([equity for _, equity in closes], later)
    if equity is not None:
        equities.append(equity)
    rules = parameter_set.tier(Tier(account.tier))
    return standing(equities, rules.max_drawdown, parameter_set.risk.drawdown_ladder)


def terms(
    account: Account, now: datetime, *, underlying: str = "", exchange_now: datetime | None = None
) -> ProtocolTerms:
    """Return what the protocol allows the account now, overlays applied; who knows the exchange's time says it.

    With an underlying its own range narrows the terms; without, they are as wide as its widest name needs. What is not
    known closes entries and leaves no delta range, so that no short option is opened. An account for trading by hand
    has no protocol; every other control holds for it too.
    """
    if account.tier == Account.Tier.MANUAL:
        return NOT_PROTOCOL
    parameter_set = active_parameters()
    exchange_now = exchange_time(now) if exchange_now is None else exchange_now
    tier, week = Tier(account.tier), week_of(exchange_now)
    rules = parameter_set.tier(tier)
    state = market_state(week, exchange_now)
    if state is None:
        return _closed(parameter_set, tier, "The market's class for this week is not known.")
    market = overlays.market_overlay(state, tier, parameter_set)
    names = [underlying] if underlying else list(rules.universe)
    own = [
        overlays.atr_overlay(overlays.atr_regime(found.percentile, parameter_set), tier, parameter_set)
        for name in names
        if (found := name_state(week, name, exchange_now)) is not None
    ]
    if not own:
        return _closed(parameter_set, tier, "The daily range of the underlying is not known.")
    return _terms(account, parameter_set, market, own, exchange_now)


def _terms(
    account: Account, parameter_set: Parameters, market: Overlay, own: list[Overlay], exchange_now: datetime
) -> ProtocolTerms:
    tier = Tier(account.tier)
    rules = parameter_set.tier(tier)
    ladder = overlays.ladder_factor(account_standing(account, parameter_set).rung, parameter_set)
    ranges = [overlays.delta_range(tier, [market.delta_shift, one.delta_shift], parameter_set) for one in own]
    multiplier = min(market.multiplier, max(one.multiplier for one in own))
    puts = entry.put_opening(rules, parameter_set, exchange_now)
    calls = entry.call_opening(rules, parameter_set, exchange_now)
    barred = market.no_puts
    delta_range = min(low for low, _ in ranges), max(high for _, high in ranges)
    return ProtocolTerms(
        is_protocol_account=True,
        universe=frozenset(rules.universe),
        strategies=STRATEGIES,
        delta_range=delta_range,
        call_delta_ranges={name: _with_recovery(delta_range) for name in rules.universe},
        dte_sessions=rules.dte_sessions,
        name_cap=rules.name_cap * multiplier,
        deployment_cap=rules.deploy[1] * multiplier * ladder,
        buffer=parameter_set.buffer.pct,
        buffer_usd=parameter_set.buffer.min_usd,
        max_positions=parameter_set.risk.max_positions,
        entry_open=puts.is_open and barred is None,
        entry_reason=puts.sentence if barred is None else barred.sentence,
        calls_open=calls.is_open,
        calls_reason=calls.sentence,
    )


def _with_recovery(delta_range: tuple[float, float]) -> tuple[float, float]:
    """Return the range of calls: shares far under their cost may sell only calls of the recovery range."""
    return min(delta_range[0], RECOVERY_DELTA[0]), delta_range[1]


def _closed(parameter_set: Parameters, tier: Tier, reason: str) -> ProtocolTerms:
    """Return terms under which positions can be closed and none opened."""
    rules = parameter_set.tier(tier)
    return ProtocolTerms(
        is_protocol_account=True,
        universe=frozenset(rules.universe),
        strategies=STRATEGIES,
        buffer=parameter_set.buffer.pct,
        buffer_usd=parameter_set.buffer.min_usd,
        max_positions=parameter_set.risk.max_positions,
        entry_reason=reason,
        calls_open=False,
        calls_reason=reason,
    )


def evidence_of(week: MarketWeek | None) -> Mapping[str, object]:
    """Return what the class was read from, as a card shows it: without the ranges of every name."""
    return {} if week is None else {key: value for key, value in week.evidence.items() if key != "names"}
