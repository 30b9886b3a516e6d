"""The account as a whole: how it leans, what a bad day costs it, and what all names that fall together come to.

A rule's value is what the account comes to with the order; what the order does not make worse is only warned of.
"""

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from allcore.kernel.clock import seconds_between
from allcore.kernel.money import ZERO, from_float
from risk.domain import weighed as scenarios
from risk.domain.book import Holding, Pending
from risk.domain.controls.capital import in_household
from risk.domain.controls.finding import Finding, known, measured, passed, positive
from risk.domain.exposures import committed, with_order
from risk.domain.limits import MissingNumberError
from risk.domain.lines import contract_of
from risk.domain.measures.numbers import Floats
from risk.domain.request import GateRequest
from risk.domain.sheet import Sheet, cluster
from risk.domain.weighed import Pair, Weighed

PLACES = 6
OFF = {"var_99": Decimal(1), "beta_delta": Decimal(10)}  # from there on a limit holds nothing: nothing is borrowed


def risk_age(request: GateRequest) -> Finding:
    """The monitor has looked at the desk just now: who trades unwatched trades without limits."""
    age = max(seconds_between(_sheet(request).at, request.market.now), 0.0)
    return measured("The monitor's last look at the risk is aged", from_float(age, 3), request.limits["risk_age"])


def net_delta(request: GateRequest) -> Finding:
    """How much of equity the account moves like, at its underlyings' prices."""
    found = _weighed(request)
    return _of_equity(request, "net_delta", "The account's delta, of equity, is", found.largest(found.dollar_delta))


def beta_delta(request: GateRequest) -> Finding:
    """The same in the market's terms: each name's delta times its beta."""
    if _is_off(request, "beta_delta"):
        return passed("The limit is where it holds nothing; no beta is asked for.")
    found, sheet = _weighed(request), _sheet(request)
    betas = [sheet.beta(name) for name in found.names]
    each = found.dollar_delta * [betas[owner] for owner in found.book.owner]
    return _of_equity(request, "beta_delta", "The account's delta by beta, of equity, is", found.largest(each))


def vega(request: GateRequest) -> Finding:
    """What a point of volatility is worth."""
    found = _weighed(request)
    return _of_equity(request, "vega", "A volatility point, of equity, is", found.largest(found.vega))


def short_gamma(request: GateRequest) -> Finding:
    """What moves of 3 % cost by their size alone, whichever way they go."""
    found = scenarios.gamma_losses(_weighed(request))
    return _of_equity(request, "short_gamma", "A move of 3 % costs by gamma, of equity,", found)


def stress_loss(request: GateRequest) -> Finding:
    """The worst cell of the stress grid."""
    found = scenarios.stress_losses(_weighed(request), _grid(request))
    return _of_equity(request, "stress_loss", "The worst loss under stress, of equity, is", found)


def name_stress(request: GateRequest) -> Finding:
    """The worst cell for the order's underlying alone."""
    name = request.ticket.underlying
    found = scenarios.stress_losses(_weighed(request), _grid(request), name=name)
    return _of_equity(request, "name_stress", f"The worst loss of {name} under stress, of equity, is", found)


def value_at_risk(request: GateRequest) -> Finding:
    """What a day loses that one in a hundred exceeds."""
    if _is_off(request, "var_99"):
        return passed("The limit is all of the equity; no past is asked for.")
    found = scenarios.values_at_risk(_weighed(request), request, _sheet(request))
    return _of_equity(request, "var_99", "The value at risk of a day at 99 %, of equity, is", found)


def expiry(request: GateRequest) -> Finding:
    """What is at work in options that end on one day, of equity."""
    days = {c.expiry for leg in request.ticket.legs if (c := contract_of(leg.symbol)) is not None}
    if not days:
        return passed("The order trades no option.")
    before = max(_ending(request, request.pending, day) for day in days)
    after = max(_ending(request, with_order(request), day) for day in days)
    equity = positive(request.book.equity, "The account's equity")
    what = "Options that end on one day have, of equity,"
    return measured(what, after / equity, request.limits["expiry_share"], before=before / equity)


