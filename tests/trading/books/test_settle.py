"""What the broker says is applied once, whole, and in few statements."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from allcore.audit.models import AuditEntry
from allcore.kernel.orders import PositionEffect, PriceEffect, Side
from allcore.kernel.reports import ReportKind
from brokers.models import Account
from risk.models import Reservation
from tests.builders.orders import (
    LOWER_PUT,
    NOW,
    PUT,
    SHARE,
    leg,
    make_account,
    make_instrument,
    make_order,
    make_sent_order,
    make_ticket,
)
from tests.builders.reports import assignment, expiry, fill, leg_fill, report, stray_fill
from trading.models import (
    BookEvent,
    CashBalance,
    Execution,
    LedgerEntry,
    Lot,
    LotClose,
    Order,
    OrderEvent,
    OrderRequest,
    Position,
    Quarantine,
)
from trading.services import rebuild
from trading.services.advance import advance
from trading.services.fund import deposit
from trading.services.settle import apply_reports

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(seconds=1)


@pytest.fixture
def account() -> Account:
    account = make_account()
    deposit(account, Decimal(100_000), NOW - timedelta(days=1), "Opening balance")
    return account


@pytest.fixture
def order(account: Account) -> Order:
    return make_sent_order(make_ticket(account, quantity=3), account)


def settle(*reports: object, now: object = LATER) -> None:
    apply_reports("paper", reports, now=now)  # type: ignore[arg-type] # whatever the test says


def cash(account: Account) -> Decimal:
    return CashBalance.objects.get(account=account).cash


def position(symbol: str = PUT) -> Position:
    return Position.objects.get(instrument__symbol=symbol)


def books() -> list[object]:
    """Everything that a second delivery must leave alone."""
    tables = (Order, OrderEvent, OrderRequest, Execution, BookEvent, Lot, LotClose, Position, LedgerEntry, CashBalance)
    return [list(table.objects.order_by("pk").values()) for table in tables] + [AuditEntry.objects.count()]


def buying(account: Account, quantity: int = 3, origin: str = "close") -> Order:
    legs = [leg(side=Side.BUY, effect=PositionEffect.CLOSE)]
    return make_sent_order(make_ticket(account, legs, quantity=quantity, limit_price="1.00"), account, origin=origin)


def agree(account: Account) -> bool:
    return not list(rebuild.differences(account, now=LATER))


def test_a_fill_books_order_execution_lot_position_cash_and_audit(account: Account, order: Order) -> None:
    quote = {"bid": "3.10", "ask": "3.20"}
    settle(fill(order, leg_fill("e1", 2, "3.12"), raw={"quotes": {PUT: quote}}))

    order.refresh_from_db()
    execution, lot, held = Execution.objects.get(), Lot.objects.get(), position()
    assert (order.status, order.cum_qty, order.avg_px) == ("PARTIALLY_FILLED", 2, Decimal("3.12"))
    assert (execution.exec_id, execution.side, execution.qty, execution.market) == ("e1", "SELL", 2, quote)
    assert (lot.open_qty, lot.price, lot.execution) == (-2, Decimal("3.12"), execution)
    assert (held.qty, held.avg_px, held.fees, held.realised) == (-2, Decimal("3.12"), Decimal("0.65"), Decimal(0))
    assert cash(account) == Decimal(100_000) + Decimal(624) - Decimal("0.65")
    assert AuditEntry.objects.filter(action="execution.booked", subject=f"order:{order.pk}").exists()
    assert OrderRequest.objects.get(order=order).state == "ACKED"
    assert agree(account)


def test_closing_realises_first_in_first_out_and_gives_the_reservation_back(account: Account, order: Order) -> None:
    settle(fill(order, leg_fill("e1", 1, "3.00")), fill(order, leg_fill("e2", 2, "3.20"), at=LATER))
    closing = buying(account, 2)
    settle(fill(closing, leg_fill("e3", 2, "1.00", side=Side.BUY), at=LATER))

    held = position()
    assert (held.qty, held.avg_px) == (-1, Decimal("3.20"))
    assert held.realised == Decimal(200) + Decimal(220)
    assert [(c.qty, c.realised) for c in LotClose.objects.order_by("id")] == [(-1, Decimal(200)), (-1, Decimal(220))]
    assert Reservation.objects.get(order_id=closing.pk).released_at == LATER
    assert agree(account)


def test_a_flip_closes_all_and_opens_the_rest(account: Account, order: Order) -> None:
    settle(fill(order, leg_fill("e1", 3, "3.00")))
    settle(fill(buying(account, 5), leg_fill("e2", 5, "1.00", side=Side.BUY), at=LATER))

    held = position()
    assert (held.qty, held.avg_px, held.realised) == (2, Decimal(1), Decimal(600))
    assert held.opened_at == LATER
    assert agree(account)


def test_flat_is_flat_and_keeps_what_was_realised(account: Account, order: Order) -> None:
    settle(fill(order, leg_fill("e1", 3, "3.00")), fill(buying(account), leg_fill("e2", 3, "3.50", side=Side.BUY)))

    held = position()
    assert (held.qty, held.avg_px, held.opened_at, held.realised) == (0, None, None, Decimal(-150))
    assert agree(account)


def test_every_message_three_times_is_every_message_once(account: Account, order: Order) -> None:
    said = [
        report(order, ReportKind.ACK),
        fill(order, leg_fill("e1", 1, "3.10")),
        fill(order, leg_fill("e2", 1, "3.11")),
        report(order, ReportKind.UNSOLICITED_CANCEL, reason="halted"),
        fill(order, leg_fill("e3", 1, "3.12")),
        assignment(account, -1, 100, "240"),
    ]
    for one in said:
        settle(one)
    once = books()

    for one in said:
        settle(one)
    settle(*said)

    assert books() == once


def test_a_batch_is_worth_its_messages_one_by_one(account: Account) -> None:
    other = make_account("rev")
    deposit(other, Decimal(100_000), NOW - timedelta(days=1), "Opening balance")
    for one, batched in ((account, False), (other, True)):
        order = make_sent_order(make_ticket(one, quantity=3), one)
        closing = buying(one, 2)
        said = [
            fill(order, leg_fill(f"{one.code}1", 1, "3.10")),
            fill(order, leg_fill(f"{one.code}2", 2, "3.15")),
            fill(closing, leg_fill(f"{one.code}3", 2, "2.00", side=Side.BUY)),
        ]
        for batch in [said] if batched else [[one_report] for one_report in said]:
            settle(*batch)

    columns = ("qty", "avg_px", "realised", "fees", "opened_at")
    first, second = (list(Position.objects.filter(account=a).values(*columns)) for a in (account, other))
    assert first == second
    assert cash(account) == cash(other)
    assert agree(account)
    assert agree(other)


def test_an_exec_id_with_other_content_is_kept_aside_and_not_applied(account: Account, order: Order) -> None:
    settle(fill(order, leg_fill("e1", 1, "3.10")))
    settle(fill(order, leg_fill("e1", 1, "3.20")))
    settle(fill(order, leg_fill("e1", 1, "3.20")))

    order.refresh_from_db()
    kept = Quarantine.objects.get()
    assert (order.cum_qty, position().qty) == (1, -1)
    assert kept.code == "EXEC_ID_CONFLICT"
    assert AuditEntry.objects.filter(action="report.quarantined").count() == 1


def test_a_bad_report_does_not_hold_up_the_others(account: Account, order: Order) -> None:
    bad = fill(order, leg_fill("e1", 1, "3.10", symbol=LOWER_PUT))

    settle(bad, fill(order, leg_fill("e2", 1, "3.10")))

    assert Quarantine.objects.get().code == "LEG_MISMATCH"
    assert position().qty == -1


def test_a_late_fill_is_booked_on_the_order_that_stays_canceled(account: Account, order: Order) -> None:
    settle(report(order, ReportKind.CANCEL_ACK))
    settle(fill(order, leg_fill("e1", 1, "3.10")))

    order.refresh_from_db()
    assert (order.status, order.cum_qty, order.leaves_qty) == ("CANCELED", 1, 0)
    assert position().qty == -1
    assert AuditEntry.objects.filter(action="order.alert", payload__code="LATE_FILL").exists()


def test_an_overfill_is_booked_whole(account: Account, order: Order) -> None:
    settle(fill(order, leg_fill("e1", 5, "3.10")))

    order.refresh_from_db()
    assert (order.status, order.cum_qty, order.overfill_qty) == ("FILLED", 5, 2)
    assert position().qty == -5
    assert AuditEntry.objects.filter(action="order.alert", payload__code="OVERFILL").exists()


def test_a_rejected_order_gives_back_what_it_reserved(order: Order) -> None:
    settle(report(order, ReportKind.REJECT, reason="No such contract."))

    order.refresh_from_db()
    request = OrderRequest.objects.get(order=order)
    assert (order.status, order.reason) == ("REJECTED", "No such contract.")
    assert (request.state, request.reason, request.answered_at) == ("REJECTED", "No such contract.", LATER)
    assert Reservation.objects.get(order_id=order.pk).released_at == LATER


def test_a_partial_fill_shrinks_the_reservation(account: Account, order: Order) -> None:
    Reservation.objects.filter(order_id=order.pk).update(cash=Decimal(300))

    settle(fill(order, leg_fill("e1", 1, "3.10")))

    reserved = Reservation.objects.get(order_id=order.pk)
    assert (reserved.quantity, reserved.cash, reserved.released_at) == (2, Decimal(200), None)


def test_a_reject_answers_the_request_that_it_names(order: Order) -> None:
    settle(report(order, ReportKind.ACK))
    order.refresh_from_db()
    cancel = OrderRequest.objects.create(
        order=order,
        account=order.account,
        connection=order.connection,
        kind="CANCEL",
        cl_ord_id="CANCEL1",
        state="SENT",
        created_at=NOW,
        sent_at=NOW,
    )
    advance(order, "cancel_req", now=NOW, source="PERSON", data={"cl_ord_id": "CANCEL1"})

    settle(report(order, ReportKind.REJECT, cl_ord_id="CANCEL1", reason="too late"))

    order.refresh_from_db()
    cancel.refresh_from_db()
    assert order.status == "NEW"
    assert (cancel.state, cancel.reason) == ("REJECTED", "too late")


def test_new_terms_hold_once_they_are_accepted(order: Order) -> None:
    settle(report(order, ReportKind.ACK))
    order.refresh_from_db()
    OrderRequest.objects.create(
        order=order,
        account=order.account,
        connection=order.connection,
        kind="REPLACE",
        cl_ord_id="REPL1",
        state="SENT",
        created_at=NOW,
        sent_at=NOW,
    )
    advance(order, "replace_req", now=NOW, source="PERSON", data={"cl_ord_id": "REPL1", "px": Decimal("3.30")})

    settle(report(order, ReportKind.REPLACE_ACK, cl_ord_id="REPL1"))

    order.refresh_from_db()
    assert (order.status, order.limit_price) == ("NEW", Decimal("3.30"))
    assert order.state["chain"] == [order.cl_ord_id, "REPL1"]


def spread(account: Account) -> Order:
    legs = [leg(PUT), leg(LOWER_PUT, Side.BUY)]
    ticket = make_ticket(account, legs, quantity=2, price_effect=PriceEffect.CREDIT, limit_price="1.00")
    return make_sent_order(ticket, account)


def test_a_combination_fills_in_units_at_its_net_price(account: Account) -> None:
    order = spread(account)

    settle(
        fill(
            order,
            leg_fill("e1", 2, "3.10"),
            leg_fill("e1", 2, "2.05", side=Side.BUY, symbol=LOWER_PUT, leg=1),
            units=2,
        )
    )

    order.refresh_from_db()
    assert (order.status, order.cum_qty, order.avg_px) == ("FILLED", 2, Decimal("1.05"))
    assert (position(PUT).qty, position(LOWER_PUT).qty) == (-2, 2)
    assert cash(account) == Decimal(100_000) + Decimal(210) - Decimal("1.30")
    assert agree(account)


def test_legs_filled_out_of_their_ratio_are_booked_and_somebody_is_told(account: Account) -> None:
    order = spread(account)

    settle(fill(order, leg_fill("e1", 2, "3.10"), units=2))

    assert position(PUT).qty == -2
    assert AuditEntry.objects.filter(action="order.alert", payload__code="LEG_IMBALANCE").exists()


def test_a_bust_takes_the_trade_out_of_order_books_and_cash(account: Account, order: Order) -> None:
    settle(fill(order, leg_fill("e1", 2, "3.00")))
    closing = buying(account, 2)
    settle(fill(closing, leg_fill("e2", 2, "1.00", side=Side.BUY)))
    before = cash(account)

    settle(replace(report(closing, ReportKind.BUST), ref_exec_id="e2"))

    closing.refresh_from_db()
    held = position()
    assert (closing.status, closing.cum_qty) == ("CANCELED", 0)
    assert (held.qty, held.avg_px, held.realised, held.fees) == (-2, Decimal(3), Decimal(0), Decimal("0.65"))
    assert cash(account) == before + Decimal(200) + Decimal("0.65")
    assert Execution.objects.get(exec_id="e2").status == "BUSTED"
    assert agree(account)


def test_a_correction_replaces_the_trade_and_keeps_both_on_record(account: Account, order: Order) -> None:
    settle(fill(order, leg_fill("e1", 3, "3.00")))

    said = replace(fill(order, leg_fill("e1c", 2, "3.05")), kind=ReportKind.CORRECT, ref_exec_id="e1", combo_qty=2)
    settle(said)
    settle(said)

    order.refresh_from_db()
    assert (order.status, order.cum_qty, order.avg_px) == ("PARTIALLY_FILLED", 2, Decimal("3.05"))
    assert (position().qty, position().avg_px, position().fees) == (-2, Decimal("3.05"), Decimal("0.65"))
    assert cash(account) == Decimal(100_000) + Decimal(610) - Decimal("0.65")
    assert list(Execution.objects.order_by("id").values_list("exec_id", "status")) == [
        ("e1", "CORRECTED"),
        ("e1c", "LIVE"),
    ]
    assert agree(account)


def test_a_bust_of_something_never_booked_is_kept_aside(order: Order) -> None:
    settle(replace(report(order, ReportKind.BUST), ref_exec_id="e7"))

    assert Quarantine.objects.get().code == "UNKNOWN_EXEC_ID"


def test_what_arrives_late_is_booked_in_the_order_it_was_traded(account: Account, order: Order) -> None:
    settle(fill(order, leg_fill("e2", 1, "3.20"), at=LATER))
    settle(fill(order, leg_fill("e1", 1, "3.00"), at=NOW))
    settle(fill(buying(account, 1), leg_fill("e3", 1, "1.00", side=Side.BUY), at=LATER))

    assert position().realised == Decimal(200)
    assert position().avg_px == Decimal("3.20")
    assert agree(account)


def test_an_execution_of_an_order_that_is_not_ours_becomes_an_external_order(account: Account) -> None:
    make_instrument(PUT)
    said = stray_fill(account, leg_fill("z1", 4, "2.00"))

    settle(said)
    settle(said)

    order = Order.objects.get()
    assert (order.origin, order.status, order.order_qty, order.cum_qty) == ("EXTERNAL", "FILLED", 4, 4)
    assert (order.proposal, order.approval, order.side, order.underlying) == (None, None, "SELL", "TSLA")
    assert position().qty == -4
    assert AuditEntry.objects.filter(action="order.external").count() == 1
    assert agree(account)


def test_an_external_execution_can_be_busted(account: Account) -> None:
    make_instrument(PUT)
    said = stray_fill(account, leg_fill("z1", 4, "2.00"))
    settle(said)

    settle(replace(said, kind=ReportKind.BUST, ref_exec_id="z1", fills=()))

    assert Order.objects.get().status == "CANCELED"
    assert position().qty == 0
    assert agree(account)


def test_what_cannot_be_placed_is_kept_aside_once(account: Account) -> None:
    unknown_symbol = stray_fill(account, leg_fill("z1", 1, "2.00"))
    unknown_account = replace(unknown_symbol, account="P-nobody")
    unknown_order = replace(unknown_symbol, kind=ReportKind.ACK, fills=())

    for _ in range(2):
        settle(unknown_symbol, unknown_account, unknown_order)

    codes = Quarantine.objects.order_by("id").values_list("code", flat=True)
    assert list(codes) == ["UNLISTED_INSTRUMENT", "NOT_OUR_ACCOUNT", "UNKNOWN_ORDER"]
    assert not Execution.objects.exists()


def test_a_report_for_another_account_than_the_orders_is_kept_aside(account: Account, order: Order) -> None:
    make_account("rev")

    settle(replace(fill(order, leg_fill("e1", 1, "3.10")), account="P-rev"))

    assert Quarantine.objects.get().code == "ACCOUNT_MISMATCH"
    assert not Execution.objects.exists()


def test_an_option_expired_realises_its_premium(account: Account, order: Order) -> None:
    settle(fill(order, leg_fill("e1", 2, "3.10")))
    settle(expiry(account, -2))

    assert (position().qty, position().realised) == (0, Decimal(620))
    assert cash(account) == Decimal(100_000) + Decimal(620) - Decimal("0.65")
    assert agree(account)


def test_an_assigned_put_realises_its_premium_and_buys_the_shares_at_the_strike(account: Account, order: Order) -> None:
    settle(fill(order, leg_fill("e1", 2, "1.80", fee=Decimal(0))))
    settle(assignment(account, -2, 200, "240"))

    option, shares = position(PUT), position(SHARE)
    assert (option.qty, option.realised) == (0, Decimal(360))
    assert (shares.qty, shares.avg_px, shares.realised) == (200, Decimal(240), Decimal(0))
    assert cash(account) == Decimal(100_000) + Decimal(360) - Decimal(48_000)
    assert LedgerEntry.objects.filter(ledger="DELIVERY").get().amount == Decimal(48_000)
    assert BookEvent.objects.get().kind == "ASSIGNMENT"
    assert AuditEntry.objects.filter(action="position.assignment").exists()
    assert agree(account)


@pytest.mark.parametrize(("contracts", "paid"), [(1, 5_000), (7, 35_000), (1_000, 5_000_000)])
def test_an_adjusted_contract_costs_its_strike_times_its_multiplier(
    account: Account, order: Order, contracts: int, paid: int
) -> None:
    settle(assignment(account, -contracts, 150 * contracts, "33.33333333"))  # 50 x 100 for 150 shares

    shares = position(SHARE)
    assert cash(account) == Decimal(100_000) - paid
    assert BookEvent.objects.get().delivery_px == Decimal("33.33333333")
    assert (shares.qty, shares.avg_px) == (150 * contracts, Decimal("33.33333333"))
    assert agree(account)


def test_an_event_id_with_other_content_is_kept_aside(account: Account, order: Order) -> None:
    settle(fill(order, leg_fill("e1", 2, "1.80")))
    settle(assignment(account, -2, 200, "240"))

    settle(assignment(account, -1, 100, "240"))
    settle(replace(assignment(account, -1, 100, "240", event_id="a2"), delivery_px=None))

    assert [q.code for q in Quarantine.objects.order_by("id")] == ["EVENT_ID_CONFLICT", "NO_DELIVERY_PRICE"]
    assert position(SHARE).qty == 200


def test_an_order_that_has_not_left_cannot_be_filled(account: Account) -> None:
    order = make_order(make_ticket(account), account)

    settle(fill(order, leg_fill("e1", 1, "3.10")))

    assert Quarantine.objects.get().code == "ILLEGAL_TRANSITION"
    assert not Execution.objects.exists()


def statements(*reports: object) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        settle(*reports)
    return [q["sql"] for q in seen if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def test_an_acceptance_costs_four_statements(order: Order) -> None:
    assert len(statements(report(order, ReportKind.ACK))) <= 4


def test_a_fill_that_opens_costs_thirteen_statements_and_one_that_closes_fifteen(
    account: Account, order: Order
) -> None:
    settle(report(order, ReportKind.ACK))
    closing = buying(account)
    settle(report(closing, ReportKind.ACK))

    opened = statements(fill(order, leg_fill("e1", 3, "3.10")))
    closed = statements(fill(closing, leg_fill("e2", 3, "1.00", side=Side.BUY)))

    assert len(opened) <= 13, "\n".join(opened)
    assert len(closed) <= 15, "\n".join(closed)


def test_the_database_refuses_a_ledger_that_does_not_add_up(account: Account) -> None:
    entry = LedgerEntry.objects.filter(ledger="CASH").get()
    LedgerEntry.objects.create(
        transaction_id=entry.transaction_id, account=account, ledger="CASH", amount=1, memo="more", at=NOW
    )

    with pytest.raises(IntegrityError, match="not zero"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ledger_transaction_sums_to_zero IMMEDIATE")

    LedgerEntry.objects.create(
        transaction_id=entry.transaction_id, account=account, ledger="FEES", amount=-1, memo="more", at=NOW
    )


def test_the_database_refuses_to_rewrite_what_was_executed(account: Account, order: Order) -> None:
    settle(fill(order, leg_fill("e1", 1, "3.10")))

    for change in (
        "UPDATE execution SET px = 9",
        "DELETE FROM execution",
        "UPDATE ledger_entry SET amount = 0",
        "DELETE FROM ledger_entry",
    ):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change)
    assert Execution.objects.update(status="BUSTED") == 1


def test_a_transaction_that_fails_leaves_nothing(account: Account, order: Order) -> None:
    before = books()

    with pytest.raises(IntegrityError):
        settle_then_break(fill(order, leg_fill("e1", 1, "3.10")))

    assert books() == before


@transaction.atomic
def settle_then_break(report: object) -> None:
    settle(report)
    Execution.objects.update(px=Decimal(9))
