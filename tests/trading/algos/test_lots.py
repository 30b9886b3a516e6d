"""A run that closes what is held: its children take the lots that were named, in their order, and no other."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import ForbiddenError
from allcore.kernel.orders import Side
from risk.models import Limit, Reservation
from tests.builders.reports import fill, leg_fill
from tests.trading.algos.conftest import WING, Floor, another, begin, children, propose, refresh, spread
from tests.trading.algos.tapes import NOW
from trading.domain.algos.named import lots_of
from trading.domain.algos.values import Child, ChildStatus, Leg
from trading.models import AlgoRun, Lot, LotInstruction, Order, Proposal
from trading.services import change, decide
from trading.services.algos.executions import Asked
from trading.services.algos.run import load
from trading.services.algos.start import Wish, start
from trading.services.elections import NoSuchLotError
from trading.services.elections import Wish as Named
from trading.services.settle import apply_reports

BUY = {"symbol": WING, "side": "BUY", "position_effect": "OPEN", "ratio": 1}
SELL = {"symbol": WING, "side": "SELL", "position_effect": "CLOSE", "ratio": 1}
OLD, NEW = "old", "new"
CLOSED = ChildStatus.CLOSED


def child(step: int, qty: int, *, cum: int = 0, status: ChildStatus = ChildStatus.WORKING, leg: int = -1) -> Child:
    return Child(step, qty, Decimal(1), status, NOW, cum, leg)


ONE, TWO = Leg(Side.SELL, 1), Leg(Side.BUY, 2)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ([], [(0, OLD, 2)]),
        ([child(0, 1, cum=1, status=CLOSED)], [(0, OLD, 1), (0, NEW, 1)]),
        ([child(0, 2, status=ChildStatus.DOUBT)], [(0, NEW, 2)]),  # it may have filled
        ([child(0, 2, status=CLOSED)], [(0, OLD, 2)]),  # it took nothing
        ([child(0, 4, cum=4, status=CLOSED)], [(0, NEW, 1)]),
        ([child(0, 5, cum=5, status=CLOSED)], []),  # the account's method has the rest
    ],
)
def test_a_child_takes_what_its_siblings_leave_of_the_named_lots(
    before: list[Child], expected: list[tuple[int, str, int]]
) -> None:
    asked = child(1, 2)

    assert lots_of(asked, [ONE], [*before, asked], [(0, OLD, 2), (0, NEW, 3)]) == expected


def test_a_leg_of_two_contracts_a_unit_takes_two_and_one_that_trades_alone_is_the_first_of_its_order() -> None:
    named = [(1, OLD, 3), (1, NEW, 5), (0, "other", 1)]
    whole, alone = child(0, 2), child(1, 3, leg=1)

    assert lots_of(whole, [ONE, TWO], [whole], named) == [(0, "other", 1), (1, OLD, 3), (1, NEW, 1)]
    assert lots_of(alone, [ONE, TWO], [alone], named) == [(0, OLD, 3)]


def hold(trader: Actor, qty: int, exec_id: str) -> str:
    """Buy some of the wing, and return the lot's name."""
    run = begin(trader, legs=[BUY], quantity=qty, price_effect="DEBIT", limit_price=Decimal("0.82"))
    floor = Floor()
    floor.look()
    floor.broker()
    (order,) = children(run)
    bought = leg_fill(exec_id, qty, "0.80", side=Side.BUY, symbol=WING)
    apply_reports("paper", [fill(order, bought)], now=utc_now())
    floor.told(order)
    return f"E{Lot.objects.latest('id').execution_id}"


@pytest.fixture
def lots(trader: Actor) -> tuple[str, str]:
    """Two lots of the wing, of two and of three."""
    Limit.objects.filter(code__in=["duplicate_seconds", "strategy_repeats"]).delete()
    return hold(trader, 2, "b1"), hold(trader, 3, "b2")


def closing(*named: Named, **changes: Any) -> Wish:
    draft = spread(legs=[SELL], limit_price=Decimal("0.78"), **{"quantity": 4, **changes})
    return Wish(draft, "TWAP", {"slices": 2}, 30, named)


def worked(run: AlgoRun) -> list[Order]:
    """Let two slices of two fill."""
    floor = Floor("closer")
    for number, seconds in enumerate((0, 901)):
        floor.look(seconds)
        floor.broker()
        order = children(run)[-1]
        sold = leg_fill(f"s{number}", 2, "0.78", symbol=WING)
        apply_reports("paper", [fill(order, sold)], now=utc_now())
        floor.told(order)
    return children(run)


