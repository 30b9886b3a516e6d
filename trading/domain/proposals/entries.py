"""New positions: a cash-secured put for cash, a covered call for shares."""

from datetime import date
from decimal import Decimal
from math import inf

from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.quotes import Greeks
from marketdata.domain.pricing import years_to_expiry
from trading.domain.proposals import tickets
from trading.domain.proposals.sentences import price
from trading.domain.proposals.ttl import entry_minutes
from trading.domain.proposals.view import Alternative, Idea, Known, Note, Rule, SleeveView, idle, waiting
from trading.domain.protocol import entry, outlook, rolls, sizing, strikes
from trading.domain.protocol.actions import RECOVERY_DELTA
from trading.domain.protocol.management import CallZone, buffer_zone, call_zone
from trading.domain.protocol.outlook import Law
from trading.domain.protocol.overlays import REGIMES, Overlay, atr_regime, delta_range
from trading.domain.protocol.sizing import Size
from trading.domain.protocol.strikes import Candidate, Choice
from trading.domain.protocol.words import Klass, Reason, Strategy, Tier

NOTHING = Alternative("Do nothing", "The cash stays free; the next entry is looked at on the next entry day.")
KEEP = Alternative("Do nothing", "The shares are held without a call until the next entry day.")
WEEK_WORDS = {Klass.GREEN: "green", Klass.CHOP: "choppy", Klass.RED: "red"}
TIERS = {Tier.GEN: "a Generation", Tier.REV: "a Revenue", Tier.COM: "a Compounding"}
SHOWN_REJECTIONS = 4


def put_entry(view: SleeveView, known: Known) -> Idea | Note:
    """Decide about a put for a sleeve in cash."""
    market, name = view.overlays(known)
    if barred := _barred(view, known, market, name):
        return barred
    opening = entry.put_opening(view.rules, view.parameters, view.exchange_now)
    if not opening.is_open:
        return waiting(opening.reason or Reason.ENTRY_TIME, opening.sentence)
    wanted = delta_range(view.tier, [market.delta_shift, name.delta_shift], view.parameters)
    choice = _first_choice(view, Right.PUT, opening.expiries, wanted)
    if choice.candidate is None:
        return _no_candidate(choice, Right.PUT, wanted)
    size = sizing.size(_lot(choice.candidate), known.position, min(market.multiplier, name.multiplier), view.parameters)
    if size.contracts == 0:
        return idle(Reason.NO_ROOM, f"{view.underlying}: {size.sentence}")
    return _earnings_before(view, choice.candidate.contract) or _put_idea(view, known, choice, wanted, size)


def _barred(view: SleeveView, known: Known, market: Overlay, name: Overlay) -> Note | None:
    """Return why no put may be opened whatever the hour, or None."""
    if market.no_puts is not None:
        return idle(market.no_puts.reason, market.no_puts.sentence)
    if known.position.ladder == 0:
        fall = f"{known.position.drawdown:.1%}"
        return idle(Reason.DRAWDOWN, f"The account is {fall} below its peak; nothing is opened.")
    return _not_operable(view, known, market, name)


def call_entry(view: SleeveView, known: Known) -> Idea | Note:
    """Decide about a call for shares that none covers."""
    basis = view.cycle.basis
    if basis is None:
        return waiting(Reason.DATA, f"The net cost of the {view.underlying} shares is not known; no call is chosen.")
    buffer = buffer_zone(known.price, known.name.atr, view.parameters)
    zone = call_zone(known.price, None, basis, buffer, view.parameters)
    if zone is CallZone.GBR4:
        below = f"{view.underlying} at {price(known.price)} is more than 15 % under its net cost of {price(basis)}"
        return idle(Reason.GBR4, f"{below}; capital is preserved and a person decides.")
    opening = entry.call_opening(view.rules, view.parameters, view.exchange_now)
    if not opening.is_open:
        return waiting(opening.reason or Reason.ENTRY_TIME, opening.sentence)
    wanted = call_range(view, known, zone)
    choice = _first_choice(view, Right.CALL, opening.expiries, wanted)
    if choice.candidate is None:
        return _no_candidate(choice, Right.CALL, wanted)
    return _call_idea(view, known, choice, wanted, basis)


