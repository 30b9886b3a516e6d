"""When positions are opened: days, hours, expiries, by the exchange's calendar."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from trading.domain.protocol import entry
from trading.domain.protocol.defaults import DEFAULT
from trading.domain.protocol.words import Reason, Tier

NEW_YORK = ZoneInfo("America/New_York")
GEN, REV, COM = (DEFAULT.tier(tier) for tier in Tier)
FRIDAY = date(2026, 6, 12)


def at(day: int, hour: int = 11, minute: int = 0, *, month: int = 6, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


def test_generation_opens_on_thursday_to_friday() -> None:
    assert entry.put_opening(GEN, DEFAULT, at(11)).expiries == (FRIDAY,)
    for day in (8, 9, 10, 12):
        shut = entry.put_opening(GEN, DEFAULT, at(day))
        assert (shut.is_open, shut.reason) == (False, Reason.ENTRY_DAY)


def test_with_friday_a_holiday_generation_opens_on_wednesday() -> None:
    good_friday_week = [entry.put_opening(GEN, DEFAULT, at(day, month=4)).expiries for day in (31 - 30, 2)]

    assert good_friday_week == [(date(2026, 4, 2),), ()]


def test_before_christmas_2015_generation_opens_on_wednesday_to_the_short_thursday() -> None:
    wednesday = datetime(2015, 12, 23, 11, tzinfo=NEW_YORK)

    assert entry.put_opening(GEN, DEFAULT, wednesday).expiries == (date(2015, 12, 24),)


@pytest.mark.parametrize(("day", "is_open"), [(8, True), (9, True), (10, True), (11, False), (12, False)])
def test_revenue_opens_from_monday_to_wednesday_to_the_same_friday(day: int, is_open: bool) -> None:
    opening = entry.put_opening(REV, DEFAULT, at(day))

    assert opening.is_open is is_open
    assert opening.expiries == ((FRIDAY,) if is_open else ())


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, 0, tzinfo=NEW_YORK)


def test_revenue_does_not_open_one_session_before_a_thursday_expiry() -> None:
    assert entry.put_expiries(REV, date(2026, 3, 31)) == (date(2026, 4, 2),)
    assert entry.put_expiries(REV, date(2026, 4, 1)) == ()


@pytest.mark.parametrize(("day", "is_open"), [(29, False), (2, True), (3, True), (9, False)])
def test_compounding_opens_puts_in_the_first_full_week_of_a_quarters_last_month(day: int, is_open: bool) -> None:
    moment = at(day, month=5 if day == 29 else 6)

    assert entry.put_opening(COM, DEFAULT, moment).is_open is is_open


def test_compounding_opens_puts_five_to_ten_days_before_they_expire_and_no_others() -> None:
    opened = {
        day: entry.put_expiries(COM, day)
        for year in range(2024, 2034)
        for month in DEFAULT.reinvest.months
        for day in (date(year, month, n) for n in range(1, 15))
        if entry.is_quarterly_week(day, DEFAULT.reinvest.months) and entry.put_opening(COM, DEFAULT, noon(day)).is_open
    }

    assert not entry.put_expiries(COM, date(2026, 6, 1))  # from this Monday, the weeklies are 4 and 11 days away
    assert len(opened) > 70
    assert all(5 <= (expiry - day).days <= 10 for day, expiries in opened.items() for expiry in expiries)
    assert all(len(expiries) == 1 for expiries in opened.values())


def test_the_first_full_week_begins_on_the_first_monday() -> None:
    assert entry.is_quarterly_week(date(2026, 9, 9), (9,))
    assert not entry.is_quarterly_week(date(2026, 9, 2), (9,))
    assert not entry.is_quarterly_week(date(2026, 8, 3), (9,))


@pytest.mark.parametrize(
    ("tier", "day", "expiries"),
    [
        (GEN, 8, (FRIDAY,)),
        (GEN, 11, ()),
        (COM, 1, ()),
        (COM, 9, (date(2026, 6, 18),)),  # the 19th is a holiday
        (COM, 10, (date(2026, 6, 18),)),
    ],
)
def test_calls_are_sold_early_in_the_week(tier: object, day: int, expiries: tuple[date, ...]) -> None:
    assert entry.call_opening(tier, DEFAULT, at(day)).expiries == expiries  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hour", "minute", "is_open"), [(9, 59, False), (10, 0, True), (15, 29, True), (15, 30, False), (17, 0, False)]
)
def test_the_window_includes_its_start_and_not_its_end(hour: int, minute: int, is_open: bool) -> None:
    opening = entry.put_opening(REV, DEFAULT, at(10, hour, minute))

    assert opening.is_open is is_open
    assert opening.reason is (None if is_open else Reason.ENTRY_TIME)


@pytest.mark.parametrize(("hour", "minute", "is_open"), [(12, 44, True), (12, 45, False)])
def test_a_short_session_closes_the_window_a_quarter_of_an_hour_before_its_end(
    hour: int, minute: int, is_open: bool
) -> None:
    moment = datetime(2026, 11, 27, hour, minute, tzinfo=NEW_YORK)  # the day after Thanksgiving

    assert entry._by_the_hour(DEFAULT.entry_window, moment, (FRIDAY,)).is_open is is_open


@pytest.mark.parametrize("day", [13, 14, 19])
def test_nothing_is_opened_when_the_exchange_is_closed(day: int) -> None:
    opening = entry.put_opening(REV, DEFAULT, at(day))

    assert (opening.is_open, opening.reason) == (False, Reason.HOLIDAY)


def test_a_roll_looks_at_the_next_two_weeklies_within_21_days() -> None:
    assert entry.roll_expiries(FRIDAY, FRIDAY, 21) == (date(2026, 6, 18), date(2026, 6, 26))
    assert entry.roll_expiries(FRIDAY, date(2026, 6, 26), 21) == (date(2026, 7, 2),)
