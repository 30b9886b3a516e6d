"""The gate inside the transaction: verdicts, reservations, and two orders at one limit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from allcore.kernel.tickets import OrderTicket, content_hash
from brokers.models import Account
from risk.domain.book import Pending
from risk.domain.exposures import notional_by_underlying
from risk.domain.permissions import Action
from risk.domain.request import GateRequest
from risk.domain.verdict import Outcome
from risk.models import AccountRisk, Reservation, Verdict
from risk.services import gate, reservations
from tests.builders.risk import (
    GEN_TERMS,
    NOW,
    PUT,
    book,
    buy_back,
    dec,
    holding,
    limits,
    make_account,
    market,
    pending,
    request,
    sell_put,
)

LATER = NOW + timedelta(minutes=1)
RICH = book(cash=dec(1_000_000), equity=dec(1_000_000), household_equity=dec(1_000_000))


def asked(account: Account, ticket: OrderTicket | None = None, **changes: Any) -> GateRequest:
    return replace(request(ticket, **changes), account_id=account.pk)


@pytest.mark.django_db
def test_what_passes_is_written_down_and_reserved() -> None:
    account, order_id = make_account(), uuid4()

    verdict = gate.admit(asked(account, sell_put(2)), order_id=order_id)

    assert verdict.outcome == "PASS"
    assert verdict.ticket_hash == content_hash(sell_put(2).as_dict())
    assert verdict.limits_version == limits().version
    assert verdict.checked_at == NOW
    assert len(verdict.checks) > 30
    kept = Reservation.objects.get(order_id=order_id)
    assert (kept.account, kept.verdict, kept.underlying) == (account, verdict, "TSLA")
    assert (kept.cash, kept.quantity, kept.released_at) == (dec(50_000), 2, None)


@pytest.mark.django_db
def test_what_is_blocked_is_written_down_and_not_reserved() -> None:
    account = make_account()

    verdict = gate.admit(asked(account, sell_put(2), market=market(kill_level=2)), order_id=uuid4())

    assert verdict.outcome == "HARD_BLOCK"
    assert gate.first_reason(verdict).startswith("Kill switch: ")
    assert not Reservation.objects.exists()


@pytest.mark.django_db
def test_a_soft_block_is_reserved_only_if_somebody_accepts_it() -> None:
    account, soft = make_account(), limits(order_contracts=("1", "50"))
    refused = gate.admit(asked(account, sell_put(2), limits=soft), order_id=uuid4())
    assert not Reservation.objects.exists()

    order_id, shown = uuid4(), frozenset({"order_contracts"})
    accepted = gate.admit(asked(account, sell_put(2), limits=soft), order_id=order_id, accepted=shown)

    assert refused.outcome == accepted.outcome == "SOFT_BLOCK"
    assert Reservation.objects.count() == 1


@pytest.mark.django_db
def test_nobody_lifts_a_hard_block() -> None:
    hard = limits(order_contracts=("1", "1"))

    gate.admit(
        asked(make_account(), sell_put(2), limits=hard), order_id=uuid4(), accepted=frozenset({"order_contracts"})
    )

    assert not Reservation.objects.exists()


@pytest.mark.django_db
def test_assessing_writes_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert gate.assess(request(sell_put(2))).outcome is Outcome.PASS


@pytest.mark.django_db
def test_admitting_takes_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    account = make_account()

    with django_assert_num_queries(1):
        gate.admit(asked(account, sell_put(2)), order_id=uuid4())


@pytest.mark.django_db
def test_failures_are_told_hardest_first_with_errors_as_the_hardest() -> None:
    spoilt = asked(
        make_account(),
        sell_put(2),
        terms=replace(GEN_TERMS, universe=frozenset(), entry_open=False),
        book=book(day_pnl=None),
    )

    verdict = gate.admit(spoilt, order_id=uuid4())

    assert [row["code"] for row in gate.failures(verdict)] == ["day_loss", "universe", "entry_window"]
    assert gate.first_reason(verdict) == "Loss of the day: The day's profit and loss is not known."


@pytest.mark.django_db
def test_a_verdict_says_who_may_accept_its_soft_blocks() -> None:
    account = make_account()
    days = gate.admit(asked(account, terms=replace(GEN_TERMS, entry_open=False)), order_id=uuid4())
    size = gate.admit(asked(account, sell_put(2), limits=limits(order_contracts=("1", "9"))), order_id=uuid4())

    assert gate.needed_for(days) == {Action.OVERRIDE_PROTOCOL}
    assert gate.needed_for(size) == {Action.OVERRIDE_SOFT}


@pytest.mark.django_db
def test_closing_with_a_warning_is_admitted() -> None:
    account = make_account()
    closing = asked(account, buy_back(), book=book(holdings=(holding(PUT, -1),)), market=market(spots={}))

    verdict = gate.admit(closing, order_id=uuid4())

    assert verdict.outcome == "WARN"
    assert Reservation.objects.get().cash == 0


@pytest.mark.django_db
@pytest.mark.parametrize(("quantity", "cash", "units"), [(3, 75_000, 3), (1, 50_000, 2)])
def test_until_a_replace_is_answered_the_larger_of_both_stays_reserved(quantity: int, cash: int, units: int) -> None:
    account, order_id = make_account(), uuid4()
    gate.admit(asked(account, sell_put(2)), order_id=order_id)
    working = pending(sell_put(2), cash="50000", order_id=order_id)

    new = asked(account, sell_put(quantity, "4.20"), book=replace(RICH, pending=(working,)), exclude_order_id=order_id)
    verdict = gate.readmit(new, order_id=order_id)

    kept = Reservation.objects.get(order_id=order_id)
    assert (kept.cash, kept.quantity, kept.verdict) == (dec(cash), units, verdict)


@pytest.mark.django_db
def test_a_replace_that_is_blocked_leaves_the_reservation() -> None:
    account, order_id = make_account(), uuid4()
    first = gate.admit(asked(account, sell_put(2)), order_id=order_id)

    gate.readmit(asked(account, sell_put(60), exclude_order_id=order_id), order_id=order_id)

    kept = Reservation.objects.get(order_id=order_id)
    assert (kept.cash, kept.quantity, kept.verdict) == (dec(50_000), 2, first)


@pytest.fixture
def reserved(db: None) -> UUID:
    order_id = uuid4()
    gate.admit(asked(make_account(), sell_put(3), book=RICH), order_id=order_id)
    return order_id


def test_a_reservation_shrinks_as_the_order_fills(reserved: UUID) -> None:
    reservations.shrink(reserved, 1, LATER)

    kept = Reservation.objects.get(order_id=reserved)
    assert (kept.cash, kept.quantity, kept.released_at) == (dec(25_000), 1, None)


def test_shrinking_rounds_up_to_the_cent(reserved: UUID) -> None:
    Reservation.objects.update(cash=dec("100.00"))

    reservations.shrink(reserved, 1, LATER)

    assert Reservation.objects.get(order_id=reserved).cash == dec("33.34")


def test_shrinking_twice_to_the_same_is_shrinking_once(reserved: UUID) -> None:
    reservations.shrink(reserved, 2, LATER)
    reservations.shrink(reserved, 2, LATER)
    reservations.shrink(reserved, 3, LATER)

    assert Reservation.objects.get(order_id=reserved).cash == dec(50_000)


def test_nothing_left_is_a_release(reserved: UUID) -> None:
    reservations.shrink(reserved, 0, LATER)

    assert Reservation.objects.get(order_id=reserved).released_at == LATER


def test_releasing_twice_keeps_the_first_time(reserved: UUID) -> None:
    reservations.release(reserved, NOW)
    reservations.release(reserved, LATER)
    reservations.shrink(reserved, 1, LATER)

    kept = Reservation.objects.get(order_id=reserved)
    assert (kept.released_at, kept.quantity) == (NOW, 3)


@pytest.mark.parametrize(("seconds", "swept"), [(30, 0), (31, 1)])
def test_the_sweeper_finds_what_leaked_but_not_what_is_just_being_staged(
    reserved: UUID, seconds: int, swept: int
) -> None:
    assert reservations.sweep(set(), now=NOW + timedelta(seconds=seconds)) == swept


def test_the_sweeper_leaves_open_orders_alone(reserved: UUID) -> None:
    assert reservations.sweep({reserved}, now=LATER) == 0
    assert reservations.sweep({uuid4()}, now=LATER) == 1
    assert reservations.sweep(set(), now=LATER) == 0


@pytest.mark.django_db
def test_locking_makes_the_row_it_locks() -> None:
    account = make_account()

    with transaction.atomic():
        gate.lock(account)
        gate.lock(account, underlying="TSLA")

    assert AccountRisk.objects.get().account == account


ROUNDS = 50


def working_orders(account: Account) -> tuple[Pending, ...]:
    """Return the account's open reservations as the orders they are for."""
    rows = Reservation.objects.filter(account=account, released_at=None).order_by("id")
    return tuple(pending(sell_put(r.quantity), cash=str(r.cash), order_id=r.order_id) for r in rows)


