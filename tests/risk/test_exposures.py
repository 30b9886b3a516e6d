"""The worst of what may fill."""

import pytest

from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side
from allcore.kernel.tickets import OrderTicket
from risk.domain.exposures import (
    bound,
    cash_required,
    committed,
    free_cash,
    notional_by_underlying,
    only_reduces,
    secured,
)
from risk.domain.limits import MissingNumberError
from tests.builders.risk import (
    CALL,
    LOWER_PUT,
    PUT,
    SHARE,
    book,
    buy_back,
    combo,
    dec,
    holding,
    leg,
    pending,
    put_spread,
    request,
    roll,
    sell_call,
    sell_put,
    sell_shares,
    single,
)


def test_a_put_sold_binds_its_strike_whatever_it_brings() -> None:
    assert cash_required(request(sell_put(2, "4.16"))) == dec(50_000)


def test_a_covered_call_binds_nothing() -> None:
    asked = request(sell_call(1), book=book(holdings=(holding(SHARE, 100, "250"),)))

    assert cash_required(asked) == 0


def test_a_long_option_binds_its_limit() -> None:
    asked = request(single(CALL, Side.BUY, PositionEffect.OPEN, 3, "2.05"))

    assert cash_required(asked) == dec(615)


def test_a_market_purchase_binds_the_ask_and_fifty_cents() -> None:
    asked = request(single(CALL, Side.BUY, PositionEffect.OPEN, 1, None, ord_type=OrdType.MARKET))

    assert cash_required(asked) == dec(260)


def test_a_market_sale_costs_nothing() -> None:
    asked = request(
        single(LOWER_PUT, Side.SELL, PositionEffect.CLOSE, 1, None, ord_type=OrdType.MARKET),
        book=book(holdings=(holding(LOWER_PUT, 1),)),
    )

    assert cash_required(asked) == 0


def test_a_put_spread_binds_its_width_without_its_credit() -> None:
    assert cash_required(request(put_spread(2))) == dec(2_000)


def test_a_roll_down_binds_nothing_new() -> None:
    asked = request(roll(effect=PriceEffect.DEBIT, limit="1.00"), book=book(holdings=(holding(PUT, -1),)))

    assert cash_required(asked) == 0


def test_a_roll_up_binds_the_difference_of_the_strikes_and_its_debit() -> None:
    asked = request(
        roll(new=PUT, old=LOWER_PUT, effect=PriceEffect.DEBIT, limit="0.40"),
        book=book(holdings=(holding(LOWER_PUT, -1),)),
    )

    assert cash_required(asked) == dec(1_000) + dec(40)


def test_a_long_put_on_order_does_not_cover_what_is_sold_now() -> None:
    protection = pending(single(LOWER_PUT, Side.BUY, PositionEffect.OPEN, 1, "1.55"), cash="155")
    asked = request(sell_put(1), book=book(pending=(protection,)))

    assert cash_required(asked) == dec(25_000)


def test_two_puts_on_order_do_not_share_one_held_long() -> None:
    first = pending(sell_put(1), cash="1000")
    asked = request(sell_put(1), book=book(holdings=(holding(LOWER_PUT, 1),), pending=(first,)))

    assert cash_required(asked) == dec(25_000)


def test_only_what_is_unfilled_of_a_replace_binds() -> None:
    assert cash_required(request(sell_put(3), filled=2)) == dec(25_000)


def test_free_cash_is_what_neither_positions_nor_orders_bind() -> None:
    asked = request(book=book(holdings=(holding(PUT, -1),), pending=(pending(sell_put(1), cash="25000"),)))

    assert free_cash(asked) == dec(50_000)


def test_committed_counts_puts_at_strike_and_longs_at_market() -> None:
    holdings = (holding(PUT, -1, "9.00"), holding(SHARE, 100, "251.00"), holding(CALL, 1, "2.05"))
    working = pending(sell_put(1, "1.50", LOWER_PUT), cash="24000")

    assert committed(holdings, (working,)) == dec(25_000) + dec(25_100) + dec(205) + dec(24_000)


def test_an_order_without_a_reservation_counts_at_its_worst_all_the_same() -> None:
    assert bound((), (pending(sell_put(2), cash="0"),)) == dec(50_000)


def test_what_a_purchase_pays_and_a_sale_may_bind_are_added() -> None:
    buying = pending(single(CALL, Side.BUY, PositionEffect.OPEN, 1, "2.05"), cash="0")

    assert bound((), (buying, pending(sell_put(1), cash="0"))) == dec(25_205)


def test_a_reservation_counts_where_it_is_the_larger() -> None:
    assert bound((holding(LOWER_PUT, 1),), (pending(sell_put(1), cash="25000"),)) == dec(25_000)


def test_a_long_without_a_mark_cannot_be_counted() -> None:
    with pytest.raises(MissingNumberError, match="no mark"):
        committed((holding(SHARE, 100, None),), ())


def test_a_short_without_a_mark_is_counted_at_its_strike() -> None:
    assert secured((holding(PUT, -1, None),)) == dec(25_000)


def test_notional_is_told_by_underlying() -> None:
    nvda = holding("NVDA", 10, "130")

    assert notional_by_underlying((holding(PUT, -1), nvda), ()) == {"NVDA": dec(1_300), "TSLA": dec(25_000)}


REDUCING = {
    "buying back a short put": (buy_back(1), (holding(PUT, -2),), True),
    "buying back all of it": (buy_back(2), (holding(PUT, -2),), True),
    "buying back more than is short": (buy_back(3), (holding(PUT, -2),), False),
    "buying back what is not held": (buy_back(1), (), False),
    "closing what is long by buying": (buy_back(1), (holding(PUT, 1),), False),
    "selling free shares": (sell_shares(100), (holding(SHARE, 100, "250"),), True),
    "selling shares that cover a call": (
        sell_shares(100),
        (holding(SHARE, 100, "250"), holding(CALL, -1)),
        False,
    ),
    "selling the wing of a spread": (
        single(LOWER_PUT, Side.SELL, PositionEffect.CLOSE, 1, "1.55"),
        (holding(PUT, -1), holding(LOWER_PUT, 1)),
        False,
    ),
    "closing the whole spread": (
        combo(
            leg(PUT, Side.BUY, PositionEffect.CLOSE),
            leg(LOWER_PUT, Side.SELL, PositionEffect.CLOSE),
            effect=PriceEffect.DEBIT,
            limit="2.60",
        ),
        (holding(PUT, -1), holding(LOWER_PUT, 1)),
        True,
    ),
    "a roll": (roll(effect=PriceEffect.CREDIT, limit="0.10"), (holding(PUT, -1),), False),
}


@pytest.mark.parametrize(("ticket", "holdings", "reduces"), REDUCING.values(), ids=REDUCING.keys())
def test_an_order_only_reduces_if_it_flips_nothing_and_uncovers_nothing(
    ticket: OrderTicket, holdings: tuple[object, ...], reduces: bool
) -> None:
    assert only_reduces(request(ticket, book=book(holdings=holdings))) is reduces


def test_the_same_contract_is_not_closed_twice() -> None:
    asked = request(buy_back(1), book=book(holdings=(holding(PUT, -1),), pending=(pending(buy_back(1)),)))

    assert not only_reduces(asked)
