"""H14 to H18: orders and positions that are not ours, old lists, legs out of ratio, corporate actions."""

from dataclasses import replace
from decimal import Decimal

import pytest

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.errors import ForbiddenError, InvalidInputError
from allcore.kernel.orders import OrdStatus, OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.reports import ExecutionReport, LegFill, OrderReport, PositionReport, ReportKind
from allcore.kernel.tickets import OrderTicket, TicketLeg
from brokers.models import Account
from risk.models import AccountGrant, Role
from tests.builders import market
from tests.builders.orders import leg, make_instrument, make_sent_order, make_ticket
from tests.trading.hardcases.floor import CONNECTION, Floor, position
from tests.trading.passage.conftest import STOCK
from trading.models import Break, CashBalance, ExternalOrder, Inquiry, Order, OrderRequest, Proposal, Quarantine
from trading.services import breaks, offset, rebuild, resolve

THEIRS = "typed-elsewhere"
REASON = "Looked at the broker's own screen."


@pytest.fixture
def officer(floor: Floor) -> Actor:
    user = User.objects.create_user("officer")
    AccountGrant.objects.create(user=user, account=None, role=Role.RISK_OFFICER)
    return Actor(user)


def ticket(floor: Floor, quantity: int = 5) -> OrderTicket:
    return OrderTicket(
        account=floor.account.code,
        underlying=STOCK,
        legs=(TicketLeg(STOCK, Side.BUY, PositionEffect.OPEN, multiplier=1),),
        quantity=quantity,
        ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.DAY,
        price_effect=PriceEffect.DEBIT,
        limit_price=Decimal("190.00"),
    )


def strange(floor: Floor, status: OrdStatus = OrdStatus.NEW, cum: int = 0, quantity: int = 5) -> OrderReport:
    number = floor.account.broker_account
    return OrderReport(number, THEIRS, "B77", status, quantity, cum, ticket=ticket(floor, quantity))


def strange_fill(floor: Floor, exec_id: str, qty: int) -> ExecutionReport:
    """Return a fill of an order that was never ours."""
    known = Order(cl_ord_id=THEIRS, account=floor.account)
    return floor.fill(known, exec_id, qty)


def test_h14_an_unfilled_order_from_elsewhere_gets_a_row_and_is_watched(floor: Floor) -> None:
    for _ in range(2):
        floor.ask(strange(floor))

    order = Order.objects.get()
    assert (order.origin, order.status, order.order_qty, order.leaves_qty) == ("EXTERNAL", "NEW", 5, 5)
    assert (order.proposal, order.limit_price, ExternalOrder.objects.get().state) == (None, Decimal(190), "OBSERVED")
    assert AuditEntry.objects.filter(action="order.alert", payload__code="EXTERNAL_ORDER").count() == 1
    assert floor.session.canceled == []


def test_h14_several_executions_of_one_unknown_order_make_one_order(floor: Floor) -> None:
    for exec_id, qty in (("z1", 2), ("z2", 3), ("z1", 2)):
        floor.hear(strange_fill(floor, exec_id, qty))

    order = Order.objects.get()
    assert (order.origin, order.order_qty, order.cum_qty, order.overfill_qty, position()) == ("EXTERNAL", 5, 5, 0, 5)
    assert not Break.objects.exists()
    assert not list(rebuild.differences(floor.account, now=floor.now))


def test_h14_the_list_says_how_large_it_is_and_how_it_ends(floor: Floor) -> None:
    floor.hear(strange_fill(floor, "z1", 2))
    fill = strange_fill(floor, "z1", 2)
    floor.later(1)
    floor.ask(replace(strange(floor, OrdStatus.PARTIALLY_FILLED, 2, 8), fills=(fill,)))
    open_now = Order.objects.get()

    floor.later(1)
    floor.ask(replace(strange(floor, OrdStatus.CANCELED, 2, 8), fills=(fill,)))

    order = Order.objects.get()
    assert (open_now.status, open_now.order_qty, open_now.leaves_qty) == ("PARTIALLY_FILLED", 8, 6)
    assert (order.status, order.cum_qty, order.leaves_qty) == ("CANCELED", 2, 0)


