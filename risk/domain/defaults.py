"""The limits a new desk starts with, for a household of about $250,000. Rows in the database are what counts."""

from decimal import Decimal

from risk.domain.limits import Bound, Direction, Unit


def _bound(unit: Unit, soft: str | None, hard: str | None, direction: Direction = Direction.CEILING) -> Bound:
    return Bound(unit, None if soft is None else Decimal(soft), None if hard is None else Decimal(hard), direction)


DEFAULTS: dict[str, Bound] = {
    "quote_age": _bound(Unit.SECONDS, None, "2"),
    # Two seconds, not one: a feed vouches for standing quotes each second, and would miss a limit of one by its jitter.
    "spot_age": _bound(Unit.SECONDS, None, "2"),
    "quote_width": _bound(Unit.FRACTION, "0.15", "0.50"),
    "price_collar": _bound(Unit.FRACTION, "0.10", "0.20"),
    "price_from_mid": _bound(Unit.FRACTION, None, "0.25"),
    "price_from_model": _bound(Unit.FRACTION, "0.15", None),
    "market_width": _bound(Unit.FRACTION, None, "0.05"),
    "fat_finger": _bound(Unit.COUNT, "5", None),
    "order_contracts": _bound(Unit.CONTRACTS, "20", "50"),
    "order_premium": _bound(Unit.USD, None, "25000"),
    "order_delta": _bound(Unit.USD, None, "250000"),
    "order_notional_paper": _bound(Unit.USD, "100000", None),
    "order_notional_live": _bound(Unit.USD, "50000", None),
    "structure_loss": _bound(Unit.RATIO, "0.02", "0.05"),
    "duplicate": _bound(Unit.SECONDS, "60", "10", Direction.FLOOR),
    "messages_minute": _bound(Unit.COUNT, "30", "60"),
    "messages_second": _bound(Unit.COUNT, None, "5"),
    "open_orders": _bound(Unit.COUNT, None, "100"),
    "open_orders_name": _bound(Unit.COUNT, None, "20"),
    "position_contracts": _bound(Unit.CONTRACTS, None, "50"),
    "positions": _bound(Unit.COUNT, None, "10"),
    "expiry_day": _bound(Unit.SECONDS, None, "7200", Direction.FLOOR),
    "buffer": _bound(Unit.RATIO, None, "0.05", Direction.FLOOR),
    "deployment": _bound(Unit.RATIO, None, "0.95"),
    "name_account": _bound(Unit.RATIO, "0.55", None),
    "name_household": _bound(Unit.RATIO, "0.20", "0.25"),
    "day_loss": _bound(Unit.RATIO, None, "0.025"),
    # What engages the kill switch by itself: only a hard value arms it.
    "kill_day_loss": _bound(Unit.RATIO, None, "0.03"),
    "kill_breaks": _bound(Unit.COUNT, None, "5"),
    "kill_rejects": _bound(Unit.COUNT, None, "10"),
    "kill_messages": _bound(Unit.COUNT, None, "120"),
    "kill_stale_market": _bound(Unit.SECONDS, "120", None),
}

LABELS: dict[str, str] = {
    "quote_age": "Age of the quote",
    "spot_age": "Age of the underlying's quote",
    "quote_width": "Width of the quote",
    "price_collar": "Limit through the quote",
    "price_from_mid": "Limit beyond the middle",
    "price_from_model": "Limit beyond the model's value",
    "market_width": "Width crossed without a limit",
    "fat_finger": "Quantity beside the usual one, times",
    "order_contracts": "Contracts of one order",
    "order_premium": "Premium of one order",
    "order_delta": "Delta of one order",
    "order_notional_paper": "Notional of one order, paper",
    "order_notional_live": "Notional of one order, live",
    "structure_loss": "Loss of a spread or long option",
    "duplicate": "Time between equal orders",
    "messages_minute": "Messages a minute",
    "messages_second": "Messages a second",
    "open_orders": "Open orders of the account",
    "open_orders_name": "Open orders in one name",
    "position_contracts": "Option contracts in one name",
    "positions": "Positions of the account",
    "expiry_day": "Time before expiry for opening",
    "buffer": "Cash buffer",
    "deployment": "Deployment",
    "name_account": "One name in the account",
    "name_household": "One name in all accounts",
    "day_loss": "Loss of the day",
    "kill_day_loss": "Kill switch: loss of the day",
    "kill_breaks": "Kill switch: open differences of books",
    "kill_rejects": "Kill switch: rejections in five minutes",
    "kill_messages": "Kill switch: messages a minute to a broker",
    "kill_stale_market": "Kill switch: silence of the feed",
}
