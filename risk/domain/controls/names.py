"""Which names may be traded at all, and when their earnings keep tickets by hand away."""

from datetime import date
from decimal import Decimal

from allcore.kernel.clock import new_york_date
from risk.domain.circumstances import NameRule, NameRuleKind
from risk.domain.controls.finding import Finding, blocked, measured, passed
from risk.domain.exposures import only_reduces
from risk.domain.lines import contract_of
from risk.domain.request import GateRequest
from risk.domain.structure import opening_shorts
from risk.domain.verdict import Outcome

BY_STRATEGY = passed("The strategy keeps to its own rule of earnings.")
NONE_KNOWN = passed("No earnings are known.")


def name_rules(request: GateRequest) -> Finding:
    """A restricted name is not traded, a closing-only one not opened; with names allowed, no other one is opened."""
    name, rules = request.ticket.underlying, request.around.names
    own = {rule.kind: rule for rule in rules if rule.underlying == name}
    if restricted := own.get(NameRuleKind.RESTRICTED):
        return blocked(f"{name} is restricted: {_why(restricted)}")
    if only_reduces(request):
        return passed("The order only closes.")
    if close_only := own.get(NameRuleKind.CLOSE_ONLY):
        return blocked(f"{name} may only be closed: {_why(close_only)}")
    allowed = sorted(rule.underlying for rule in rules if rule.kind is NameRuleKind.ALLOWED)
    if allowed and name not in allowed:
        return blocked(f"{name} is not among the names allowed here: {', '.join(allowed)}.")
    return passed(f"No rule is in the way of {name}.")


def _why(rule: NameRule) -> str:
    return rule.reason if rule.reason.endswith(".") else f"{rule.reason}."


def before_earnings(request: GateRequest) -> Finding:
    """Nothing is opened by hand in the days before earnings, and no short option that expires over them."""
    if not request.is_manual:
        return BY_STRATEGY
    today = new_york_date(request.market.exchange_now)
    ahead = min((day for day in request.around.earnings if day >= today), default=None)
    if ahead is None:
        return NONE_KNOWN
    if over := [c for leg in opening_shorts(request.ticket) if (c := contract_of(leg.symbol)) and c.expiry >= ahead]:
        return Finding(Outcome.SOFT_BLOCK, f"{over[0]} expires over the earnings of {ahead}.")
    return _days(request, ahead, (ahead - today).days, "earnings_before")


def after_earnings(request: GateRequest) -> Finding:
    """Nothing is opened by hand so soon after earnings."""
    if not request.is_manual:
        return BY_STRATEGY
    today = new_york_date(request.market.exchange_now)
    behind = max((day for day in request.around.earnings if day <= today), default=None)
    return NONE_KNOWN if behind is None else _days(request, behind, (today - behind).days, "earnings_after")


def _days(request: GateRequest, day: date, count: int, code: str) -> Finding:
    name = request.ticket.underlying
    return measured(f"Days between today and the earnings of {name} on {day}:", Decimal(count), request.limits[code])
