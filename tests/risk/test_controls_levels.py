"""What the broker has approved the account for."""

import pytest

from allcore.kernel.orders import PositionEffect, PriceEffect, Side
from allcore.kernel.tickets import OrderTicket
from risk.domain.verdict import Outcome
from tests.builders.risk import (
    CALL,
    HIGHER_CALL,
    LOWER_PUT,
    NEXT_PUT,
    PUT,
    SHARE,
    book,
    buy_back,
    check,
    combo,
    holding,
    leg,
    limits,
    put_spread,
    request,
    roll,
    sell_call,
    sell_put,
    single,
)

OPEN, BUY, SELL = PositionEffect.OPEN, Side.BUY, Side.SELL
COVERED = book(holdings=(holding(SHARE, 100, "250"),))
FLAT = book()
CONDOR = combo(
    leg(LOWER_PUT, BUY, OPEN),
    leg(PUT, SELL, OPEN),
    leg(CALL, SELL, OPEN),
    leg(HIGHER_CALL, BUY, OPEN),
    effect=PriceEffect.CREDIT,
    limit="3.80",
)
NEEDED = {
    "a covered call": (sell_call(), COVERED, 1),
    "a long option": (single(CALL, BUY, OPEN, 1, "2.08"), FLAT, 2),
    "a debit spread": (
        combo(leg(CALL, BUY, OPEN), leg(HIGHER_CALL, SELL, OPEN), effect=PriceEffect.DEBIT, limit="1.24"),
        FLAT,
        2,
    ),
    "a collar": (
        combo(leg(PUT, BUY, OPEN), leg(HIGHER_CALL, SELL, OPEN), effect=PriceEffect.DEBIT, limit="3.30"),
        COVERED,
        2,
    ),
    "a short put": (sell_put(), FLAT, 3),
    "a credit spread": (put_spread(), FLAT, 3),
    "an iron condor": (CONDOR, FLAT, 3),
    "a calendar": (
        combo(leg(LOWER_PUT, SELL, OPEN), leg(NEXT_PUT, BUY, OPEN), effect=PriceEffect.DEBIT, limit="1.50"),
        FLAT,
        3,
    ),
    "an uncovered call": (sell_call(), FLAT, 4),
}


@pytest.mark.parametrize(("ticket", "held", "level"), NEEDED.values(), ids=NEEDED.keys())
def test_a_trade_passes_at_its_level_and_is_refused_one_below(ticket: OrderTicket, held: object, level: int) -> None:
    at = request(ticket, book=held, limits=limits(option_level=(None, str(level))))
    below = request(ticket, book=held, limits=limits(option_level=(None, str(level - 1))))

    assert check("option_level", at).outcome is Outcome.PASS
    refused = check("option_level", below)
    assert refused.outcome is Outcome.HARD_BLOCK
    assert f"needs the option level {level}; the hard limit is {level - 1}" in refused.message


def test_a_roll_of_a_put_needs_the_level_of_the_put_that_it_opens() -> None:
    held = book(holdings=(holding(PUT, -1, "4.16"),))
    ticket = roll(effect=PriceEffect.DEBIT, limit="1.10")

    assert check("option_level", request(ticket, book=held, limits=limits(option_level=(None, "2")))).outcome == (
        Outcome.HARD_BLOCK
    )
    assert check("option_level", request(ticket, book=held)).outcome is Outcome.PASS


def test_what_opens_no_option_needs_no_level() -> None:
    none = limits(option_level=(None, "0"))
    shares = request(single(SHARE, BUY, OPEN, 10, "250.02"), limits=none)
    closing = request(buy_back(), book=book(holdings=(holding(PUT, -1, "4.16"),)), limits=none)

    assert check("option_level", shares).outcome is Outcome.PASS
    assert check("option_level", closing).outcome is Outcome.PASS


def test_the_level_that_a_desk_starts_with_lets_the_protocol_trade_and_nothing_uncovered() -> None:
    assert check("option_level", request(sell_put())).outcome is Outcome.PASS
    assert check("option_level", request(sell_call(), book=FLAT)).outcome is Outcome.HARD_BLOCK
