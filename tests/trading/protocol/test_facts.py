"""A week's facts from what was booked in it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.instruments import OptionContract, Right
from tests.builders.protocol import dec
from trading.domain.protocol.cycles import Cause, Movement
from trading.domain.protocol.facts import Week, facts_of
from trading.domain.protocol.week_types import CallEvent, PutEvent

PUT = OptionContract("TSLA", date(2026, 6, 12), Right.PUT, dec(250))
CALL = OptionContract("TSLA", date(2026, 6, 12), Right.CALL, dec(250))
START = datetime(2026, 6, 8, 15, tzinfo=UTC)


def move(
    hours: int, contract: OptionContract | None, qty: int, px: str, origin: str = "", cause: Cause = Cause.TRADE
) -> Movement:
    symbol = "TSLA" if contract is None else contract.symbol
    multiplier = 1 if contract is None else 100
    moment = START + timedelta(hours=hours)
    return Movement(
        moment, origin or str(hours), cause, symbol, contract, qty, Decimal(px), Decimal(0), multiplier, Decimal(246)
    )


def week(*movements: Movement, close: str) -> Week:
    begins = datetime(2026, 6, 8, 4, tzinfo=UTC)
    return Week(movements, begins, begins + timedelta(days=6), {}, Decimal(close))


HELD = (move(-100, None, 100, "255", "earlier", Cause.ASSIGNMENT),)


def test_a_roll_is_one_event_with_the_old_puts_shortfall() -> None:
    later = OptionContract("TSLA", date(2026, 6, 18), Right.PUT, dec(245))

    facts = facts_of(
        week(move(0, PUT, -1, "3"), move(5, PUT, 1, "9", "roll"), move(5, later, -1, "10", "roll"), close="240")
    )

    assert (facts.put_event, facts.has_put_at_close, facts.is_roll_credit) == (PutEvent.ROLLED, True, True)
    assert facts.shortfall == max(Decimal(4) / 250, Decimal(5) / 245)


@pytest.mark.parametrize(("px", "event"), [("3.00", PutEvent.CLOSED_PROFIT), ("3.01", PutEvent.CLOSED_LOSS)])
def test_a_put_bought_back_is_a_profit_up_to_what_it_was_sold_for(px: str, event: PutEvent) -> None:
    facts = facts_of(week(move(0, PUT, -1, "3.00"), move(5, PUT, 1, px), close="250"))

    assert (facts.put_event, facts.has_put_at_close) == (event, False)


def test_shares_called_away_gain_from_the_price_when_the_call_was_sold() -> None:
    gone = (
        move(99, CALL, 1, "0", "call away", Cause.ASSIGNMENT),
        move(99, None, -100, "250", "call away", Cause.ASSIGNMENT),
    )

    facts = facts_of(week(*HELD, move(0, CALL, -1, "5.89"), *gone, close="253.10"))

    assert (facts.call_event, facts.has_shares_at_close) == (CallEvent.CALLED_AWAY, False)
    assert facts.gain == 0  # the movement says 246 at both ends
    assert not facts.is_below_basis


def test_shares_kept_have_a_distance_from_their_cost() -> None:
    facts = facts_of(week(*HELD, move(0, CALL, -1, "5"), move(99, CALL, 1, "0", "end", Cause.EXPIRY), close="240"))

    assert (facts.call_event, facts.has_shares_at_close) == (CallEvent.EXPIRED, True)
    assert facts.distance == (Decimal(240) - 250) / 250


def test_shares_sold_by_hand_gain_over_their_cost() -> None:
    facts = facts_of(week(*HELD, move(5, None, -100, "260"), close="260"))

    assert facts.shares_sold
    assert facts.gain == Decimal(5) / 255
