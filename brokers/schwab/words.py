"""Schwab's words and ours. What is not in a table is not guessed."""

from decimal import Decimal

from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from brokers.rest.views import Standing

OPTION_COMMISSION = Decimal("0.65")  # dollars a contract, as published; an order's JSON does not say what was taken

STANDINGS = {
    "NEW": Standing.PENDING,
    "PENDING_ACKNOWLEDGEMENT": Standing.PENDING,
    "AWAITING_MANUAL_REVIEW": Standing.WORKING,  # a person at the broker looks at it
    "ACCEPTED": Standing.WORKING,
    "QUEUED": Standing.WORKING,
    "WORKING": Standing.WORKING,
    "PENDING_ACTIVATION": Standing.WORKING,
    "AWAITING_PARENT_ORDER": Standing.WORKING,
    "AWAITING_CONDITION": Standing.WORKING,
    "AWAITING_STOP_CONDITION": Standing.WORKING,
    "AWAITING_RELEASE_TIME": Standing.WORKING,
    "AWAITING_ACCOUNT_REVIEW": Standing.WORKING,
    "PENDING_REPLACE": Standing.WORKING,
    "AWAITING_UR_OUT": Standing.CANCELING,
    "PENDING_CANCEL": Standing.CANCELING,
    "PENDING_RECALL": Standing.CANCELING,
    "FILLED": Standing.FILLED,
    "CANCELED": Standing.CANCELED,
    "REPLACED": Standing.REPLACED,
    "REJECTED": Standing.REJECTED,
    "EXPIRED": Standing.EXPIRED,
}
HELD_FOR = frozenset(
    {
        "AWAITING_MANUAL_REVIEW",
        "PENDING_ACTIVATION",
        "AWAITING_PARENT_ORDER",
        "AWAITING_CONDITION",
        "AWAITING_STOP_CONDITION",
        "AWAITING_RELEASE_TIME",
        "AWAITING_ACCOUNT_REVIEW",
    }
)

# What is said of an order beside how it stands: what Schwab publishes, and what is seen in its answers.
ACTIONS = frozenset({"EXECUTION", "ORDER_ACTION"})
TRADES = frozenset({"FILL", "PARTIAL_FILL"})
NO_TRADES = frozenset({"CANCELED"})

SINGLE_TYPES = {
    OrdType.MARKET: "MARKET",
    OrdType.LIMIT: "LIMIT",
    OrdType.STOP: "STOP",
    OrdType.STOP_LIMIT: "STOP_LIMIT",
    OrdType.TRAILING_STOP: "TRAILING_STOP",
}
COMBO_TYPES = {PriceEffect.DEBIT: "NET_DEBIT", PriceEffect.CREDIT: "NET_CREDIT", PriceEffect.EVEN: "NET_ZERO"}
TYPES = {word: kind for kind, word in SINGLE_TYPES.items()} | dict.fromkeys(COMBO_TYPES.values(), OrdType.LIMIT)
AT_THE_CLOSE = {"MARKET_ON_CLOSE": OrdType.MARKET, "LIMIT_ON_CLOSE": OrdType.LIMIT}
EFFECTS = {word: effect for effect, word in COMBO_TYPES.items()}
UNPRICED = frozenset({"MARKET", "STOP", "TRAILING_STOP", "MARKET_ON_CLOSE", "EXERCISE"})
DURATIONS = {
    TimeInForce.DAY: "DAY",
    TimeInForce.GTC: "GOOD_TILL_CANCEL",
    TimeInForce.FOK: "FILL_OR_KILL",
    TimeInForce.IOC: "IMMEDIATE_OR_CANCEL",
}
OPTION_INSTRUCTIONS = {
    (Side.BUY, PositionEffect.OPEN): "BUY_TO_OPEN",
    (Side.BUY, PositionEffect.CLOSE): "BUY_TO_CLOSE",
    (Side.SELL, PositionEffect.OPEN): "SELL_TO_OPEN",
    (Side.SELL, PositionEffect.CLOSE): "SELL_TO_CLOSE",
}
SHARE_INSTRUCTIONS = {
    (Side.BUY, PositionEffect.OPEN): "BUY",
    (Side.BUY, PositionEffect.CLOSE): "BUY_TO_COVER",
    (Side.SELL, PositionEffect.OPEN): "SELL_SHORT",
    (Side.SELL, PositionEffect.CLOSE): "SELL",
}
TIMES = {word: tif for tif, word in DURATIONS.items()} | dict.fromkeys(
    ("END_OF_WEEK", "END_OF_MONTH", "NEXT_END_OF_MONTH"), TimeInForce.GTC
)
OPENINGS = {word: effect for words in (OPTION_INSTRUCTIONS, SHARE_INSTRUCTIONS) for (_, effect), word in words.items()}
POSITION_EFFECTS = {"OPENING": PositionEffect.OPEN, "CLOSING": PositionEffect.CLOSE}
SIDES = {"BUY": Side.BUY, "BUY_TO_OPEN": Side.BUY, "BUY_TO_CLOSE": Side.BUY, "BUY_TO_COVER": Side.BUY} | {
    "SELL": Side.SELL,
    "SELL_TO_OPEN": Side.SELL,
    "SELL_TO_CLOSE": Side.SELL,
    "SELL_SHORT": Side.SELL,
}
