"""What befalls positions, where several things meet: the answers are counted by hand in each test."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from allcore.kernel.orders import PositionEffect, Side
from allcore.kernel.quotes import Quote
from allcore.kernel.reports import CURRENCY, BookKind, BookReport
from brokers.models import Account
from marketdata.models import Instrument
from tests.builders.orders import CALL, NOW, PUT, SHARE, leg, make_account, make_sent_order, make_share, make_ticket
from tests.builders.reports import assignment, fill, leg_fill
from trading.models import ClosingMark, Lot, Position
from trading.selectors import attribution, pnl
from trading.selectors.books import cash
from trading.services import rebuild
from trading.services.fund import deposit
from trading.services.settle import apply_reports

pytestmark = pytest.mark.django_db
START = Decimal(1_000_000)
NEXT = NOW + timedelta(days=1)
LATER = NOW + timedelta(days=2)


@pytest.fixture
def account() -> Account:
    account = make_account()
    deposit(account, START, NOW - timedelta(days=9), "Opening balance")
    return account


def trade(account: Account, name: str, qty: int, px: str, *, symbol: str = SHARE, days: int = 0) -> None:
    side = Side.BUY if qty > 0 else Side.SELL
    ticket = make_ticket(account, [leg(symbol, side, PositionEffect.OPEN)], quantity=abs(qty))
    order = make_sent_order(ticket, account, origin=name)
    said = leg_fill(name, abs(qty), px, side=side, symbol=symbol, fee=Decimal(0))
    apply_reports("paper", [fill(order, said, at=NOW + timedelta(days=days))], now=LATER)


def event(account: Account, kind: BookKind, symbol: str, qty: int, **terms: object) -> BookReport:
    seen: dict[str, object] = {"px": Decimal(0), "event_id": f"{kind}-{symbol}", "transact_at": NEXT} | terms
    return BookReport(
        kind=kind,
        connection="paper",
        account=account.broker_account,
        symbol=symbol,
        qty=qty,
        **seen,  # type: ignore[arg-type] # whatever the test says
    )


def settle(*reports: BookReport) -> None:
    apply_reports("paper", reports, now=LATER)


def made(account: Account, marks: Mapping[str, str]) -> Decimal:
    """Return realised, income and unrealised less fees, once it is certain that cash and market value say the same."""
    total = worth = Decimal(0)
    for p in Position.objects.filter(account=account).select_related("instrument"):
        mark, size = Decimal(marks.get(p.instrument.symbol, "0")), p.instrument.multiplier
        cost = sum((lot.cost for lot in Lot.objects.filter(account=account, instrument=p.instrument)), Decimal(0))
        total += p.realised + p.income - p.fees + (p.qty * mark - cost) * size
        worth += p.qty * mark * size
    assert not list(rebuild.differences(account, now=LATER))
    assert total == cash(account) - START + worth
    return total


def day_of(account: Account, marks: Mapping[str, str]) -> tuple[Decimal | None, Decimal]:
    """Return the next day's P&L of the account, and the sum of its positions'."""
    quotes = {s: Quote(s, Decimal(px), Decimal(px), 1, 1, None, NEXT, NEXT, "test") for s, px in marks.items()}
    [own] = pnl.read(NEXT, [account])
    valued = pnl.valued(own, quotes=quotes, greeks={}, last={}, peak=Decimal(0), now=NEXT)
    assert all(p.day_pnl is not None for p in valued.positions)
    return valued.day_pnl, sum((p.day_pnl or Decimal(0) for p in valued.positions), Decimal(0))


def closed_at(account: Account, **marks: str) -> None:
    """Let the first day have ended at these marks."""
    for symbol, px in marks.items():
        instrument = Instrument.objects.get(symbol=symbol)
        ClosingMark.objects.create(instrument=instrument, day=NOW.date(), px=Decimal(px))


def test_a_charge_on_a_dividend_counts_into_the_positions_day(account: Account) -> None:
    trade(account, "a", 100, "300")
    closed_at(account, TSLA="300")

    settle(event(account, BookKind.DIVIDEND, SHARE, 100, amount=Decimal("0.50"), fee=Decimal("2.00")))

    _, parts = day_of(account, {SHARE: "299.50"})
    assert made(account, {SHARE: "299.50"}) == Decimal("-2.00")
    assert parts == Decimal("-2.00")


def test_a_short_over_a_split_that_leaves_a_fraction_pays_for_it(account: Account) -> None:
    trade(account, "a", -3, "90")
    trade(account, "b", -2, "96")

    # 5 short become 7 and a half: the half, at 62 a new share, is paid for.
    settle(event(account, BookKind.SPLIT, SHARE, -5, to_qty=-7, ratio_new=3, ratio_old=2, cash=Decimal("-31.00")))

    position = Position.objects.get(instrument__symbol=SHARE)
    assert (position.qty, position.income) == (-7, Decimal("-31.00"))
    assert made(account, {SHARE: "62"}) == Decimal(462) - 7 * 62 - 31  # sold for 270 + 192


def test_a_split_then_a_new_symbol_then_a_sale_realises_what_the_first_lots_cost(account: Account) -> None:
    trade(account, "a", 10, "100")
    trade(account, "b", 10, "110")
    new = {"to_symbol": "NEWT", "to_qty": 40}
    settle(event(account, BookKind.SPLIT, SHARE, 20, to_qty=40, ratio_new=2))
    settle(event(account, BookKind.SYMBOL_CHANGE, SHARE, 40, transact_at=NEXT + timedelta(hours=1), **new))

    trade(account, "c", -30, "60", symbol="NEWT", days=2)

    # First in, first out: 20 of 50, then 10 of 55.
    assert Position.objects.get(instrument__symbol="NEWT").realised == 20 * 10 + 10 * 5
    assert made(account, {"NEWT": "60"}) == 20 * 10 + 20 * 5


def test_a_three_for_two_put_is_assigned_for_a_hundred_and_fifty_shares(account: Account) -> None:
    trade(account, "a", -1, "6.00", symbol=PUT)
    adjusted = PUT.replace("TSLA ", "TSLA1")
    terms = {"underlying": SHARE, "ratio_new": 3, "ratio_old": 2, "to_symbol": adjusted, "to_qty": -1}
    make_share()
    settle(event(account, BookKind.SPLIT, PUT, -1, multiplier=100, deliverable=150, **terms))

    strike = Instrument.objects.get(symbol=adjusted).strike or Decimal(0)
    price = (strike * 100 / 150).quantize(Decimal("1e-8"))
    told = assignment(account, -1, 150, str(price), symbol=adjusted)
    settle(replace(told, transact_at=NEXT + timedelta(hours=2)))

    assert cash(account) == START + 600 - strike * 100
    assert made(account, {SHARE: "150"}) == 600 - strike * 100 + 150 * 150


def test_part_of_a_short_position_is_assigned_and_the_rest_expires(account: Account) -> None:
    trade(account, "a", -3, "4.00", symbol=PUT)
    make_share()

    settle(
        replace(assignment(account, -1, 100, "240"), transact_at=NEXT),
        event(account, BookKind.EXPIRY, PUT, -2, event_id="x"),
    )

    assert Position.objects.get(instrument__symbol=PUT).realised == 1200
    assert made(account, {SHARE: "230"}) == 1200 - 1000


def test_a_special_dividend_on_a_covered_call_pays_the_shares_and_not_the_call(account: Account) -> None:
    trade(account, "a", 100, "300")
    trade(account, "b", -1, "5.00", symbol=CALL)
    lowered = CALL[:13] + f"{int(CALL[13:]) - 2000:08d}"

    settle(
        event(account, BookKind.SPECIAL_DIVIDEND, SHARE, 100, amount=Decimal(2)),
        event(account, BookKind.SPECIAL_DIVIDEND, CALL, -1, amount=Decimal(2), to_symbol=lowered),
    )

    assert made(account, {SHARE: "298", lowered: "5.00"}) == 0
    assert Position.objects.get(instrument__symbol=lowered).avg_px == Decimal(5)


def test_a_day_of_everything_sums_to_the_accounts(account: Account) -> None:
    trade(account, "a", 100, "300")
    trade(account, "b", -2, "4.00", symbol=PUT)
    closed_at(account, TSLA="301")
    ClosingMark.objects.create(instrument=Instrument.objects.get(symbol=PUT), day=NOW.date(), px=Decimal("4.20"))

    settle(
        event(account, BookKind.INTEREST, CURRENCY, 0, cash=Decimal("-1.23")),
        event(account, BookKind.BORROW_FEE, SHARE, -1, cash=Decimal("-0.77")),
        event(account, BookKind.DIVIDEND, SHARE, 100, amount=Decimal("0.10"), fee=Decimal("0.03")),
        replace(assignment(account, -2, 200, "250"), transact_at=NEXT + timedelta(hours=1), fee=Decimal("1.50")),
    )
    trade(account, "c", -300, "249.99", days=1)

    # Shares: 100 from 301 to 249.99, 200 from 250 to 249.99. Puts: 4.20 a share gone.
    # Cash: -1.23 - 0.77 + 10 - 0.03 - 1.50.
    by_hand = Decimal(-5101) - 2 + 840 + Decimal("6.47")
    _, parts = day_of(account, {})
    assert parts == by_hand
    assert made(account, {}) == by_hand + 100 - 40  # and the first day: shares up 1, puts up 0.20
    total = sum((part.amount for part in attribution.parts([account])), Decimal(0))
    assert total == by_hand + 60
