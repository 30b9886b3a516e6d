"""What the paper broker refuses when an order arrives, and why: one table."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from allcore.kernel.calendar import Phase, next_session, phase_at, session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.money import is_on_tick
from allcore.kernel.orders import OrdType, TimeInForce
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import AUCTIONS, OrderTicket
from brokers.paper import auctions, funds
from brokers.paper.books import AccountBook
from brokers.paper.contracts import UNSETTLED, Ticks, last_moment, multiplier_of, option_named
from brokers.paper.market import far_price, net_debit
from brokers.paper.triggers import symbols_of, watched_symbol

MAX_QUANTITY = 10_000  # units of one order
MAX_SHARES = 1_000_000
COMBO_TICK = Decimal("0.01")
AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})


@dataclass(frozen=True, slots=True)
class Arrival:
    """An order at the door. `at` is the exchange's time; `working` are the account's other orders."""

    ticket: OrderTicket
    book: AccountBook
    working: tuple[OrderTicket, ...]
    quotes: Mapping[str, Quote]
    at: datetime
    ticks: Ticks
    is_cash_account: bool = False


def refusal(arrival: Arrival) -> str:
    """Return the code of the first rule that refuses the order, or nothing."""
    return next((code for code, is_broken in RULES if is_broken(arrival)), "") or _unpaid(arrival)


def expires_at(ticket: OrderTicket, at: datetime) -> datetime | None:
    """Return when the order lapses: by its time in force, and any order with the first of its contracts."""
    ends: Iterable[datetime] = [last_moment(o) for leg in ticket.legs if (o := option_named(leg.symbol)) is not None]
    end = _end_of(ticket, at)
    return min(ends if end is None else [*ends, end], default=None)


def _end_of(ticket: OrderTicket, at: datetime) -> datetime | None:
    match ticket.time_in_force:
        case TimeInForce.GTC:
            return None
        case TimeInForce.GTD:
            return ticket.expire_at
        case TimeInForce.OPG | TimeInForce.CLS:
            return auctions.auction_at(ticket.time_in_force, at) + auctions.PATIENCE
        case TimeInForce.DAY | TimeInForce.IOC | TimeInForce.FOK:
            session = session_on(new_york_date(at))
            if session is None or at >= session.closes_at:
                session = next_session(new_york_date(at))
            return session.closes_at


def _unknown(arrival: Arrival) -> bool:
    return any(symbol not in arrival.quotes for symbol in symbols_of(arrival.ticket))


def _unsupported(arrival: Arrival) -> bool:
    return any((o := option_named(leg.symbol)) is not None and o.root in UNSETTLED for leg in arrival.ticket.legs)


def _expired(arrival: Arrival) -> bool:
    options = (option_named(leg.symbol) for leg in arrival.ticket.legs)
    return any(option is not None and last_moment(option) <= arrival.at for option in options)


def _bad_multiplier(arrival: Arrival) -> bool:
    return any(leg.multiplier != multiplier_of(leg.symbol) for leg in arrival.ticket.legs)


def _too_large(arrival: Arrival) -> bool:
    has_option = any(option_named(leg.symbol) is not None for leg in arrival.ticket.legs)
    return arrival.ticket.quantity > (MAX_QUANTITY if has_option else MAX_SHARES)


def _closed(arrival: Arrival) -> bool:
    """Market and immediate orders need an open exchange; others wait for it, or for an auction."""
    ticket = arrival.ticket
    is_now = ticket.ord_type is OrdType.MARKET or ticket.time_in_force in AT_ONCE
    return is_now and ticket.time_in_force not in AUCTIONS and phase_at(arrival.at) is not Phase.OPEN


def _halted(arrival: Arrival) -> bool:
    """What cannot wait is refused in a halt, as it is while the exchange is closed."""
    ticket = arrival.ticket
    is_now = ticket.ord_type is OrdType.MARKET or ticket.time_in_force in AT_ONCE
    return is_now and any(arrival.quotes[leg.symbol].is_halted for leg in ticket.legs)


def _no_auction(arrival: Arrival) -> bool:
    is_for_auction = arrival.ticket.time_in_force in AUCTIONS
    return is_for_auction and any(option_named(leg.symbol) is not None for leg in arrival.ticket.legs)


def _auction_closed(arrival: Arrival) -> bool:
    time_in_force = arrival.ticket.time_in_force
    return time_in_force in AUCTIONS and not auctions.takes(time_in_force, arrival.at)


def _too_old(arrival: Arrival) -> bool:
    end = arrival.ticket.expire_at
    return end is not None and end <= arrival.at


def _unpriced(arrival: Arrival) -> bool:
    """The cost of an order without a price of its own is not known without a far side to it."""
    return funds.own_price(arrival.ticket) is None and _far_debit(arrival) is None


def _off_tick(arrival: Arrival) -> bool:
    ticket = arrival.ticket
    if ticket.is_multi_leg:
        return ticket.limit_price is not None and not is_on_tick(ticket.limit_price, COMBO_TICK)
    prices = ((ticket.legs[0].symbol, ticket.limit_price), (watched_symbol(ticket), ticket.stop_price))
    return any(px is not None and not is_on_tick(px, arrival.ticks(symbol, px)) for symbol, px in prices)


def _unpaid(arrival: Arrival) -> str:
    debit = funds.worst_debit(arrival.ticket, _far_debit(arrival))
    code = _unpaid_by(arrival.book.cash, debit, arrival)
    today = new_york_date(arrival.at)
    settlement = arrival.book.settlement
    if code or debit <= 0 or not arrival.is_cash_account or settlement.restricted_until(today) is None:
        return code
    return "UNSETTLED_CASH" if _unpaid_by(arrival.book.cash - settlement.fresh(today), debit, arrival) else ""


def _unpaid_by(cash: Decimal, debit: Decimal, arrival: Arrival) -> str:
    positions = {symbol: held.qty for symbol, held in arrival.book.holdings.items()}
    return funds.refusal(cash=cash, positions=positions, working=arrival.working, ticket=arrival.ticket, debit=debit)


def _far_debit(arrival: Arrival) -> Decimal | None:
    prices = [far_price(leg, arrival.quotes[leg.symbol]) for leg in arrival.ticket.legs]
    known = [px for px in prices if px is not None]
    return net_debit(arrival.ticket.legs, known) if len(known) == len(prices) else None


RULES: tuple[tuple[str, Callable[[Arrival], bool]], ...] = (
    ("UNSUPPORTED_CONTRACT", _unsupported),
    ("EXPIRED_CONTRACT", _expired),
    ("UNKNOWN_SYMBOL", _unknown),
    ("BAD_MULTIPLIER", _bad_multiplier),
    ("QUANTITY_TOO_LARGE", _too_large),
    ("NO_AUCTION", _no_auction),
    ("AUCTION_CLOSED", _auction_closed),
    ("EXPIRY_PAST", _too_old),
    ("MARKET_CLOSED", _closed),
    ("HALTED", _halted),
    ("OFF_TICK", _off_tick),
    ("NO_PRICE", _unpriced),
)

TEXTS = {
    "UNSUPPORTED_CONTRACT": "Options settled by an auction of their own are not traded here.",
    "EXPIRED_CONTRACT": "The contract has had its last session.",
    "UNKNOWN_SYMBOL": "No such instrument is quoted.",
    "BAD_MULTIPLIER": "The multiplier is not the instrument's.",
    "QUANTITY_TOO_LARGE": "The quantity is above the largest allowed.",
    "MARKET_CLOSED": "Market and immediate orders are taken while the exchange is open.",
    "HALTED": "Trading is halted: market and immediate orders are not taken.",
    "NO_AUCTION": "Options have no opening or closing auction here.",
    "AUCTION_CLOSED": "The auction takes no more orders.",
    "AUCTION_UNFILLED": "The auction's price did not reach the limit, or was not known.",
    "EXPIRY_PAST": "The order's end has passed.",
    "MARGIN_CALL": "A margin call was not met: the broker cancels orders and sells.",
    "CORPORATE_ACTION": "A corporate action has changed what the order trades.",
    "VENUE_WHIM": "The venue refused without a reason, as the chaos setting asks.",
    "OFF_TICK": "The price is not a whole number of ticks.",
    "NO_PRICE": "There is no price on the other side.",
    "INSUFFICIENT_SHARES": "The account does not hold what the order sells.",
    "INSUFFICIENT_CASH": "The account does not hold the cash the order needs.",
    "UNSETTLED_CASH": "After three violations of good faith the account may buy with settled cash alone.",
    "UNKNOWN_ORDER": "No order has that id.",
    "TOO_LATE": "The order was closed before.",
    "BAD_TERMS": "The new terms do not fit the order's type.",
    "DAY_ENDED": "The order lapsed at the close.",
    "IOC_REMAINDER": "What could not be traded at once lapsed.",
    "FOK_NOT_FILLED": "All of it could not be traded at once.",
    "DATE_ENDED": "The order lapsed at its end.",
}
