"""E*TRADE's words and ours. What is not in a table is not guessed."""

from decimal import Decimal

from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from brokers.rest.views import Standing

OPTION_COMMISSION = Decimal("0.65")  # dollars a contract, as published; a list of orders shows estimates alone
AVERAGE_STEP = Decimal("0.0001")  # to which the broker rounds an average price
CENT = Decimal("0.01")  # in which executions are priced

STANDINGS = {
    "OPEN": Standing.WORKING,
    "PARTIAL": Standing.WORKING,
    "INDIVIDUAL_FILLS": Standing.WORKING,
    "CANCEL_REQUESTED": Standing.CANCELING,
    "EXECUTED": Standing.FILLED,
    "DONE_TRADE_EXECUTED": Standing.FILLED,
    "CANCELLED": Standing.CANCELED,
    "EXPIRED": Standing.EXPIRED,
    "REJECTED": Standing.REJECTED,
}

SINGLE_TYPES = {
    OrdType.MARKET: "MARKET",
    OrdType.LIMIT: "LIMIT",
    OrdType.STOP: "STOP",
    OrdType.STOP_LIMIT: "STOP_LIMIT",
}
COMBO_TYPES = {PriceEffect.DEBIT: "NET_DEBIT", PriceEffect.CREDIT: "NET_CREDIT", PriceEffect.EVEN: "NET_EVEN"}
TYPES = {word: kind for kind, word in SINGLE_TYPES.items()} | dict.fromkeys(COMBO_TYPES.values(), OrdType.LIMIT)
AUCTIONS = {
    "MARKET_ON_OPEN": (OrdType.MARKET, TimeInForce.OPG),
    "MARKET_ON_CLOSE": (OrdType.MARKET, TimeInForce.CLS),
    "LIMIT_ON_OPEN": (OrdType.LIMIT, TimeInForce.OPG),
    "LIMIT_ON_CLOSE": (OrdType.LIMIT, TimeInForce.CLS),
}
EFFECTS = {word: effect for effect, word in COMBO_TYPES.items()}
PRICED = frozenset({"LIMIT", "STOP_LIMIT", "NET_DEBIT", "NET_CREDIT", "LIMIT_ON_OPEN", "LIMIT_ON_CLOSE"})
TERMS = {
    TimeInForce.DAY: "GOOD_FOR_DAY",
    TimeInForce.GTC: "GOOD_UNTIL_CANCEL",
    TimeInForce.IOC: "IMMEDIATE_OR_CANCEL",
    TimeInForce.FOK: "FILL_OR_KILL",
}
TIMES = {word: tif for tif, word in TERMS.items()} | {"GOOD_TILL_DATE": TimeInForce.GTC}
AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})
OPTION_ACTIONS = {
    (Side.BUY, PositionEffect.OPEN): "BUY_OPEN",
    (Side.BUY, PositionEffect.CLOSE): "BUY_CLOSE",
    (Side.SELL, PositionEffect.OPEN): "SELL_OPEN",
    (Side.SELL, PositionEffect.CLOSE): "SELL_CLOSE",
}
SHARE_ACTIONS = {
    (Side.BUY, PositionEffect.OPEN): "BUY",
    (Side.BUY, PositionEffect.CLOSE): "BUY_TO_COVER",
    (Side.SELL, PositionEffect.OPEN): "SELL_SHORT",
    (Side.SELL, PositionEffect.CLOSE): "SELL",
}
OPENINGS = {word: effect for words in (OPTION_ACTIONS, SHARE_ACTIONS) for (_, effect), word in words.items()}
SIDES = {word: side for words in (OPTION_ACTIONS, SHARE_ACTIONS) for (side, _), word in words.items()}

RATE_LIMIT = "exceeded the rate limit"  # in a page of HTML, with status 400
# A refusal to place in one of these words does not say that nothing was booked: the first of two may have been.
DOUBTFUL = ("duplicate", "already been", "already placed", "already submitted", "not currently available")
