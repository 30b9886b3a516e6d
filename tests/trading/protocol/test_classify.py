"""Classing the running week, and labelling the weeks that are over."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.audit.models import AuditEntry
from allcore.kernel import calendar
from allcore.kernel.clock import utc_now
from allcore.kernel.instruments import OptionContract, Right
from brokers.models import Account, Connection
from marketdata.models import Bar, Instrument
from tests.builders.market import clear, daily_closes, instrument, write_clock
from tests.builders.protocol import dec
from trading.domain.protocol.defaults import DEFAULT
from trading.models import BookEvent, MarketWeek, ParameterSet, WeekLabel
from trading.services import classify

pytestmark = pytest.mark.django_db

SESSIONS = 280
NAMES = ("SPY", "QQQ", "TSLA")
LAST_FRIDAY = date(2026, 6, 5)
MONDAY = datetime(2026, 6, 8, 13, 0, tzinfo=UTC)
TUESDAY = datetime(2026, 6, 9, 13, 0, tzinfo=UTC)
WEDNESDAY = datetime(2026, 6, 10, 13, 0, tzinfo=UTC)
AFTER_FRIDAYS_CLOSE = datetime(2026, 6, 12, 20, 30, tzinfo=UTC)
NEXT_MONDAY = datetime(2026, 6, 15, 13, 0, tzinfo=UTC)
PUT = OptionContract("TSLA", date(2026, 6, 12), Right.PUT, dec(250))
CALL = OptionContract("TSLA", date(2026, 6, 12), Right.CALL, dec(250))


@pytest.fixture(autouse=True)
def _market() -> Iterator[None]:
    """A rising, calm market up to the Friday before; one name for every tier, and one account."""
    clear()
    for name in NAMES:
        history(name, [100 + n * 0.5 for n in range(SESSIONS)])
    history("VIX", [*[20.0] * (SESSIONS - 1), 16.0])
    data = DEFAULT.as_dict()
    for tier in ("gen", "rev", "com"):
        data["accounts"][tier]["universe"] = ["TSLA"]  # type: ignore[index]
    ParameterSet.objects.create(version=1, parameters=data, is_active=True, created_at=utc_now())
    line = Connection.objects.create(name="paper", broker="paper", environment="PAPER")
    Account.objects.create(
        code="GEN", name="Gen", tier="gen", connection=line, broker_account="1", baseline=Decimal(100_000)
    )
    yield
    clear()


def history(name: str, closes: list[float]) -> None:
    """Store the closes of the sessions up to the Friday before, in one statement."""
    owner, session = instrument(name), calendar.session_on(LAST_FRIDAY)
    rows = []
    for close in reversed(closes):
        assert session is not None
        px = dec(close)
        rows.append(
            Bar(
                instrument=owner,
                interval=Bar.Interval.DAY,
                start_at=session.opens_at,
                open=px,
                high=px + Decimal("0.1"),
                low=px - Decimal("0.1"),
                close=px,
            )
        )
        session = calendar.previous_session(session.day)
    Bar.objects.bulk_create(rows)


def at(moment: datetime) -> MarketWeek | None:
    write_clock(moment)
    return classify.run(now=utc_now())


def close(day: date, index: float, vix: float = 16.0, tesla: float | None = None) -> None:
    """Store one session's bars."""
    for name in ("SPY", "QQQ"):
        daily_closes(name, [index], last_day=day, spread="0.2")
    daily_closes("TSLA", [index if tesla is None else tesla], last_day=day, spread="0.2")
    daily_closes("VIX", [vix], last_day=day, spread="0")


def test_the_week_is_classed_by_the_closes_before_its_monday() -> None:
    week = at(MONDAY)

    assert week is not None
    assert (week.monday, week.klass) == (date(2026, 6, 8), "GREEN")
    assert week.evidence["as_of"] == "2026-06-05"
    assert week.evidence["seen"] == ["GREEN"]
    assert week.evidence["trend"] == "BULL"
    assert week.evidence["names"]["TSLA"]["atr"] > 0
    assert AuditEntry.objects.filter(action="market_week.classified").count() == 1


def test_classing_again_changes_nothing() -> None:
    first = at(MONDAY)
    again = at(MONDAY)

    assert first == again
    assert AuditEntry.objects.filter(action="market_week.classified").count() == 1