def call_range(view: SleeveView, known: Known, zone: CallZone) -> tuple[float, float]:
    """Return the delta range for a call: the tier's, shifted, or the narrow one of recovery."""
    if zone is CallZone.RECOVER:
        return RECOVERY_DELTA
    market, name = view.overlays(known)
    return delta_range(view.tier, [market.delta_shift, name.delta_shift], view.parameters)


def law_of(view: SleeveView, known: Known, contract: OptionContract, greeks: Greeks) -> Law:
    """Return the price law that an option implies."""
    years = years_to_expiry(view.exchange_now, contract.expiry)
    return Law(spot=float(known.price), iv=greeks.iv, years=years, rate=view.rate)


def market_rules(view: SleeveView, known: Known) -> tuple[Rule, ...]:
    """Return the rules that the week and the name's range decide, in words."""
    market, _ = view.overlays(known)
    regime = REGIMES[atr_regime(known.name.percentile, view.parameters)]
    week = WEEK_WORDS[known.market.klass]
    size = f"size x{market.multiplier.normalize():f}"
    return (
        Rule("market_week", f"The week is {week}, VIX {known.market.vix_ratio:.2f} of its mean: {size}."),
        Rule(
            "atr", f"The daily range of {view.underlying} is {regime} for it: percentile {known.name.percentile:.0f}."
        ),
    )


def _put_idea(view: SleeveView, known: Known, choice: Choice, wanted: tuple[float, float], size: Size) -> Idea | Note:
    candidate = choice.candidate
    if candidate is None or candidate.limit is None or candidate.greeks is None:
        return waiting(Reason.DATA, f"The put of {view.underlying} has no price.")
    contract = candidate.contract
    law = law_of(view, known, contract, candidate.greeks)
    expected = outlook.of_put(law, float(contract.strike), view.parameters.week_type)
    ticket = tickets.sell_to_open(view.account, view.underlying, candidate, size.contracts, candidate.limit)
    likeliest, chance = outlook.likeliest(expected)
    return Idea(
        strategy=Strategy.CASH_SECURED_PUT,
        ticket=ticket,
        sentence=f"It is the lowest put in the delta range; it ends {likeliest} with {chance:.0%}.",
        rules=(
            Rule("entry", _entry_rule(view, contract)),
            *market_rules(view, known),
            _delta_rule(candidate, wanted),
            Rule("size", size.sentence),
        ),
        expected=expected,
        minutes=entry_minutes(view.parameters.hitl, view.exchange_now),
        alternatives=(*_others(choice, view), NOTHING),
        delta_range=wanted,
    )


def _call_idea(
    view: SleeveView, known: Known, choice: Choice, wanted: tuple[float, float], basis: Decimal
) -> Idea | Note:
    candidate = choice.candidate
    if candidate is None or candidate.limit is None or candidate.greeks is None:
        return waiting(Reason.DATA, f"The call of {view.underlying} has no price.")
    contract = candidate.contract
    lots = view.sleeve.shares // candidate.multiplier - sum(call.contracts for call in view.sleeve.calls)
    law = law_of(view, known, contract, candidate.greeks)
    expected = outlook.of_call(law, float(contract.strike), float(basis), view.parameters.week_type)
    ticket = tickets.sell_to_open(view.account, view.underlying, candidate, lots, candidate.limit)
    return Idea(
        strategy=Strategy.COVERED_CALL,
        ticket=ticket,
        sentence=f"The shares cost {price(basis)} net; the call is the highest in the delta range.",
        rules=(
            Rule("entry", _entry_rule(view, contract)),
            *market_rules(view, known),
            _delta_rule(candidate, wanted),
            floor_rule(contract.strike, candidate.limit, basis, lots * candidate.multiplier),
            *_dividend_rule(view, known, contract),
        ),
        expected=expected,
        minutes=entry_minutes(view.parameters.hitl, view.exchange_now),
        alternatives=(*_others(choice, view), KEEP),
        delta_range=wanted,
    )


def floor_rule(strike: Decimal, credit: Decimal, basis: Decimal, shares: int) -> Rule:
    """Return the floor rule: strike and premium are not less than net cost; or the loss that would be locked in."""
    loss = rolls.call_floor(strike, credit, basis)
    reached = f"{price(strike)} and {price(credit)} premium"
    if loss <= 0:
        return Rule("call_floor", f"{reached} are not less than the net cost of {price(basis)}.")
    return Rule(
        "call_floor",
        f"{reached} lock in a loss of {price(loss)} a share, {price(loss * shares)} dollars.",
        passed=False,
    )


