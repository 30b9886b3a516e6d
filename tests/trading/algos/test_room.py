"""How far a strategy's walk may give way: as far as a walk goes in the market as it is, and its rules allow."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from allcore.accounts.actors import Actor
from allcore.kernel.clock import utc_now
from allcore.kernel.instruments import TickRule
from allcore.kernel.orders import PriceEffect
from allcore.kernel.tickets import OrderTicket, content_hash
from brokers.models import Account
from marketdata.selectors.clock import exchange_now
from tests.trading.algos.conftest import MULTIPLIERS, SHORT, Floor, children, spread
from trading.domain.algos.parameters import WalkParameters
from trading.domain.algos.walk import worst
from trading.domain.proposals import tickets as drafts
from trading.domain.proposals.view import Idea
from trading.domain.protocol.defaults import DEFAULT
from trading.domain.protocol.overlays import MarketState
from trading.domain.protocol.words import Klass, Strategy
from trading.domain.tickets import complete
from trading.models import Proposal
from trading.selectors import exposures
from trading.selectors.household import Household
from trading.selectors.seats import Desk
from trading.services import decide, propose
from trading.services.algos import executions

D = Decimal
desked = pytest.mark.usefixtures("desk")
GREEN = MarketState(Klass.GREEN, (Klass.GREEN,), vix=16, vix_ratio=0.9, vix_jump=0, index_change=0.01)


def ticket(**changes: Any) -> OrderTicket:
    return complete(spread(**changes), MULTIPLIERS)


def roomy(wanted: OrderTicket, least: str | None, *, hours: int = 0) -> OrderTicket:
    account = Account.objects.select_related("connection").get(code="GEN-1")
    request = exposures.gate_request(account, wanted, now=utc_now() + timedelta(hours=hours), is_manual=False)
    return executions.with_room(request, None if least is None else D(least))


@pytest.mark.parametrize(
    ("bid", "ask", "end"),
    [
        ("0.90", "1.10", "1.03"),  # three cents bind
        ("1.96", "2.00", "1.99"),  # half of the half-spread
        ("0.10", "0.30", "0.23"),  # 15 % of 0.20
        ("-0.68", "-0.58", "-0.61"),  # a credit: half of five cents, rounded in our favour
        ("1.00", "1.00", "1.00"),  # no spread, no room
    ],
)
def test_a_walk_ends_at_the_least_of_three_ticks_of_premium_and_of_half_spread(bid: str, ask: str, end: str) -> None:
    assert worst(WalkParameters(), D(bid), D(ask), TickRule.CENT) == D(end)


@pytest.mark.parametrize(
    ("shown", "effect", "to", "least", "found"),
    [
        ("0.63", "CREDIT", "-0.61", "0.00", ("0.61", "CREDIT")),
        ("0.63", "CREDIT", "-0.61", "0.61", ("0.61", "CREDIT")),
        ("0.63", "CREDIT", "-0.61", "0.62", ("0.62", "CREDIT")),  # its rules take no less
        ("0.63", "CREDIT", "-0.61", "0.70", ("0.63", "CREDIT")),  # they never ask for more than the idea did
        ("0.60", "CREDIT", "-0.61", "0.00", ("0.60", "CREDIT")),  # nor does the walk's end
        ("0.02", "CREDIT", "0.01", "-1.00", ("0.01", "CREDIT")),  # a credit stays one
        ("0.00", "EVEN", "0.02", "-1.00", ("0.02", "DEBIT")),
        ("0.00", "EVEN", "0.02", "0.00", ("0.00", "EVEN")),
        ("0.30", "DEBIT", "0.33", "-0.32", ("0.32", "DEBIT")),
        ("0.30", "DEBIT", "0.33", "-0.33", ("0.33", "DEBIT")),
        ("0.30", "DEBIT", "0.33", "-0.34", ("0.33", "DEBIT")),
    ],
)
def test_room_keeps_to_the_rules_and_to_its_side(
    shown: str, effect: str, to: str, least: str, found: tuple[str, str]
) -> None:
    asked = ticket(limit_price=D(shown), price_effect=effect)

    given = drafts.giving_way(asked, worst=D(to), least=D(least))

    assert (given.limit_price, given.price_effect) == (D(found[0]), PriceEffect(found[1]))
    assert replace(given, limit_price=asked.limit_price, price_effect=asked.price_effect) == asked


@desked
def test_room_is_given_only_to_what_the_table_lets_walk() -> None:
    at_mid = ticket(limit_price=D("0.63"))
    leg = {"symbol": SHORT, "side": "SELL", "position_effect": "OPEN", "ratio": 1}
    single = ticket(legs=[leg], limit_price=D("1.43"))

    assert roomy(at_mid, "0").limit_price == D("0.61")
    assert roomy(at_mid, None) is at_mid
    assert roomy(single, "0") is single
    assert roomy(at_mid, "0", hours=12) is at_mid  # there is no session to walk in


@desked
def test_the_strategy_s_spread_is_approved_with_its_end_and_walks_to_it(trader: Actor) -> None:
    account, now = Account.objects.select_related("connection").get(code="GEN-1"), utc_now()
    shared = Desk(now, exchange_now(now), DEFAULT, None, GREEN, 0.04, Household("PAPER", ()))
    idea = Idea(Strategy.ROLL, ticket(limit_price=D("0.63")), "why", (), {}, 10, (), least=D("0"))

    propose.offer_idea(account, idea, shared)

    (proposal,) = Proposal.objects.all()
    shown = proposal.content
    assert (shown["price"]["mid"], shown["price"]["worst"]) == ("0.63", "0.61")
    assert (shown["execution"]["start"], shown["execution"]["limit"]) == ("0.63", "0.61")
    assert content_hash(shown) == proposal.content_hash
    decided = decide.approve(proposal_id=proposal.pk, content_hash=proposal.content_hash, actor=trader, now=utc_now())
    assert decided.run is not None
    floor = Floor()
    floor.look()
    floor.broker()
    for seconds in (61, 122, 183, 244, 305, 366):
        floor.look(seconds)
        floor.broker()
    (child,) = children(decided.run)
    assert child.limit_price == D("0.61")