def race(admit: Callable[[int, Barrier], str]) -> list[str]:
    """Run two admissions at once and return their outcomes."""
    barrier = Barrier(2)

    def run(which: int) -> str:
        try:
            return admit(which, barrier)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(run, range(2)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("cash", "changed"),
    [
        ("83333", {}),  # each order binds 60 % of the cash
        ("1000000", {"position_contracts": (None, "3")}),
        ("1000000", {"open_orders": (None, "1")}),
        ("1000000", {"net_delta": (None, "0.0408")}),  # each is short two puts of delta 0.489 at 250.02
        ("1000000", {"vega": (None, "0.0000333")}),
        ("1000000", {"short_gamma": (None, "0.0000937")}),
        ("1000000", {"stress_loss": (None, "0.0165")}),
    ],
    ids=["cash", "contracts in the name", "open orders", "delta", "vega", "gamma", "stress"],
)
def test_of_two_orders_that_fit_alone_and_not_together_exactly_one_passes(
    cash: str, changed: dict[str, tuple[str | None, str]]
) -> None:
    account = make_account()

    def admit(which: int, barrier: Barrier) -> str:
        barrier.wait()
        with transaction.atomic():
            gate.lock(account)
            mine = book(cash=dec(cash), equity=max(dec(cash), dec(100_000)), pending=working_orders(account))
            ticket = sell_put(2, f"4.1{which}")
            return gate.admit(asked(account, ticket, book=mine, limits=limits(**changed)), order_id=uuid4()).outcome

    for round_ in range(ROUNDS):
        outcomes = race(admit)

        assert outcomes == ["HARD_BLOCK", "PASS"], f"round {round_}"
        assert Reservation.objects.filter(released_at=None).count() == 1
        Reservation.objects.update(released_at=NOW)


