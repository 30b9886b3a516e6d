"""Routing: hard filters, the cost model, ties, locality, and the scorecard that is kept."""

from dataclasses import replace
from decimal import Decimal

import pytest

from allcore.accounts.actors import Actor
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import NotFoundError
from allcore.kernel.orders import Side
from brokers.models import Account, Connection
from tests.trading.algos.conftest import spread
from tests.trading.algos.test_vectors import FREE
from trading.domain.routing.cost import Outlook, Record, fill_probability
from trading.domain.routing.scorecard import Candidate, Facts, Past, Want, choose, refusals
from trading.models import Order, RouteScorecard
from trading.selectors.execution_quality import explored
from trading.services.routing.place import NoRouteError, place_routed
from trading.services.routing.score import scorecard

WANT = Want(Side.BUY, 5, 100, Decimal("2.00"), Decimal("0.06"))
EVEN = Outlook(Decimal("2.02"), Decimal("3.25"), Decimal("0.8"), Decimal(100), Decimal("0.0004"))


def candidate(name: str, *, facts: Facts = FREE, outlook: Outlook = EVEN, preference: int = 0) -> Candidate:
    return Candidate(name, name, facts, outlook, preference)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"may_send": False}, "PERMISSION"),
        ({"is_enabled": False}, "ENABLED"),
        ({"is_healthy": False}, "HEALTH"),
        ({"kill_level": 1}, "KILL"),
        ({"is_paused": True}, "PAUSED"),
        ({"is_closing": True}, "LOCALITY"),
        ({"legs": 4, "most_legs": 3}, "COMBO"),
        ({"legs": 2, "most_legs": 0}, "COMBO"),
        ({"takes_type": False}, "TYPE"),
        ({"gate": "Margin."}, "GATE"),
        ({"messages_left": 0}, "RATE"),
    ],
)
def test_each_filter_stands_against_a_place_by_itself(changes: dict[str, object], code: str) -> None:
    facts = replace(FREE, **changes)  # type: ignore[arg-type]  # the names are the fields'

    assert [line.partition(":")[0] for line in refusals(facts)] == [code]


@pytest.mark.parametrize(
    "changes",
    [
        {"is_closing": True, "holds_position": True},
        {"is_closing": True, "holds_position": True, "kill_level": 2},
        {"legs": 4, "most_legs": 4},
        {"legs": 1, "most_legs": 0},
        {"messages_left": 1},
    ],
)
def test_at_its_edge_a_filter_passes(changes: dict[str, object]) -> None:
    assert refusals(replace(FREE, **changes)) == ()  # type: ignore[arg-type]  # the names are the fields'


def test_a_cheap_place_that_a_filter_refuses_is_not_chosen_but_shown() -> None:
    cheap = candidate("A", facts=replace(FREE, is_healthy=False), outlook=replace(EVEN, price=Decimal("1.90")))

    card = choose(WANT, [cheap, candidate("B")])

    assert card.choice == "B"
    assert {score.candidate.account: bool(score.refusals) for score in card.scores} == {"A": True, "B": False}


def test_a_tie_goes_to_the_lower_fee_then_to_who_stands_first() -> None:
    dear = candidate("A", outlook=replace(EVEN, fee=Decimal(5), price=EVEN.price - Decimal("0.0035")))
    fee = choose(WANT, [dear, candidate("B", preference=1)])
    first = choose(WANT, [candidate("B", preference=1), candidate("A", preference=0)])

    assert (fee.choice, fee.scores[0].cost.total) == ("B", fee.scores[1].cost.total)
    assert first.choice == "A"


@pytest.mark.parametrize(
    ("past", "choice", "explores"),
    [
        (None, "A", False),
        (Past(18, 0), "A", False),
        (Past(19, 0), "B", True),
        (Past(20, 1), "A", False),
        (Past(39, 1), "B", True),
    ],
)
def test_every_twentieth_order_that_could_goes_where_the_record_is_shortest(
    past: Past | None, choice: str, *, explores: bool
) -> None:
    known, unknown = replace(candidate("A"), seen=40), replace(candidate("B", preference=1), seen=3)

    card = choose(WANT, [known, unknown], past=past)

    assert (card.choice, card.explores, card.could_explore) == (choice, explores, past is not None)
    assert ("3 orders on record against 40" in card.reason) is explores