def test_the_children_close_the_named_lots_in_their_order(trader: Actor, lots: tuple[str, str]) -> None:
    older, newer = lots
    refresh()
    wish = closing(Named(0, newer, 3))

    run = start(wish, actor=trader, trace_id="t", now=utc_now())
    orders = worked(run)

    named = {order.pk: [row.qty for row in LotInstruction.objects.filter(order=order)] for order in orders}
    assert list(named.values()) == [[2], [1]]
    left = {f"E{lot.execution_id}": lot.open_qty for lot in Lot.objects.all()}
    assert (left[older], left[newer]) == (1, 0)  # three of the newer by name, one of the older by the method
    assert AuditEntry.objects.filter(action="algo.started").latest("id").payload["lots"] == [[0, newer, 3]]


def test_an_approver_names_them_with_the_yes(trader: Actor, lots: tuple[str, str]) -> None:
    older, newer = lots
    card = propose(strategy="BUY_TO_CLOSE", legs=[SELL], limit_price=Decimal("0.78"), quantity=4)
    card = reshaped(card, trader)

    run = approved(card, another("second"), Named(0, newer, 3)).run

    assert run is not None
    assert run.lots == [[0, newer, 3]]
    worked(run)
    left = {f"E{lot.execution_id}": lot.open_qty for lot in Lot.objects.all()}
    assert (left[older], left[newer]) == (1, 0)


def reshaped(card: Proposal, trader: Actor) -> Proposal:
    refresh()
    new = change.Numbers(execution=Asked("TWAP", {"slices": 2}, 30))
    return change.change(proposal_id=card.pk, new=new, actor=trader, now=utc_now())


def approved(card: Proposal, actor: Actor, *named: Named) -> decide.Decided:
    refresh()
    return decide.approve(proposal_id=card.pk, content_hash=card.content_hash, actor=actor, now=utc_now(), lots=named)


@pytest.mark.parametrize(("lot", "qty"), [("E999999", 1), ("newer", 4), ("older", 0), ("x", 1)])
def test_a_lot_that_is_not_there_starts_nothing(trader: Actor, lots: tuple[str, str], lot: str, qty: int) -> None:
    refresh()
    runs, held = AlgoRun.objects.count(), Reservation.objects.filter(released_at=None).count()
    name = {"older": lots[0], "newer": lots[1]}.get(lot, lot)

    with pytest.raises(NoSuchLotError):
        start(closing(Named(0, name, qty)), actor=trader, trace_id="t", now=utc_now())

    assert (AlgoRun.objects.count(), Reservation.objects.filter(released_at=None).count()) == (runs, held)


def test_more_than_the_run_closes_cannot_be_named(trader: Actor, lots: tuple[str, str]) -> None:
    refresh()

    with pytest.raises(NoSuchLotError, match="less than the lots"):
        start(closing(Named(0, lots[0], 2), Named(0, lots[1], 3)), actor=trader, trace_id="t", now=utc_now())


def test_a_refused_lot_leaves_the_proposal_open(trader: Actor, lots: tuple[str, str]) -> None:
    card = reshaped(propose(strategy="BUY_TO_CLOSE", legs=[SELL], limit_price=Decimal("0.78"), quantity=4), trader)

    with pytest.raises(NoSuchLotError):
        approved(card, another("second"), Named(0, "E999999", 1))

    card.refresh_from_db()
    assert card.status == "PENDING"


def test_who_may_not_trade_names_no_lots(trader: Actor, lots: tuple[str, str]) -> None:
    card = reshaped(propose(strategy="BUY_TO_CLOSE", legs=[SELL], limit_price=Decimal("0.78"), quantity=4), trader)
    approver = Actor(User.objects.get(username="approver"))

    with pytest.raises(ForbiddenError):
        approved(card, approver, Named(0, lots[1], 3))


def test_a_lot_that_somebody_else_closed_meanwhile_stops_the_child_and_not_the_book(
    trader: Actor, lots: tuple[str, str]
) -> None:
    refresh()
    run = start(closing(Named(0, lots[1], 3)), actor=trader, trace_id="t", now=utc_now())
    Lot.objects.filter(execution_id=int(lots[1][1:])).update(open_qty=1)

    Floor("closer").look()

    assert children(run) == []
    assert "cannot take 2 of lot" in load(AlgoRun.objects.get(pk=run.pk)).state.reason


def test_the_api_takes_them_beside_the_ticket(trader: Actor, lots: tuple[str, str]) -> None:
    refresh()
    client = Client()
    client.force_login(trader.user)
    ticket = spread(legs=[SELL], limit_price="0.78", quantity=4)
    body = {"ticket": ticket, "algo": "TWAP", "parameters": {"slices": 2}, "lots": [{"lot": lots[1], "qty": 3}]}

    answer = client.post("/api/v1/algos/", data=body, content_type="application/json", headers={"Idempotency-Key": "k"})

    assert answer.status_code == 201, answer.content
    assert AlgoRun.objects.get(pk=answer.json()["id"]).lots == [[0, lots[1], 3]]