@pytest.mark.django_db(transaction=True)
def test_of_two_accounts_at_the_households_limit_exactly_one_passes() -> None:
    accounts = (make_account("GEN-1"), make_account("REV-1"))

    def admit(which: int, barrier: Barrier) -> str:
        account = accounts[which]
        barrier.wait()
        with transaction.atomic():
            gate.lock(account, underlying="TSLA")
            everybody = [one for each in accounts for one in working_orders(each)]
            house = book(
                account=account.code,
                household_equity=dec(166_667),
                household_notional=notional_by_underlying((), everybody),
                pending=working_orders(account),
            )
            ticket = sell_put(1, "4.16", account=account.code)
            return gate.admit(asked(account, ticket, book=house), order_id=uuid4()).outcome

    for round_ in range(ROUNDS):
        outcomes = race(admit)

        assert outcomes == ["HARD_BLOCK", "PASS"], f"round {round_}"
        Reservation.objects.update(released_at=NOW)

    assert Verdict.objects.count() == 2 * ROUNDS


@pytest.mark.django_db(transaction=True)
def test_two_first_orders_of_an_account_wait_for_each_other() -> None:
    account = make_account()

    def admit(which: int, barrier: Barrier) -> str:
        barrier.wait()
        with transaction.atomic():
            gate.lock(account)
            return str(AccountRisk.objects.count())

    assert race(admit) == ["1", "1"]