def test_a_later_close_makes_the_week_worse_and_is_kept_with_what_was_seen() -> None:
    at(MONDAY)
    close(date(2026, 6, 8), 200, vix=26)

    week = at(TUESDAY)

    assert week is not None
    assert (week.klass, week.evidence["seen"]) == ("RED", ["GREEN", "RED"])
    assert week.evidence["as_of"] == "2026-06-08"


def test_a_later_close_never_makes_the_week_better() -> None:
    at(MONDAY)
    close(date(2026, 6, 8), 200, vix=26)
    at(TUESDAY)
    close(date(2026, 6, 9), 300)

    week = at(WEDNESDAY)

    assert week is not None
    assert (week.klass, week.evidence["as_of"]) == ("RED", "2026-06-09")


def test_a_week_first_seen_on_its_wednesday_is_classed_by_fridays_close_and_then_by_tuesdays() -> None:
    close(date(2026, 6, 8), 240)
    close(date(2026, 6, 9), 200, vix=26)

    week = at(WEDNESDAY)

    assert week is not None
    assert (week.klass, week.evidence["seen"]) == ("RED", ["GREEN", "RED"])


@pytest.mark.parametrize("missing", [*NAMES, "VIX"])
def test_without_a_series_there_is_no_week(missing: str) -> None:
    Bar.objects.filter(instrument__symbol=missing).delete()

    assert at(MONDAY) is None
    assert not MarketWeek.objects.exists()


def test_a_series_that_lacks_the_last_session_leaves_the_old_evidence() -> None:
    at(MONDAY)

    week = at(TUESDAY)  # Monday's bars are not there

    assert week is not None
    assert week.evidence["as_of"] == "2026-06-05"


def test_without_a_feed_nothing_happens() -> None:
    assert classify.run(now=utc_now()) is None


def finish_week(tesla: float) -> None:
    """Store the week's bars; the underlying ends at a price."""
    days = [date(2026, 6, 8) + timedelta(days=n) for n in range(5)]
    for day in days:
        close(day, 240, tesla=tesla if day == days[-1] else 240)


def assignment(contract: OptionContract, shares: int) -> None:
    account = Account.objects.get()
    moment = datetime(2026, 6, 12, 20, 0, tzinfo=UTC)
    BookEvent.objects.create(
        connection=account.connection,
        account=account,
        kind="ASSIGNMENT",
        event_id=contract.symbol,
        instrument=instrument(contract.symbol),
        qty=-1,
        px=0,
        deliverable=Instrument.objects.get(symbol="TSLA"),
        shares=shares,
        delivery_px=contract.strike,
        trade_date=date(2026, 6, 12),
        transact_at=moment,
        received_at=moment,
    )


def test_a_week_that_is_over_is_labelled_for_the_time_being_and_finally_on_monday() -> None:
    at(MONDAY)
    finish_week(245)
    assignment(PUT, 100)

    at(AFTER_FRIDAYS_CLOSE)

    friday = WeekLabel.objects.get()
    assert (friday.week_type, friday.is_final, friday.monday) == ("P-AWL", False, date(2026, 6, 8))
    assert friday.inputs["shortfall"] == "0.020000"

    at(NEXT_MONDAY)

    monday = WeekLabel.objects.get(monday=date(2026, 6, 8))
    assert (monday.week_type, monday.is_final) == ("P-AWL", True)
    assert AuditEntry.objects.filter(action="week.labelled").count() == 2


def test_a_week_without_a_trade_is_idle() -> None:
    at(MONDAY)
    finish_week(240)

    at(NEXT_MONDAY)

    label = WeekLabel.objects.get()
    assert (label.week_type, label.flags) == ("W-IDL", ["no_candidate"])


def test_the_running_week_is_not_labelled() -> None:
    at(MONDAY)
    finish_week(240)

    at(datetime(2026, 6, 12, 19, 59, tzinfo=UTC))

    assert not WeekLabel.objects.exists()


def test_without_the_weeks_last_close_nothing_is_labelled() -> None:
    at(MONDAY)

    at(NEXT_MONDAY)

    assert not WeekLabel.objects.exists()
