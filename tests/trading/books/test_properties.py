"""Money is neither made nor lost by counting it."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from trading.domain.books.ledger import cash_flow, deposit_postings, reversal, trade_postings
from trading.domain.books.lots import Lot, LotMethod, Trade, book
from trading.domain.books.positions import DayTrade, day_pnl, holding, market_value, unrealised

prices = st.decimals("0", "999.99", places=4)
quantities = st.integers(-50, 50).filter(bool)
trades = st.lists(st.tuples(quantities, prices), max_size=12)
multipliers = st.sampled_from([1, 100, 150])


@given(trades=trades, mark=prices, multiplier=multipliers, method=st.sampled_from(LotMethod))
def test_realised_and_unrealised_are_cash_and_market_value(
    *, trades: list[tuple[int, Decimal]], mark: Decimal, multiplier: int, method: LotMethod
) -> None:
    lots: tuple[Lot, ...] = ()
    realised = cash = Decimal(0)
    for qty, px in trades:
        result = book(lots, Trade(qty, px, multiplier), method)
        lots, realised = result.lots, realised + result.realised
        cash += cash_flow(trade_postings(qty, px, multiplier, Decimal(0)))

    held = holding(lots)

    gap = realised + unrealised(held, mark, multiplier) - cash - market_value(held.qty, mark, multiplier)
    assert held.qty == sum(qty for qty, _ in trades)
    assert len({lot.qty > 0 for lot in lots}) <= 1
    assert gap == 0


@given(trades=trades, mark=prices, previous=prices, start=st.integers(-20, 20), fee=st.decimals("0", "9", places=2))
def test_the_days_pnl_is_what_the_day_changed(
    *, trades: list[tuple[int, Decimal]], mark: Decimal, previous: Decimal, start: int, fee: Decimal
) -> None:
    day = [DayTrade(qty, px, fee) for qty, px in trades]
    cash = sum((cash_flow(trade_postings(t.qty, t.px, 100, t.fee)) for t in day), Decimal(0))
    end = start + sum(t.qty for t in day)

    pnl = day_pnl(start_qty=start, previous_close=previous, trades=day, mark=mark, multiplier=100)

    assert pnl == cash + market_value(end, mark, 100) - market_value(start, previous, 100)


@given(quantities, prices, multipliers, st.decimals("0", "99", places=2))
def test_every_posting_has_its_other_side(qty: int, px: Decimal, multiplier: int, fee: Decimal) -> None:
    for postings in (trade_postings(qty, px, multiplier, fee), deposit_postings(px)):
        assert sum((side.amount for side in postings), Decimal(0)) == 0
        assert cash_flow(postings) + cash_flow(reversal(postings)) == 0


def test_lots_close_from_the_oldest_and_what_is_left_turns_around() -> None:
    lots = (Lot(2, Decimal(2), key=1), Lot(3, Decimal(6), key=2))

    result = book(lots, Trade(-7, Decimal(3), 100, key=3))

    assert [(c.key, c.qty, c.realised) for c in result.closes] == [(1, 2, Decimal(400)), (2, 3, Decimal(300))]
    assert result.lots == (Lot(-2, Decimal(-6), key=3),)


def test_a_day_without_the_price_it_hangs_on_has_no_pnl() -> None:
    assert day_pnl(start_qty=1, previous_close=None, trades=[], mark=Decimal(1), multiplier=100) is None
    assert day_pnl(start_qty=1, previous_close=Decimal(1), trades=[], mark=None, multiplier=100) is None
    flat = [DayTrade(-1, Decimal(2))]
    assert day_pnl(start_qty=1, previous_close=Decimal(1), trades=flat, mark=None, multiplier=100) == Decimal(100)
