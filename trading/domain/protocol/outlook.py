"""How likely each week type is before the week ends, under the log-normal law that the option's own price implies."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, log, sqrt

from trading.domain.protocol.parameter_groups import WeekTypeRules
from trading.domain.protocol.words import WeekType

Probabilities = dict[WeekType, float]


@dataclass(frozen=True, slots=True)
class Law:
    """The price at expiry: log-normal under the risk-neutral measure.

    Units: `iv`, `rate` and `dividend_yield` a year, `years` to expiry. Source: Black and Scholes 1973 (N(d2)).
    """

    spot: float
    iv: float
    years: float
    rate: float
    dividend_yield: float = 0.0

    def below(self, price: float) -> float:
        """Return the probability that the price at expiry lies below."""
        if price <= 0:
            return 0.0
        spread = self.iv * sqrt(self.years)
        if spread <= 0:
            return 1.0 if price > self.spot else 0.0
        drift = (self.rate - self.dividend_yield - self.iv**2 / 2) * self.years
        return 0.5 * (1 + erf((log(price / self.spot) - drift) / spread / sqrt(2)))

    @property
    def one_sigma(self) -> tuple[float, float]:
        """The prices one standard deviation below and above the spot."""
        move = self.spot * self.iv * sqrt(self.years)
        return max(self.spot - move, 0.0), self.spot + move


def of_put(law: Law, strike: float, rules: WeekTypeRules) -> Probabilities:
    """Return the probabilities of a short put's ends; P-RO stands for "rolled, or assigned over the limit"."""
    limit, deep = float(rules.limit), float(rules.deep)
    cuts = (strike * (1 - deep), strike * (1 - limit), strike)
    return _between(law, cuts, (WeekType.P_DD, WeekType.P_RO, WeekType.P_AWL, WeekType.P_EW))


def of_call(law: Law, strike: float, basis: float, rules: WeekTypeRules) -> Probabilities:
    """Return the probabilities of a covered call's ends, the shares' net cost being `basis` a share."""
    limit, strong, deep = float(rules.limit), float(rules.strong), float(rules.deep)
    kept = [min(basis * (1 - share), strike) for share in (deep, strong, limit)]
    cuts = (*kept, strike, max(strike, law.spot * (1 + limit)))
    ends = (
        WeekType.P_DD,
        WeekType.C_REC,
        WeekType.C_RO,
        WeekType.C_PNO,
        WeekType.C_WAP,
        WeekType.C_WAP_PLUS,
    )
    return _between(law, cuts, ends)


def likeliest(probabilities: Probabilities) -> tuple[WeekType, float]:
    """Return the most probable type; its probability is the confidence."""
    return max(probabilities.items(), key=lambda item: item[1])


def _between(law: Law, cuts: Sequence[float], ends: Sequence[WeekType]) -> Probabilities:
    edges = [0.0, *(law.below(cut) for cut in cuts), 1.0]
    return {end: edges[n + 1] - edges[n] for n, end in enumerate(ends)}
