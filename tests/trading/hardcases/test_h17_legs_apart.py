"""H17: the legs of one combination told in messages of their own, in any order, taken back, and too many of them."""

from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest

from allcore.audit.models import AuditEntry
from allcore.kernel.orders import PriceEffect, Side
from allcore.kernel.reports import ExecutionReport, LegFill, ReportKind
from tests.builders import market
from tests.builders.orders import leg, make_sent_order, make_ticket
from tests.trading.hardcases.floor import CONNECTION, Floor, position
from tests.trading.passage.conftest import STOCK
from trading.domain.orders.state import Fill
from trading.domain.orders.units import recounted
from trading.models import Break, Lot, LotInstruction, Order, Proposal
from trading.selectors.offsets import HEALED
from trading.selectors.orders import detail
from trading.services import decide, healed, offset, rebuild
from trading.services.elections import NoSuchLotError, Wish

NEAR, FAR = "AAPL  260612P00195000", "AAPL  260612P00190000"


@pytest.fixture
def spread(floor: Floor) -> Order:
    """Four spreads sold for a credit: the near put sold, two of the far one bought for each."""
    market.instrument(NEAR)
    market.instrument(FAR)
    legs = [leg(NEAR), leg(FAR, Side.BUY, ratio=2)]
    made = make_ticket(floor.account, legs, quantity=4, price_effect=PriceEffect.CREDIT, limit_price="1.00")
    return make_sent_order(replace(made, underlying=STOCK), floor.account, origin="spread")


def near(floor: Floor, order: Order, exec_id: str, qty: int, px: str = "3.10") -> ExecutionReport:
    fill = LegFill(exec_id, 0, NEAR, Side.SELL, qty, Decimal(px))
    return floor.report(order, ReportKind.FILL, fills=(fill,))


def far(floor: Floor, order: Order, exec_id: str, qty: int, px: str = "1.00") -> ExecutionReport:
    fill = LegFill(exec_id, 1, FAR, Side.BUY, qty, Decimal(px))
    return floor.report(order, ReportKind.FILL, fills=(fill,))


def open_breaks() -> list[str]:
    return list(Break.objects.filter(resolved_at=None).values_list("code", flat=True))


def test_one_leg_alone_fills_no_unit_and_is_called_out_by_name(floor: Floor, spread: Order) -> None:
    floor.hear(near(floor, spread, "n1", 3))

    spread.refresh_from_db()
    said = AuditEntry.objects.get(action="order.alert", payload__code="LEG_IMBALANCE").payload
    assert (spread.status, spread.cum_qty, position(NEAR)) == ("NEW", 0, -3)
    assert (f"3 {NEAR} alone" in str(said["message"]), said["severity"]) == (True, "CRITICAL")
    assert open_breaks() == ["LEG_IMBALANCE"]


def test_the_spread_is_filled_by_what_all_its_legs_have(floor: Floor, spread: Order) -> None:
    floor.hear(near(floor, spread, "n1", 3))

    floor.hear(far(floor, spread, "f1", 5))

    spread.refresh_from_db()
    legs = detail(floor.actor.user, spread.pk)["legs"]
    assert (spread.status, spread.cum_qty, spread.avg_px) == ("PARTIALLY_FILLED", 2, Decimal("1.10"))
    assert [(one["filled"], one["odd"]) for one in legs] == [(3, 1), (5, 1)]  # type: ignore[attr-defined] # rows


def test_once_the_legs_are_together_the_name_is_free_again(floor: Floor, spread: Order) -> None:
    floor.hear(near(floor, spread, "n1", 3))

    floor.hear(far(floor, spread, "f1", 6))

    spread.refresh_from_db()
    assert (spread.cum_qty, open_breaks()) == (3, [])
    assert Break.objects.get().resolution == "The legs are in their ratio again."


def test_legs_of_one_batch_are_judged_when_all_of_it_is_counted(floor: Floor, spread: Order) -> None:
    floor.hear(near(floor, spread, "n1", 4), far(floor, spread, "f1", 8))

    spread.refresh_from_db()
    assert (spread.status, spread.cum_qty) == ("FILLED", 4)
    assert not Break.objects.exists()


@pytest.mark.parametrize("order", list(permutations(range(4)))[::4])
def test_in_whatever_order_the_legs_come_the_spread_ends_the_same(
    floor: Floor, spread: Order, order: tuple[int, ...]
) -> None:
    told = [
        near(floor, spread, "n1", 1, "3.00"),
        near(floor, spread, "n2", 3, "3.20"),
        far(floor, spread, "f1", 2, "0.90"),
        far(floor, spread, "f2", 6, "1.10"),
    ]

    for index in order:
        floor.hear(told[index])
        floor.hear(told[index])

    spread.refresh_from_db()
    assert (spread.status, spread.cum_qty, spread.avg_px) == ("FILLED", 4, Decimal("1.05"))
    assert (position(NEAR), position(FAR), open_breaks()) == (-4, 8, [])
    assert not list(rebuild.differences(floor.account, now=floor.now))


