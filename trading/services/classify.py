"""The week's class before it begins and as it runs, and each sleeve's type once it is over."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime

from django.db import IntegrityError, transaction

from allcore.audit.services import record
from allcore.kernel import calendar
from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import UnavailableError
from marketdata.domain.bars import DailyBar
from marketdata.selectors.clock import exchange_now as exchange_time
from marketdata.selectors.history import daily_bars
from trading.domain.protocol import market_week, series
from trading.domain.protocol.market_week import INDICES, VOLATILITY_INDEX, MarketReading
from trading.domain.protocol.parameters import Parameters
from trading.domain.protocol.words import Klass
from trading.models import MarketWeek
from trading.selectors.protocol import active_parameters, universe
from trading.services import label

ACTOR = "desk:strategy"
PLACES = 6
Bars = Mapping[str, list[DailyBar]]


def run(*, now: datetime) -> MarketWeek | None:
    """Class the running week and label what is over; return the week, or None while data or numbers are missing."""
    try:
        exchange_now, parameters = exchange_time(now), active_parameters()
    except UnavailableError:
        return None
    week = classify(exchange_now, parameters, now=now)
    label.run(exchange_now, parameters, now=now)
    return week


def classify(exchange_now: datetime, parameters: Parameters, *, now: datetime) -> MarketWeek | None:
    """Class the week by the closes before its Monday; within it, by each later close, let it only become worse."""
    today = new_york_date(exchange_now)
    monday, last = calendar.monday_of(today), calendar.previous_session(today).day
    week = MarketWeek.objects.filter(monday=monday).first()
    if week is not None and week.evidence.get("as_of") == last.isoformat():
        return week
    if week is None:
        week = _begin(monday, parameters, now)
    if week is None or week.evidence["as_of"] == last.isoformat():
        return week
    return _go_on(week, last, parameters, now)


def _begin(monday: date, parameters: Parameters, now: datetime) -> MarketWeek | None:
    found = _read(calendar.previous_session(monday).day, parameters)
    if found is None:
        return None
    reading, bars = found
    evidence = _evidence(reading, [reading.klass], bars, parameters)
    try:
        with transaction.atomic():
            week = MarketWeek.objects.create(monday=monday, klass=reading.klass, evidence=evidence, classified_at=now)
            _note(week, "", now)
    except IntegrityError:  # another worker was first
        return MarketWeek.objects.get(monday=monday)
    return week


@transaction.atomic
def _go_on(week: MarketWeek, last: date, parameters: Parameters, now: datetime) -> MarketWeek:
    """Bring the week's evidence up to the last close. Without data the old evidence stands, and is seen to be old."""
    week = MarketWeek.objects.select_for_update().get(pk=week.pk)
    found = _read(last, parameters)
    if found is None or week.evidence["as_of"] >= last.isoformat():
        return week
    reading, bars = found
    before = week.klass
    week.klass = market_week.worse(Klass(before), reading.klass)
    seen = [Klass(klass) for klass in week.evidence["seen"]]
    if week.klass != before:
        seen.append(Klass(week.klass))
    week.evidence, week.classified_at = _evidence(reading, seen, bars, parameters), now
    week.save(update_fields=["klass", "evidence", "classified_at"])
    if week.klass != before:
        _note(week, before, now)
    return week


def _read(last: date, parameters: Parameters) -> tuple[MarketReading, Bars] | None:
    """Return the reading of the closes up to a session, or None if a series lacks that session or is too short."""
    names = universe(parameters)
    count = max(parameters.vix.mean_days, parameters.atr.history + parameters.atr.period) + 1
    bars = {symbol: daily_bars(symbol, count, last) for symbol in (*INDICES, VOLATILITY_INDEX, *names)}
    current = {symbol: own for symbol, own in bars.items() if own and own[-1].day == last}
    reading = market_week.read(current, names, parameters)
    return None if reading is None else (reading, current)


def _evidence(reading: MarketReading, seen: list[Klass], bars: Bars, parameters: Parameters) -> dict[str, object]:
    atr = parameters.atr
    supports = {s.symbol: s for s in reading.supports}
    return {
        "as_of": bars[INDICES[0]][-1].day.isoformat(),
        "seen": [str(klass) for klass in seen],
        "trend": str(reading.trend),
        "volatility": str(reading.volatility),
        "support": str(reading.support),
        "vix": _round(reading.vix),
        "vix_mean": _round(reading.vix_mean),
        "vix_ratio": _round(reading.vix_ratio),
        "vix_jump": _round(reading.vix_jump),
        "indices": {i.symbol: _numbers(asdict(i)) for i in reading.indices},
        "supports": {symbol: _numbers(asdict(s)) for symbol, s in supports.items()},
        "names": {
            symbol: {"atr": _round(s.atr), "percentile": _round(percentile)}
            for symbol, s in supports.items()
            if (percentile := series.atr_percentile(bars[symbol], atr.period, atr.history)) is not None
        },
    }


def _numbers(values: Mapping[str, object]) -> dict[str, float]:
    return {name: _round(value) for name, value in values.items() if isinstance(value, float)}


def _round(value: float) -> float:
    return round(value, PLACES) + 0.0  # a minus zero does not survive the database


def _note(week: MarketWeek, before: str, now: datetime) -> None:
    seen = {"klass": str(week.klass), "before": before, "as_of": week.evidence["as_of"]}
    record("market_week.classified", f"market_week:{week.monday}", seen, actor=ACTOR, at=now)
