"""Short options near assignment are put before a person, with a trade to approve; nothing is sent by itself."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from allcore.accounts.models import User
from allcore.kernel.clock import utc_now
from allcore.kernel.instruments import OptionContract
from allcore.kernel.orders import PositionEffect, Side
from brokers.models import Account, Connection
from marketdata.models import MarketEvent
from risk.domain.circumstances import Dividend
from risk.models import AccountGrant, Role
from tests.builders import market
from tests.builders.orders import leg, make_sent_order, make_share, make_ticket
from tests.builders.reports import fill, leg_fill
from tests.builders.risk import dec, limits
from trading.domain.expiring import Cause, Seen, reasons
from trading.models import ExpiryTask, Order, Proposal
from trading.services import expiring
from trading.services.settle import apply_reports

TODAY = datetime(2026, 6, 10, tzinfo=UTC).date()
CLOSE = datetime(2026, 6, 10, 20, 0, tzinfo=UTC)
PUT = OptionContract.parse("TSLA  260610P00200000")
LATER_PUT = OptionContract.parse("TSLA  260619P00200000")
CALL = OptionContract.parse("TSLA  260619C00200000")


def found(seen: Seen, before_close: timedelta = timedelta(hours=3)) -> set[Cause]:
    return {reason.cause for reason in reasons(seen, limits(), CLOSE - before_close)}


@pytest.mark.parametrize(("price", "is_told"), [("10.04", True), ("10.05", False), ("10.06", False)])
def test_under_five_cents_of_time_value_in_the_money_is_told(price: str, is_told: bool) -> None:
    assert (found(Seen(LATER_PUT, dec(190), dec(price))) == {Cause.NO_TIME_VALUE}) is is_told


@pytest.mark.parametrize(("spot", "is_told"), [("199.99", True), ("200", False), ("200.01", False)])
def test_in_the_money_with_a_session_left_is_told(spot: str, is_told: bool) -> None:
    assert (Cause.NO_TIME_VALUE in found(Seen(PUT, dec(spot), dec(3)))) is is_told


@pytest.mark.parametrize(
    ("spot", "minutes", "is_told"),
    [("201", 60, True), ("201.01", 60, False), ("199", 60, True), ("198.99", 60, False), ("201", 61, False)],
)
def test_near_the_strike_in_the_last_hour_is_told(spot: str, minutes: int, is_told: bool) -> None:
    assert (Cause.NEAR_STRIKE in found(Seen(PUT, dec(spot), dec(3)), timedelta(minutes=minutes))) is is_told


@pytest.mark.parametrize(
    ("spot", "minutes", "is_told"),
    [("202", 15, True), ("202.01", 15, False), ("150", 15, True), ("202", 15.02, False), ("202", 0, False)],
)
def test_pinned_or_in_the_money_in_the_last_quarter_is_told(spot: str, minutes: float, is_told: bool) -> None:
    assert (Cause.PINNED in found(Seen(PUT, dec(spot), dec(3)), timedelta(minutes=minutes))) is is_told


def test_an_option_of_another_day_is_neither_near_nor_pinned() -> None:
    assert found(Seen(LATER_PUT, dec(200), dec(3)), timedelta(minutes=5)) == set()


def call(amount: str, days: int = 1, put: str | None = "0.10") -> Seen:
    due = Dividend(TODAY + timedelta(days=days), dec(amount))
    return Seen(CALL, dec(230), dec("30.2"), None if put is None else dec(put), 0.05, due)


@pytest.mark.parametrize(("amount", "is_told"), [("0.34", False), ("0.35", True)])  # keeping it is worth 0.3465
def test_a_dividend_tomorrow_that_is_worth_more_than_keeping_the_call_is_told(amount: str, is_told: bool) -> None:
    assert (Cause.DIVIDEND in found(call(amount))) is is_told


def test_a_dividend_later_is_not_told_and_one_that_cannot_be_weighed_is() -> None:
    assert Cause.DIVIDEND not in found(call("9", days=2))
    assert Cause.DIVIDEND in found(call("0.01", put=None))


def test_without_a_price_of_the_share_and_outside_the_session_nothing_is_said() -> None:
    assert found(Seen(PUT, None, dec(3))) == set()
    assert found(Seen(PUT, dec(150), dec(3)), timedelta(hours=-1)) == set()


@pytest.fixture
def account(desk: Connection) -> Account:
    """GEN-1, short one put of 200 that expires today, at ten to four, the share at 199."""
    own = Account.objects.get(code="GEN-1")
    make_share("TSLA")
    ticket = make_ticket(own, [leg(PUT.symbol, Side.SELL, PositionEffect.OPEN)], quantity=1)
    order = make_sent_order(ticket, own)
    said = fill(order, leg_fill("x", 1, "3.10", symbol=PUT.symbol), at=CLOSE - timedelta(hours=5))
    apply_reports(own.connection.name, [said], now=utc_now())
    see("199")
    return own


def see(spot: str, before_close: timedelta = timedelta(minutes=10)) -> None:
    at, bid = CLOSE - before_close, float(spot)
    market.write_clock(at)
    market.write_quotes([market.quote("TSLA", bid - 0.01, bid + 0.01, source_at=at)])
    market.write_quotes([market.quote(PUT.symbol, "1.00", "1.10", source_at=at)])


def watch() -> dict[str, ExpiryTask]:
    expiring.watch(now=utc_now())
    tasks = ExpiryTask.objects.select_related("proposal").filter(closed_at=None)
    return {task.cause: task for task in tasks.order_by("id")}


def test_a_pinned_put_is_put_before_a_person_with_a_trade_that_closes_it(account: Account) -> None:
    orders = Order.objects.count()

    task = watch()["PINNED"]

    proposals = list(Proposal.objects.all())
    assert {proposal.strategy for proposal in proposals} == {"CLOSE_SHORT"}
    assert len(proposals) == 1  # one open for a name, whatever the causes
    ticket = proposals[0].content["ticket"]
    assert (ticket["quantity"], ticket["limit_price"], ticket["legs"][0]["side"]) == (1, "1.10", "BUY")
    assert task.sentence in {t.sentence for t in ExpiryTask.objects.all()}
    assert Order.objects.count() == orders  # nothing is sent by itself


def test_looking_again_tells_nothing_twice(account: Account) -> None:
    watch()
    before = ExpiryTask.objects.count()

    assert expiring.watch(now=utc_now()) == 0
    assert (ExpiryTask.objects.count(), Proposal.objects.count()) == (before, 1)


def test_a_price_that_leaves_the_strike_ends_the_task_and_withdraws_the_proposal(account: Account) -> None:
    watch()

    see("230")
    tasks = watch()

    assert tasks == {}
    assert Proposal.objects.get().status == "WITHDRAWN"


def test_without_fresh_quotes_what_waits_goes_on_waiting(account: Account) -> None:
    before = set(watch())

    stale = utc_now() - timedelta(minutes=2)
    market.write_quotes([market.quote("TSLA", "229.99", "230.01", received_at=stale)])

    assert set(watch()) == before


def test_a_protocol_account_is_told_of_what_is_deep_and_proposed_for_at_the_end_alone(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(tier="gen")
    see("150", timedelta(hours=2))

    tasks = watch()

    assert set(tasks) == {"NO_TIME_VALUE"}
    assert not Proposal.objects.exists()


def test_a_short_call_over_tomorrows_dividend_is_a_task(account: Account, desk: Connection) -> None:
    order = make_sent_order(
        make_ticket(account, [leg(CALL.symbol, Side.SELL, PositionEffect.OPEN)], quantity=1), account, origin="call"
    )
    filled = fill(order, leg_fill("y", 1, "9.10", symbol=CALL.symbol), at=CLOSE - timedelta(hours=5))
    apply_reports(account.connection.name, [filled], now=utc_now())
    day = TODAY + timedelta(days=1)
    MarketEvent.objects.create(instrument=make_share("TSLA"), kind="EX_DIVIDEND", day=day, amount=Decimal("1.00"))
    see("230", timedelta(hours=3))
    market.write_quotes([market.quote(CALL.symbol, "30.10", "30.20")])
    market.write_quotes([market.quote("TSLA  260619P00200000", "0.09", "0.11")])

    assert "DIVIDEND" in watch()


def signed_in(name: str, *roles: Role) -> Client:
    user = User.objects.create_user(name)
    for role in roles:
        AccountGrant.objects.create(user=user, account=None, role=role)
    client = Client()
    client.force_login(user)
    return client


def acknowledge(client: Client, task: ExpiryTask, reason: str = "The shares are wanted at that price.") -> Any:
    return client.post(
        f"/api/v1/expiry-tasks/{task.pk}/acknowledgement/", {"reason": reason}, content_type="application/json"
    )


def test_a_person_acknowledges_it_with_a_reason_and_it_stays_so(account: Account) -> None:
    task = next(t for t in watch().values() if t.proposal_id)
    client = signed_in("tom", Role.TRADER)
    assert acknowledge(client, task, "too short").status_code == 400

    answer = acknowledge(client, task)

    assert answer.status_code == 200
    assert task.cause not in watch()
    task.refresh_from_db()
    assert task.acknowledged_by is not None
    assert acknowledge(client, task).status_code == 409
    assert Proposal.objects.get().status == "WITHDRAWN"


def test_a_viewer_reads_what_waits_and_answers_nothing(account: Account) -> None:
    task = next(iter(watch().values()))
    client = signed_in("vera", Role.VIEWER)

    rows = client.get("/api/v1/expiry-tasks/").json()["results"]

    assert {row["symbol"] for row in rows} == {PUT.symbol}
    assert acknowledge(client, task).status_code == 403