def _dividend_rule(view: SleeveView, known: Known, contract: OptionContract) -> tuple[Rule, ...]:
    today = new_york_date(view.exchange_now)
    days = [day for day in view.ex_dividends if today < day <= contract.expiry]
    if not days or known.price <= contract.strike:
        return ()
    return (Rule("ex_dividend", f"The call is in the money over the ex-dividend date {min(days)}.", passed=False),)


def _entry_rule(view: SleeveView, contract: OptionContract) -> str:
    ends = f"{contract.expiry:%A} {contract.expiry.day} {contract.expiry:%b}"
    return f"Today is an entry day of {TIERS[view.tier]} account; the option expires {ends}."


def _delta_rule(candidate: Candidate, wanted: tuple[float, float]) -> Rule:
    return Rule("delta", f"Delta is {candidate.points or 0:.1f}, the range {wanted[0]:.0f} to {wanted[1]:.0f}.")


def _lot(candidate: Candidate) -> Decimal:
    return candidate.contract.strike * candidate.multiplier


def _first_choice(view: SleeveView, right: Right, expiries: tuple[date, ...], wanted: tuple[float, float]) -> Choice:
    found = Choice(None, ())
    for expiry in expiries:
        found = strikes.choose(view.options_of(right, expiry), wanted, view.parameters.liquidity, now=view.now)
        if found.candidate is not None:
            return found
    return found


def _no_candidate(choice: Choice, right: Right, wanted: tuple[float, float]) -> Note:
    kind = "put" if right is Right.PUT else "call"
    low, high = wanted
    if not choice.rejected:
        return waiting(Reason.DATA, f"No {kind} is listed for the expiry.")
    inside = [(c, why) for c, why in choice.rejected if c.points is not None and low <= c.points <= high]
    detail = f" {inside[0][0].contract}: {inside[0][1]}." if inside else ""
    sentence = f"No {kind} with a delta of {low:.0f} to {high:.0f} can be traded well.{detail}"
    return idle(Reason.NO_CANDIDATE, sentence, rejected=rejections(choice, wanted))


def rejections(choice: Choice, wanted: tuple[float, float]) -> list[dict[str, str]]:
    """Return why the candidates nearest to the range were not taken."""

    def away(rejected: tuple[Candidate, str]) -> float:
        points = rejected[0].points
        return inf if points is None else max(wanted[0] - points, points - wanted[1], 0.0)

    nearest = sorted(choice.rejected, key=away)[:SHOWN_REJECTIONS]
    return [{"option": str(c.contract), "why": why} for c, why in nearest]


def _others(choice: Choice, view: SleeveView) -> tuple[Alternative, ...]:
    nearest = choice.rejected[-1:] if choice.rejected else ()
    return tuple(Alternative(f"Sell {c.contract}", f"Not taken: {why}.") for c, why in nearest)


def _not_operable(view: SleeveView, known: Known, market: Overlay, name: Overlay) -> Note | None:
    """Say so if one lot near the money is more than the caps of an empty account."""
    listed = [o for o in view.options if o.contract.right is Right.PUT and o.points is not None]
    low, _ = delta_range(view.tier, [market.delta_shift, name.delta_shift], view.parameters)
    inside = [o for o in listed if o.points is not None and o.points >= low]
    if not inside:
        return None
    smallest = min(inside, key=_lot)
    size = sizing.size(_lot(smallest), known.position, min(market.multiplier, name.multiplier), view.parameters)
    return None if size.is_operable else idle(Reason.NOT_OPERABLE, f"{view.underlying}: {size.sentence}")


def _earnings_before(view: SleeveView, contract: OptionContract) -> Note | None:
    today = new_york_date(view.exchange_now)
    days = [day for day in view.earnings if today <= day <= contract.expiry]
    if not days:
        return None
    when = f"{min(days):%A} {min(days).day} {min(days):%b}"
    return idle(Reason.EARNINGS, f"{view.underlying} reports on {when}; no put is sold over it.")