@pytest.mark.parametrize(
    ("policy", "state", "cancels"),
    [("OBSERVE", "OBSERVED", 0), ("ADOPT", "ADOPTED", 0), ("CANCEL", "CANCELING", 1)],
)
def test_h14_the_account_s_policy_decides(floor: Floor, policy: str, state: str, cancels: int) -> None:
    Account.objects.update(external_policy=policy)

    for _ in range(2):
        floor.ask(strange(floor))
        floor.send()

    assert ExternalOrder.objects.get().state == state
    assert [orig for _, orig in floor.session.canceled] == [THEIRS] * cancels


def test_h14_a_person_adopts_or_cancels_it_with_a_reason(floor: Floor, officer: Actor) -> None:
    floor.ask(strange(floor))
    order = Order.objects.get()
    with pytest.raises(InvalidInputError):
        resolve.adopt(order_id=order.pk, reason="short", actor=officer, now=floor.now)
    with pytest.raises(ForbiddenError):
        resolve.adopt(order_id=order.pk, reason=REASON, actor=floor.actor, now=floor.now)

    resolve.cancel_external(order_id=order.pk, reason=REASON, actor=officer, now=floor.now)
    floor.send()

    assert floor.session.canceled[0][1] == THEIRS
    assert (ExternalOrder.objects.get().state, Order.objects.get().status) == ("CANCELING", "PENDING_CANCEL")
    with pytest.raises(resolve.NotOpenError):
        resolve.adopt(order_id=order.pk, reason=REASON, actor=officer, now=floor.now)


def nameless(floor: Floor, exec_id: str, qty: int, theirs: str = "B77") -> ExecutionReport:
    """Return a fill as a gateway tells it of an order placed in its own window: by the broker's id alone."""
    return replace(strange_fill(floor, exec_id, qty), cl_ord_id="", broker_order_id=theirs)


def test_h14_an_order_that_has_no_name_of_ours_goes_by_the_broker_s(floor: Floor) -> None:
    for _ in range(2):
        floor.ask(replace(strange(floor), cl_ord_id=""), replace(strange(floor), cl_ord_id="", broker_order_id="B78"))

    assert sorted(ExternalOrder.objects.values_list("theirs", flat=True)) == ["B77", "B78"]
    assert not Quarantine.objects.exists()


def test_h14_what_a_nameless_order_trades_is_booked_once_on_one_row(floor: Floor) -> None:
    floor.hear(nameless(floor, "z1", 2))
    fills = (nameless(floor, "z1", 2), nameless(floor, "z2", 3))
    floor.later(1)

    for _ in range(2):
        floor.ask(replace(strange(floor, OrdStatus.FILLED, 5), cl_ord_id="", fills=fills))
        floor.hear(*fills)

    order = Order.objects.get()
    assert (order.origin, order.status, order.cum_qty, position()) == ("EXTERNAL", "FILLED", 5, 5)
    assert not Quarantine.objects.exists()


def test_h14_a_nameless_order_is_cancelled_under_the_broker_s_name(floor: Floor, officer: Actor) -> None:
    floor.ask(replace(strange(floor), cl_ord_id=""))

    resolve.cancel_external(order_id=Order.objects.get().pk, reason=REASON, actor=officer, now=floor.now)
    floor.send()

    assert floor.session.canceled[0][1] == "B77"
    assert floor.session.submitted == []


def test_h14_executions_that_name_no_order_at_all_are_each_their_own(floor: Floor) -> None:
    floor.hear(nameless(floor, "z1", 2, ""), nameless(floor, "z2", 3, ""))

    assert (Order.objects.count(), position()) == (2, 5)


def test_h14_one_without_terms_is_set_aside(floor: Floor) -> None:
    floor.ask(replace(strange(floor), ticket=None))

    assert (Quarantine.objects.get().code, Order.objects.count()) == ("UNKNOWN_ORDER", 0)


def theirs(floor: Floor, qty: int, px: str = "150.00") -> list[PositionReport]:
    return [PositionReport(floor.account.broker_account, STOCK, qty, Decimal(px))]


def test_h15_a_position_that_differs_is_written_down_and_halts_what_opens(floor: Floor) -> None:
    floor.ask(positions=theirs(floor, 7))

    row = Break.objects.get()
    assert (row.kind, row.subject, row.ours, row.theirs, row.underlying) == ("POSITION", STOCK, "0", "7", STOCK)
    assert position() == 0


def test_h15_it_closes_by_itself_once_the_books_agree(floor: Floor) -> None:
    floor.ask(positions=theirs(floor, 7))

    floor.ask()

    assert Break.objects.get().resolution == breaks.AGREED