def test_a_leg_that_is_taken_back_takes_its_units_back_whoever_counted_them(floor: Floor, spread: Order) -> None:
    floor.hear(near(floor, spread, "n1", 3), far(floor, spread, "f1", 4), far(floor, spread, "f2", 2))

    floor.hear(floor.report(spread, ReportKind.BUST, ref_exec_id="n1", raw={"reinstated": True}))

    spread.refresh_from_db()
    assert (spread.status, spread.cum_qty, position(NEAR), position(FAR)) == ("NEW", 0, 0, 6)
    assert open_breaks() == ["LEG_IMBALANCE"]
    assert not list(rebuild.differences(floor.account, now=floor.now))


def test_a_leg_taken_back_for_good_ends_the_order(floor: Floor, spread: Order) -> None:
    floor.hear(near(floor, spread, "n1", 3), far(floor, spread, "f1", 4), far(floor, spread, "f2", 2))

    floor.hear(floor.report(spread, ReportKind.BUST, ref_exec_id="f2"))

    spread.refresh_from_db()
    assert (spread.status, spread.cum_qty, spread.leaves_qty) == ("CANCELED", 2, 0)


def test_a_corrected_leg_leaves_what_is_whole_at_the_new_price(floor: Floor, spread: Order) -> None:
    floor.hear(near(floor, spread, "n1", 3), far(floor, spread, "f1", 6))
    corrected = LegFill("n1c", 0, NEAR, Side.SELL, 2, Decimal("3.50"))

    for _ in range(2):
        floor.hear(floor.report(spread, ReportKind.CORRECT, fills=(corrected,), combo_qty=2, ref_exec_id="n1"))

    spread.refresh_from_db()
    assert (spread.status, spread.cum_qty, spread.avg_px) == ("PARTIALLY_FILLED", 2, Decimal("1.50"))
    assert (position(NEAR), position(FAR)) == (-2, 6)
    assert not list(rebuild.differences(floor.account, now=floor.now))


def test_an_overfilled_spread_is_offset_in_all_its_legs_at_once(floor: Floor, spread: Order) -> None:
    market.write_quotes([market.quote(NEAR, "3.00", "3.20", size=500), market.quote(FAR, "0.99", "1.01", size=500)])
    floor.hear(near(floor, spread, "n1", 6), far(floor, spread, "f1", 12))

    offset.propose_due(CONNECTION, now=floor.now)

    row = Break.objects.get(code="OVERFILL")
    assert row.proposal is not None, row.details
    shown = Proposal.objects.get().content["ticket"]
    legs = [(one["symbol"], one["side"], one["ratio"], one["position_effect"]) for one in shown["legs"]]
    assert legs == [(NEAR, "BUY", 1, "CLOSE"), (FAR, "SELL", 2, "CLOSE")]
    assert (shown["quantity"], shown["price_effect"], shown["limit_price"]) == (2, "DEBIT", "1.22")


def quoted() -> None:
    market.write_quotes([market.quote(NEAR, "2.90", "2.92", size=500), market.quote(FAR, "0.99", "1.01", size=500)])


def proposed(floor: Floor, spread: Order) -> Proposal:
    """Three near puts filled alone, and the trade that takes them back waits for approval."""
    quoted()
    floor.hear(near(floor, spread, "n1", 3))
    offset.propose_due(CONNECTION, now=floor.now)
    return Proposal.objects.get()


def approve(floor: Floor, proposal: Proposal, *lots: Wish) -> Order | None:
    quoted()
    content_hash = proposal.content_hash
    return decide.approve(
        proposal_id=proposal.pk, content_hash=content_hash, actor=floor.actor, now=floor.now, lots=lots
    ).order


@pytest.mark.parametrize(("status", "ends_as"), [("PENDING", "WITHDRAWN"), ("HELD", "VOIDED"), ("PARTIAL", "VOIDED")])
def test_an_offset_is_taken_back_with_its_reason_once_the_legs_have_healed(
    floor: Floor, spread: Order, status: str, ends_as: str
) -> None:
    made = proposed(floor, spread)
    Proposal.objects.update(status=status)
    floor.hear(far(floor, spread, "f1", 6))

    taken = healed.sweep(CONNECTION, now=floor.now), healed.sweep(CONNECTION, now=floor.now)

    made.refresh_from_db()
    assert (taken, made.status, made.reason_text) == ((1, 0), ends_as, HEALED)


