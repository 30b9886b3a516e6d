"""From a placeOrder's fields to the exchange's terms, and from instruments to contract fields."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.orders import OrdType, Side, TimeInForce, TriggerPrice
from tests.brokers.servers.book import Leg, Refusal, Terms
from tests.brokers.servers.listing import Instrument, Listing
from tests.brokers.servers.tws.placing import Placing

TYPES = {
    "MKT": OrdType.MARKET,
    "LMT": OrdType.LIMIT,
    "STP": OrdType.STOP,
    "STP LMT": OrdType.STOP_LIMIT,
    "TRAIL": OrdType.TRAILING_STOP,
    "LIT": OrdType.LIMIT_IF_TOUCHED,
    "MOC": OrdType.MARKET,
    "LOC": OrdType.LIMIT,
}
TIFS = {tif.value: tif for tif in TimeInForce if tif is not TimeInForce.CLS}
TRIGGERS = {
    "0": TriggerPrice.OPPOSITE,
    "1": TriggerPrice.OPPOSITE,
    "2": TriggerPrice.LAST,
    "4": TriggerPrice.OPPOSITE,
    "8": TriggerPrice.MID,
}
SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
ROOTS = {"SPX": ("SPXW",)}  # underlyings with classes of other names


def terms_of(placing: Placing, listing: Listing) -> Terms:
    """Return what the exchange is asked for.

    Raises:
        Refusal: the request makes no sense to it.
    """
    if placing["action"] not in SIDES or placing["orderType"] not in TYPES:
        raise Refusal("INVALID", f"Invalid order type {placing['orderType']!r} or action {placing['action']!r}.")
    side = SIDES[placing["action"]]
    ord_type = TYPES[placing["orderType"]]
    limited = ord_type in (OrdType.LIMIT, OrdType.STOP_LIMIT, OrdType.LIMIT_IF_TOUCHED)
    limit = _decimal(placing["lmtPrice"]) if limited else None
    if limited and limit is None:
        raise Refusal("INVALID", "The limit price is missing.")
    trails = ord_type is OrdType.TRAILING_STOP
    aux, percent = _decimal(placing["auxPrice"]), _decimal(placing["trailingPercent"])
    return Terms(
        legs=_combo_legs(placing, listing, side) if placing.is_combo else (_single_leg(placing, listing, side),),
        quantity=int(Decimal(placing["totalQuantity"] or "0")),
        ord_type=ord_type,
        time_in_force=_tif(placing),
        limit=None if limit is None else limit * side.sign,
        stop=aux if ord_type in (OrdType.STOP, OrdType.STOP_LIMIT, OrdType.LIMIT_IF_TOUCHED) else None,
        trail_amount=aux if trails and percent is None else None,
        trail_percent=percent if trails else None,
        trigger=TRIGGERS.get(placing["triggerMethod"], TriggerPrice.OPPOSITE),
        expire_at=moment_of(placing["goodTillDate"]),
    )


def _tif(placing: Placing) -> TimeInForce:
    if placing["orderType"] in ("MOC", "LOC"):
        return TimeInForce.CLS
    if placing["tif"] not in TIFS:
        raise Refusal("INVALID", f"Invalid time in force {placing['tif']!r}.")
    return TIFS[placing["tif"]]


def _single_leg(placing: Placing, listing: Listing, side: Side) -> Leg:
    instrument = find(placing.fields, listing)
    return Leg(instrument.symbol, side, 1, placing["openClose"] != "C")


def _combo_legs(placing: Placing, listing: Listing, side: Side) -> tuple[Leg, ...]:
    legs = []
    for leg in placing.legs:
        instrument = listing.numbered(int(leg["conId"] or 0))
        if instrument is None:
            raise Refusal("UNKNOWN_SYMBOL", f"No security definition has been found for conId {leg['conId']}.")
        own = SIDES[leg["action"]]
        legs.append(Leg(instrument.symbol, own if side is Side.BUY else own.opposite, int(leg["ratio"])))
    return tuple(legs)


def find(contract: dict[str, str], listing: Listing) -> Instrument:
    """Return the one instrument that the contract's fields name.

    Raises:
        Refusal: none, or several.
    """
    found = matches(contract, listing)
    if len(found) != 1:
        raise Refusal("UNKNOWN_SYMBOL", "No security definition has been found for the request")
    return found[0]


def matches(contract: dict[str, str], listing: Listing) -> list[Instrument]:
    """Return the instruments that fit the fields given; a contract number or a local symbol is enough."""
    if number := int(contract.get("conId") or 0):
        found = listing.numbered(number)
        return [] if found is None else [found]
    if local := contract["localSymbol"]:
        found = listing.named(local)
        return [] if found is None else [found]
    if contract["secType"] == "STK":
        found = listing.named(contract["symbol"])
        return [] if found is None else [found]
    if contract["secType"] != "OPT":
        return []
    roots = (contract["symbol"], *ROOTS.get(contract["symbol"], ()))
    return [o for root in roots for o in listing.options_on(root) if o.option and _fits(o.option, contract)]


def _fits(option: OptionContract, contract: dict[str, str]) -> bool:
    strike = Decimal(contract["strike"] or "0")
    return (
        f"{option.expiry:%Y%m%d}".startswith(contract["expiry"])
        and contract["right"][:1] in ("", "0", "?", option.right.value)
        and strike in (0, option.strike)
        and contract["tradingClass"] in ("", option.root)
    )


def contract_fields(instrument: Instrument, exchange: str = "SMART") -> list[object]:
    """Return the eleven fields by which answers name an instrument."""
    option = instrument.option
    if option is None:
        name = instrument.symbol
        return [instrument.number, name, "STK", "", 0, "", "", exchange, "USD", name, name]
    return [
        instrument.number,
        underlying_name(option.root),
        "OPT",
        f"{option.expiry:%Y%m%d}",
        f"{option.strike.normalize():f}",
        "C" if option.right is Right.CALL else "P",
        instrument.multiplier,
        exchange,
        "USD",
        instrument.symbol,
        option.root,
    ]


def underlying_name(root: str) -> str:
    """Return the underlying's symbol of an option class."""
    return next((name for name, roots in ROOTS.items() if root in roots), root)


def _decimal(text: str) -> Decimal | None:
    try:
        return None if text == "" else Decimal(text)
    except InvalidOperation:
        raise Refusal("INVALID", f"Not a price: {text!r}.") from None


def moment_of(text: str) -> datetime | None:
    if not text:
        return None
    if "-" in text:
        return datetime.strptime(text, "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
    day, clock, zone = text.split(" ", 2)
    return datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=ZoneInfo(zone))