def test_h15_a_person_s_adjustment_goes_through_the_books_and_says_what_it_is(floor: Floor, officer: Actor) -> None:
    floor.ask(positions=theirs(floor, 7))
    row = Break.objects.get()

    resolve.resolve_break(break_id=row.pk, reason=REASON, adjusts=True, price=None, actor=officer, now=floor.now)

    order = Order.objects.get()
    assert (order.origin, order.status, position()) == ("RECONCILIATION", "FILLED", 7)
    assert AuditEntry.objects.get(action="break.adjusted").payload["reason"] == REASON
    assert not list(rebuild.differences(floor.account, now=floor.now))
    with pytest.raises(resolve.NotOpenError):
        resolve.resolve_break(break_id=row.pk, reason=REASON, adjusts=True, price=None, actor=officer, now=floor.now)


def test_h15_a_reason_alone_books_nothing_and_the_difference_comes_back(floor: Floor, officer: Actor) -> None:
    floor.ask(positions=theirs(floor, 7))
    break_id = Break.objects.get().pk

    resolve.resolve_break(break_id=break_id, reason=REASON, adjusts=False, price=None, actor=officer, now=floor.now)
    floor.ask(positions=theirs(floor, 7))

    assert position() == 0
    assert Break.objects.filter(resolved_at=None).count() == 1


def test_h15_whoever_may_not_resolves_nothing(floor: Floor) -> None:
    floor.ask(positions=theirs(floor, 7))

    with pytest.raises(ForbiddenError):
        resolve.resolve_break(
            break_id=Break.objects.get().pk, reason=REASON, adjusts=False, price=None, actor=floor.actor, now=floor.now
        )


@pytest.mark.parametrize(("off", "found"), [("0.04", 0), ("0.05", 0), ("0.06", 1), ("-0.05", 0), ("-0.06", 1)])
def test_h15_cash_may_differ_by_five_cents(floor: Floor, off: str, found: int) -> None:
    ours = CashBalance.objects.get(account=floor.account).cash

    floor.ask(cash=ours + Decimal(off))

    assert Break.objects.filter(kind="CASH").count() == found


def test_h15_fees_on_their_way_are_no_difference(floor: Floor) -> None:
    order = floor.working()
    floor.hear(floor.fill(order, "e1", 10))
    ours = CashBalance.objects.get(account=floor.account).cash
    floor.later(1)

    floor.ask(cash=ours + Decimal("1.05"))
    at_most = Break.objects.count()
    floor.later(1)
    floor.ask(cash=ours + Decimal("1.06"))

    assert (at_most, Break.objects.get().kind) == (0, "CASH")


def test_h15_cash_is_adjusted_through_the_ledger(floor: Floor, officer: Actor) -> None:
    ours = CashBalance.objects.get(account=floor.account).cash
    floor.ask(cash=ours - Decimal(12))

    resolve.resolve_break(
        break_id=Break.objects.get().pk, reason=REASON, adjusts=True, price=None, actor=officer, now=floor.now
    )

    assert CashBalance.objects.get(account=floor.account).cash == ours - Decimal(12)


@pytest.mark.parametrize(("px", "found"), [("200.02", 0), ("200.021", 1), ("199.98", 0), ("199.979", 1)])
def test_h15_an_average_price_may_differ_by_a_hundredth_of_a_percent(floor: Floor, px: str, found: int) -> None:
    order = floor.working()
    floor.hear(floor.fill(order, "e1", 10))
    floor.later(1)

    floor.ask(positions=theirs(floor, 10, px))

    rows = Break.objects.filter(kind="PRICE")
    assert (rows.count(), [row.underlying for row in rows]) == (found, [""] * found)


def test_h16_an_old_list_with_fewer_fills_changes_nothing(floor: Floor) -> None:
    order = floor.working()
    floor.hear(floor.fill(order, "e1", 5))

    floor.ask(floor.listed(order, OrdStatus.CANCELED, cum=2))

    order.refresh_from_db()
    assert (order.status, order.cum_qty) == ("PARTIALLY_FILLED", 5)


def test_h16_a_list_with_more_fills_than_were_told_asks_for_them_before_anything_ends(floor: Floor) -> None:
    order = floor.working()

    floor.ask(floor.listed(order, OrdStatus.CANCELED, cum=5))

    order.refresh_from_db()
    assert (order.status, order.cum_qty) == ("NEW", 0)
    assert Inquiry.objects.get(answered_at=None).why == "EXECUTIONS_MISSING"

    floor.later(1)
    floor.ask(floor.listed(order, OrdStatus.CANCELED, floor.fill(order, "e1", 5)))

    order.refresh_from_db()
    assert (order.status, order.cum_qty, Inquiry.objects.filter(answered_at=None).count()) == ("CANCELED", 5, 0)