def test_an_offset_stands_while_its_legs_are_alone(floor: Floor, spread: Order) -> None:
    made = proposed(floor, spread)

    assert healed.sweep(CONNECTION, now=floor.now) == 0

    made.refresh_from_db()
    assert made.status == "PENDING"


def test_an_offset_of_more_than_is_left_alone_is_proposed_anew(floor: Floor, spread: Order) -> None:
    proposed(floor, spread)
    floor.hear(far(floor, spread, "f1", 4))

    healed.sweep(CONNECTION, now=floor.now)
    offset.propose_due(CONNECTION, now=floor.later(120))

    shown = [(p.status, p.content["ticket"]["quantity"]) for p in Proposal.objects.order_by("proposed_at", "status")]
    assert sorted(shown) == [("PENDING", 1), ("WITHDRAWN", 3)]


def test_an_offset_that_has_nothing_to_undo_is_not_approved_any_more(floor: Floor, spread: Order) -> None:
    made = proposed(floor, spread)
    floor.hear(far(floor, spread, "f1", 6))

    with pytest.raises(decide.NeedsReconfirmError, match="no longer there"):
        approve(floor, made)

    assert Order.objects.count() == 1


def test_an_approval_that_was_first_stands_and_its_order_is_taken_back(floor: Floor, spread: Order) -> None:
    made = proposed(floor, spread)
    order = approve(floor, made)
    assert order is not None
    floor.hear(far(floor, spread, "f1", 6))

    taken = healed.sweep(CONNECTION, now=floor.now), healed.sweep(CONNECTION, now=floor.now)

    made.refresh_from_db()
    order.refresh_from_db()
    assert (taken, made.status, order.status) == ((1, 0), "APPROVED", "ABANDONED")
    assert order.reason.endswith(HEALED)


def test_an_offset_whose_cancel_is_refused_is_taken_back_a_minute_later(floor: Floor, spread: Order) -> None:
    order = approve(floor, proposed(floor, spread))
    assert order is not None
    floor.send()
    floor.hear(floor.report(order, ReportKind.ACK), far(floor, spread, "f1", 6))
    healed.sweep(CONNECTION, now=floor.now)
    floor.send()
    floor.hear(floor.report(order, ReportKind.CANCEL_REJECT, name=order.requests.get(kind="CANCEL").cl_ord_id))

    taken = [healed.sweep(CONNECTION, now=floor.later(seconds)) for seconds in (59, 1, 1)]

    assert (taken, order.requests.filter(kind="CANCEL").count()) == ([0, 1, 0], 2)


def test_who_approves_a_closing_trade_names_the_lots_that_it_takes(floor: Floor, spread: Order) -> None:
    made = proposed(floor, spread)
    lot = Lot.objects.get()

    order = approve(floor, made, Wish(0, f"E{lot.execution_id}", 2))

    named = LotInstruction.objects.get()
    assert order is not None
    assert (named.order_id, named.execution_id, named.qty) == (order.pk, lot.execution_id, 2)


def test_an_approval_with_a_lot_that_is_not_there_sends_nothing(floor: Floor, spread: Order) -> None:
    made = proposed(floor, spread)

    with pytest.raises(NoSuchLotError):
        approve(floor, made, Wish(0, "E999999", 1))

    made.refresh_from_db()
    assert (made.status, Order.objects.count()) == ("PENDING", 1)


PX = Decimal("1.00")


@pytest.mark.parametrize(
    ("fills", "gone", "successor", "units", "changes"),
    [
        ([("a", 2)], "a", "", 0, [("a", 0, "a")]),
        ([("a", 2), ("b", 2)], "x", "", 3, [("b", 1, "b")]),
        ([("a", 2), ("b", 2)], "x", "", 1, [("b", 0, "b"), ("a", 1, "a")]),
        ([("a", 2), ("b", 2)], "b", "", 3, [("b", 0, "b"), ("a", 3, "a")]),
        ([("a", 2)], "a", "c", 1, [("c", 1, "a")]),
        ([("a", 2)], "a", "", 1, [("a", 0, "a"), ("a/units", 1, "")]),
        ([("a", 2)], "x", "", 2, []),
    ],
)
def test_units_are_taken_from_the_last_and_never_below_nothing(
    fills: list[tuple[str, int]], gone: str, successor: str, units: int, changes: list[tuple[str, int, str]]
) -> None:
    counted = [Fill(name, qty, PX) for name, qty in fills]

    found = recounted(counted, gone, successor, units=units, px=PX)

    assert sorted((one.exec_id, one.qty, one.was) for one in found) == sorted(changes)
    assert all(one.px == PX for one in found if one.qty)