def _ending(request: GateRequest, orders: tuple[Pending, ...], day: date) -> Decimal:
    def ends(one: Holding | Pending) -> bool:
        symbols = [one.symbol] if isinstance(one, Holding) else [leg.symbol for leg in one.ticket.legs]
        return any((c := contract_of(symbol)) is not None and c.expiry == day for symbol in symbols)

    return committed([h for h in request.book.holdings if ends(h)], [p for p in orders if ends(p)])


def sector(request: GateRequest) -> Finding:
    """What the names of one sector have in all accounts, where sectors are known."""
    name, sheet = request.ticket.underlying, _sheet(request)
    own = sheet.names[name].sector if name in sheet.names else ""
    if not own:
        return passed(f"The sector of {name} is not known to the desk; the rule does not apply.")
    members = [other for other, past in sheet.names.items() if past.sector == own]
    return _household(request, "sector", f"The sector {own}, of all accounts' equity, is", members)


def correlated(request: GateRequest) -> Finding:
    """What all names that move with the order's have in all accounts; what is not known to move apart counts."""
    name = request.ticket.underlying
    among = [other for other, amount in request.book.household_notional.items() if amount != ZERO]
    members, unknown = cluster(_sheet(request), name, among)
    doubt = f" (of {', '.join(sorted(unknown))} too few days are known)" if unknown else ""
    who = (
        f"{', '.join(sorted(members))}, which fall together{doubt}"
        if len(members) > 1
        else f"{name}, which falls alone"
    )
    what = f"{who}, of all accounts' equity, is"
    return _household(request, "cluster", what, members)


def concentration(request: GateRequest) -> Finding:
    """The sum of the squares of what each name has in all accounts, of their equity."""
    equity = positive(request.book.household_equity, "The household's equity")
    name, (own_before, own_after) = request.ticket.underlying, in_household(request)
    others = sum(
        ((_at_work(request, other) / equity) ** 2 for other in request.book.household_notional if other != name), ZERO
    )
    before, after = others + (own_before / equity) ** 2, others + (own_after / equity) ** 2
    return measured("Squared shares of names sum to", after, request.limits["concentration"], before=before)


def _household(request: GateRequest, code: str, what: str, members: Collection[str]) -> Finding:
    equity = positive(request.book.household_equity, "The household's equity")
    name, (own_before, own_after) = request.ticket.underlying, in_household(request)
    others = sum((_at_work(request, other) for other in set(members) - {name}), ZERO)
    before, after = (others + own_before) / equity, (others + own_after) / equity
    return measured(what, after, request.limits[code], before=before)


def _at_work(request: GateRequest, name: str) -> Decimal:
    return known(request.book.household_notional.get(name, ZERO), f"What all accounts have in {name}")


def _of_equity(request: GateRequest, code: str, what: str, found: Pair) -> Finding:
    equity = positive(request.book.equity, "The account's equity")
    before, after = (from_float(amount, PLACES) / equity for amount in found)
    return measured(what, after, request.limits[code], before=before)


def _is_off(request: GateRequest, code: str) -> bool:
    bound = request.limits[code]
    return all(limit is None or limit >= OFF[code] for limit in (bound.soft, bound.hard))


def _weighed(request: GateRequest) -> Weighed:
    if "weighed" not in request.kept:
        request.kept["weighed"] = scenarios.weighed(request, _sheet(request))
    found: Weighed = request.kept["weighed"]
    return found


def _grid(request: GateRequest) -> Floats:
    if "grid" not in request.kept:
        request.kept["grid"] = scenarios.stress_grid(_weighed(request))
    found: Floats = request.kept["grid"]
    return found


def _sheet(request: GateRequest) -> Sheet:
    if request.sheet is None:
        raise MissingNumberError(
            "The monitor has not looked at the desk's risk: it does so some seconds after the start."
        )
    return request.sheet