NEAR, FAR = "AAPL  260612P00195000", "AAPL  260612P00190000"


def test_h17_legs_out_of_ratio_are_booked_called_out_and_hold_the_name_up(floor: Floor) -> None:
    account = floor.account
    legs = [leg(NEAR), leg(FAR, Side.BUY)]
    made = make_ticket(account, legs, quantity=2, price_effect=PriceEffect.CREDIT, limit_price="1.00")
    order = make_sent_order(replace(made, underlying=STOCK), account, origin="spread")

    one_leg = LegFill("e1", 0, NEAR, Side.SELL, 2, Decimal("3.10"), Decimal(0))
    floor.hear(floor.report(order, ReportKind.FILL, fills=(one_leg,), combo_qty=2))

    row = Break.objects.get()
    assert (position(NEAR), row.code, row.underlying) == (-2, "LEG_IMBALANCE", STOCK)
    said = AuditEntry.objects.get(action="order.alert", payload__code="LEG_IMBALANCE")
    assert said.payload["severity"] == "CRITICAL"


def test_h17_unwinding_the_leg_that_stands_alone_is_proposed(floor: Floor) -> None:
    account = floor.account
    make_instrument(NEAR)
    market.instrument(NEAR)
    market.write_quotes([market.quote(NEAR, "3.00", "3.20", size=500)])
    legs = [leg(NEAR), leg(FAR, Side.BUY)]
    made = make_ticket(account, legs, quantity=2, price_effect=PriceEffect.CREDIT, limit_price="1.00")
    order = make_sent_order(replace(made, underlying=STOCK), account, origin="spread")
    one_leg = LegFill("e1", 0, NEAR, Side.SELL, 2, Decimal("3.10"), Decimal(0))
    floor.hear(floor.report(order, ReportKind.FILL, fills=(one_leg,), combo_qty=2))

    offset.propose_due(CONNECTION, now=floor.now)

    row = Break.objects.get()
    shown = Proposal.objects.get().content["ticket"]
    assert row.proposal is not None, row.details
    assert (shown["quantity"], shown["legs"][0]["symbol"], shown["legs"][0]["side"]) == (2, NEAR, "BUY")


def test_h18_an_order_cancelled_by_a_corporate_action_ends_and_somebody_is_told(floor: Floor) -> None:
    order = floor.working()

    floor.hear(floor.report(order, ReportKind.UNSOLICITED_CANCEL, reason="ex-date"))

    order.refresh_from_db()
    assert (order.status, order.reason) == ("CANCELED", "ex-date")
    assert AuditEntry.objects.filter(action="order.alert", payload__code="UNSOLICITED_CANCEL").exists()


def test_h18_an_order_restated_by_a_corporate_action_takes_the_new_terms_once(floor: Floor) -> None:
    order = floor.working()
    floor.hear(floor.fill(order, "e1", 2))

    for _ in range(2):
        floor.hear(floor.report(order, ReportKind.RESTATE, order_qty=20, limit_price=Decimal("100.01")))

    order.refresh_from_db()
    assert (order.status, order.order_qty, order.cum_qty, order.leaves_qty) == ("PARTIALLY_FILLED", 20, 2, 18)
    assert order.limit_price == Decimal("100.01")
    assert AuditEntry.objects.filter(action="order.alert", payload__code="RESTATED").count() == 1


def test_a_person_declares_what_is_in_doubt_not_found_in_two_steps(floor: Floor, officer: Actor) -> None:
    floor.session.fails_with = RuntimeError("The line broke.")
    order = floor.place()
    request = OrderRequest.objects.get(order=order)
    with pytest.raises(resolve.NotConfirmedError):
        resolve.declare_not_found(order_id=order.pk, confirm="X", reason=REASON, actor=officer, now=floor.now)

    resolve.declare_not_found(order_id=order.pk, confirm=request.cl_ord_id, reason=REASON, actor=officer, now=floor.now)

    order.refresh_from_db()
    assert order.status == "REJECTED"
    entry = AuditEntry.objects.get(action="order.not_found")
    assert (entry.actor, entry.payload["reason"]) == (officer.name, REASON)
