"""Which of E*TRADE's kinds of order some legs make. It has no kind for just any legs."""

from allcore.kernel.instruments import OptionContract
from allcore.kernel.tickets import OrderTicket, TicketLeg
from brokers.errors import NotTakenError
from brokers.etrade.products import option_named

SHARES_A_CONTRACT = 100
Option = tuple[TicketLeg, OptionContract]


def kind_of(ticket: OrderTicket) -> str:
    """Return the `orderType`.

    Raises:
        NotTakenError: the legs make none.
    """
    options = [(leg, option) for leg in ticket.legs if (option := option_named(leg.symbol)) is not None]
    shares = [leg for leg in ticket.legs if option_named(leg.symbol) is None]
    kind = _kind(options, shares)
    if kind is None:
        raise NotTakenError("E*TRADE has no kind of order for these legs; send them as several orders.")
    return kind


def _kind(options: list[Option], shares: list[TicketLeg]) -> str | None:
    match len(options), len(shares):
        case (0, 1) | (1, 0):
            alone = shares[0] if shares else options[0][0]
            return None if alone.ratio != 1 else "EQ" if shares else "OPTN"
        case 1, 1:
            is_lot = shares[0].ratio == SHARES_A_CONTRACT * options[0][0].ratio
            return "BUY_WRITES" if is_lot and shares[0].side is not options[0][0].side else None
        case 2, 0:
            return "SPREADS" if _has_one_root(options) else None
        case 3 | 4, 0:
            return _winged(options) if _has_one_root(options) and _has_one_expiry(options) else None
        case _:
            return None


def _winged(options: list[Option]) -> str | None:
    """Return the kind of three or four options of one expiry: wings one way, the body the other."""
    ordered = sorted(options, key=lambda pair: (pair[1].strike, pair[1].right == "C"))
    sides = [leg.side for leg, _ in ordered]
    ratios = [leg.ratio for leg, _ in ordered]
    rights = "".join(option.right for _, option in ordered)
    wing = sides[0]
    if len(options) == 3:
        is_butterfly = sides == [wing, wing.opposite, wing] and ratios == [1, 2, 1]
        return "BUTTERFLY" if is_butterfly and rights in ("CCC", "PPP") else None
    if sides != [wing, wing.opposite, wing.opposite, wing] or set(ratios) != {1}:
        return None
    if rights in ("CCCC", "PPPP"):
        return "CONDOR"
    is_iron_butterfly = ordered[1][1].strike == ordered[2][1].strike
    return None if rights != "PPCC" else "IRON_BUTTERFLY" if is_iron_butterfly else "IRON_CONDOR"


def _has_one_root(options: list[Option]) -> bool:
    return len({option.root for _, option in options}) == 1


def _has_one_expiry(options: list[Option]) -> bool:
    return len({option.expiry for _, option in options}) == 1