def test_nothing_is_explored_where_a_filter_stands_against_it_or_all_are_known_alike() -> None:
    known, refused = replace(candidate("A"), seen=40), candidate("B", facts=replace(FREE, is_paused=True))

    blocked, alike = choose(WANT, [known, refused], past=Past(19, 0)), choose(WANT, [known], past=Past(19, 0))

    assert [(card.choice, card.could_explore) for card in (blocked, alike)] == [("A", False), ("A", False)]


def test_what_was_explored_is_counted_from_the_scorecards_kept_and_closing_orders_are_not(trader: Actor) -> None:
    order, _ = place_routed(
        draft=spread(), route=["GEN-1", "REV-1"], actor=trader, key="r", trace_id="t", now=utc_now()
    )
    row = RouteScorecard.objects.get(order=order)
    RouteScorecard.objects.filter(pk=row.pk).update(card={**row.card, "could_explore": True, "explores": True})

    assert explored(now=utc_now()) == Past(1, 1)
    assert (row.card["could_explore"], row.card["explores"]) == (False, False)  # one broker, one record


def test_without_a_candidate_that_passes_nothing_is_chosen() -> None:
    card = choose(WANT, [candidate("A", facts=replace(FREE, is_paused=True))])

    assert (card.choice, len(card.scores)) == ("", 1)


@pytest.mark.parametrize(
    ("own", "pool", "expected"),
    [
        ((0, 0), (0, 0), "0.5"),
        ((0, 0), (8, 0), "0.9"),
        ((20, 0), (0, 0), "0.75"),  # as many of its own as the prior weighs
        ((0, 20), (8, 0), "0.45"),
    ],
)
def test_the_chance_of_a_fill_begins_with_everybody_s_record(
    own: tuple[int, int], pool: tuple[int, int], expected: str
) -> None:
    assert fill_probability(Record(*own), Record(*pool)) == Decimal(expected)


def test_the_scorecard_reckons_every_account_and_sends_nothing(trader: Actor) -> None:
    card, row = scorecard(spread(), ["GEN-1", "REV-1"], actor=trader, now=utc_now())

    assert card.choice == "GEN-1"  # as cheap, and it stands first
    assert [line["account"] for line in row["scores"]] == ["GEN-1", "REV-1"]  # type: ignore[attr-defined]  # a list
    assert not Order.objects.exists()


def test_a_routed_order_goes_to_one_account_whole_and_keeps_its_scorecard(trader: Actor) -> None:
    Account.objects.filter(code="REV-1").update(is_enabled=False)

    order, row = place_routed(
        draft=spread(), route=["REV-1", "GEN-1"], actor=trader, key="k", trace_id="t", now=utc_now()
    )

    assert (order.account.code, order.legs.count(), Order.objects.count()) == ("GEN-1", 2, 1)
    assert RouteScorecard.objects.get(order=order).card == row


def test_a_closing_order_goes_nowhere_but_to_where_the_position_is(trader: Actor) -> None:
    legs = [{**leg, "position_effect": "CLOSE"} for leg in spread()["legs"]]

    with pytest.raises(NoRouteError) as raised:
        place_routed(draft=spread(legs=legs), route=["REV-1"], actor=trader, key="k", trace_id="t", now=utc_now())

    assert "LOCALITY" in str(raised.value.context["scorecard"])
    assert not Order.objects.exists()


def test_a_broker_that_is_down_takes_nothing(trader: Actor) -> None:
    Connection.objects.update(state=Connection.State.DOWN)

    card, _ = scorecard(spread(), ["GEN-1"], actor=trader, now=utc_now())

    assert card.choice == ""
    assert any(line.startswith("HEALTH") for line in card.scores[0].refusals)


def test_an_account_that_is_not_there_is_said_so(trader: Actor) -> None:
    with pytest.raises(NotFoundError):
        scorecard(spread(), ["GEN-1", "NOPE"], actor=trader, now=utc_now())
