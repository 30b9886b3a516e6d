"""Open short options: take profit, roll, close, or let them run (protocol 4.2 to 4.5)."""

from decimal import Decimal

from allcore.kernel import calendar
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import Right
from trading.domain.proposals import tickets
from trading.domain.proposals.entries import call_range, floor_rule, law_of, market_rules
from trading.domain.proposals.sentences import price
from trading.domain.proposals.ttl import adjust_minutes
from trading.domain.proposals.view import Alternative, Idea, Known, Note, Rule, SleeveView, idle, waiting
from trading.domain.protocol import entry, management, outlook, rolls, strikes
from trading.domain.protocol.management import CallZone, PutZone, Watch
from trading.domain.protocol.outlook import Probabilities
from trading.domain.protocol.rolls import OldPut, RollChoice, RollLimits
from trading.domain.protocol.sleeves import ShortOption
from trading.domain.protocol.strikes import Candidate
from trading.domain.protocol.words import Reason, Strategy

RUN_ON = Alternative("Do nothing", "The option runs to its expiry.")
TAKE_ASSIGNMENT = Alternative("Take assignment", "The shares are taken at the strike and a call is sold on them.")


def manage_put(view: SleeveView, known: Known, put: ShortOption) -> Idea | Note:
    """Decide about one short put."""
    old = view.option(put.symbol)
    cost = None if old is None else tickets.cost_to_close(old)
    if old is None or cost is None or strikes.quote_fault(old.quote, view.parameters.liquidity, now=view.now):
        return waiting(Reason.DATA, f"{put.contract} has no quote to decide on.")
    strike = put.contract.strike
    buffer = management.buffer_zone(strike, known.name.atr, view.parameters)
    zone = management.put_zone(known.price, strike, buffer, view.parameters)
    if zone is PutZone.GBR4:
        return _hard_stop(view, known, put, old, cost)
    if profit := _profit(view, known, put, old, cost):
        return profit
    watched = _watch(view, known, put)
    last_session = sessions_left(view, put) <= 1
    if watched is Watch.MANDATORY or (zone is PutZone.ROLL and last_session):
        return _roll(view, known, put, old, cost)
    return _let_run(put, known, zone, watched)


def manage_call(view: SleeveView, known: Known, call: ShortOption) -> Idea | Note:
    """Decide about one covered call."""
    old, basis = view.option(call.symbol), view.cycle.basis
    cost = None if old is None else tickets.cost_to_close(old)
    if old is None or cost is None or basis is None:
        return waiting(Reason.DATA, f"{call.contract} has no quote, or the shares no net cost, to decide on.")
    if profit := _profit(view, known, call, old, cost):
        return profit
    strike = call.contract.strike
    buffer = management.buffer_zone(strike, known.name.atr, view.parameters)
    zone = management.call_zone(known.price, strike, basis, buffer, view.parameters)
    if zone in (CallZone.ROLL_DOWN, CallZone.RECOVER):
        return _roll_down(view, known, call, old, cost, zone)
    words = {
        CallZone.GBR4: "the price is more than 15 % under net cost; capital is preserved and a person decides",
        CallZone.DELIVER: "the shares may be called away",
        CallZone.LET_EXPIRE: "it runs to its expiry",
    }
    reason = Reason.GBR4 if zone is CallZone.GBR4 else Reason.HOLDING
    return idle(reason, f"{call.contract} is open; {words[zone]}.")


def sessions_left(view: SleeveView, option: ShortOption) -> int:
    """Return the sessions after today up to the option's expiry."""
    return calendar.sessions_until(new_york_date(view.exchange_now), option.expiry)


def _watch(view: SleeveView, known: Known, put: ShortOption) -> Watch:
    # A put that was booked without the price of then is measured from its strike.
    start = view.cycle.sold_at(put.symbol)
    adverse = (put.contract.strike if start is None else start) - known.price
    return management.watch(float(adverse), known.name.atr, view.rules.atr_mandatory, view.parameters)


def _let_run(put: ShortOption, known: Known, zone: PutZone, watched: Watch) -> Note:
    words = {
        PutZone.LET_EXPIRE: "the price is above the strike and it runs to its expiry",
        PutZone.PREPARE: "the price is near the strike; assignment is prepared for",
        PutZone.ROLL: "the price is more than 5 % under the strike; a roll is decided on its last two days",
        PutZone.GBR4: "",
    }
    note = f"{put.contract} is open with {put.contract.root} at {price(known.price)}; {words[zone]}."
    return idle(Reason.HOLDING, note, watch=watched.name, zone=str(zone))


def _profit(view: SleeveView, known: Known, option: ShortOption, old: Candidate, cost: Decimal) -> Idea | None:
    start = view.cycle.sold_at(option.symbol)
    sign = 1 if option.contract.right is Right.PUT else -1
    moved = None if start is None else sign * float(known.price - start) / known.name.atr
    profit = management.take_profit(
        option.credit,
        cost,
        sessions_left=sessions_left(view, option),
        favourable=moved,
        klass=known.market.klass,
        parameters=view.parameters,
    )
    if not profit.take:
        return None
    return Idea(
        strategy=Strategy.BUY_TO_CLOSE,
        ticket=tickets.buy_to_close(view.account, view.underlying, old, option.contracts, cost),
        sentence=f"{profit.sentence} Closing frees the cash for the next entry.",
        rules=(*market_rules(view, known), Rule("take_profit", profit.sentence)),
        expected=_ends(view, known, option, old),
        minutes=view.parameters.hitl.exit,
        alternatives=(RUN_ON,),
    )


def _hard_stop(view: SleeveView, known: Known, put: ShortOption, old: Candidate, cost: Decimal) -> Idea:
    below = f"{view.underlying} at {price(known.price)} is more than 15 % under the strike"
    return Idea(
        strategy=Strategy.BUY_TO_CLOSE,
        ticket=tickets.buy_to_close(view.account, view.underlying, old, put.contracts, cost),
        sentence=f"{below}: the put is bought back to preserve capital.",
        rules=(*market_rules(view, known), Rule("gbr4", f"{below}; this takes precedence over rolling.")),
        expected=_ends(view, known, put, old),
        minutes=view.parameters.hitl.recovery[0],
        alternatives=(TAKE_ASSIGNMENT, RUN_ON),
    )


def _roll(view: SleeveView, known: Known, put: ShortOption, old: Candidate, cost: Decimal) -> Idea | Note:
    choice = find_roll(view, known, put, cost)
    new = choice.candidate
    if new is None or new.greeks is None:
        return idle(Reason.NO_ROLL, f"{put.contract}: {choice.sentence}")
    law = law_of(view, known, new.contract, new.greeks)
    moved = f"{view.underlying} at {price(known.price)} moved against {put.contract}"
    points = new.points or 0.0
    return Idea(
        strategy=Strategy.ROLL,
        ticket=tickets.roll(view.account, view.underlying, old, new, put.contracts, choice.net),
        sentence=f"{moved}. {choice.sentence}",
        rules=(
            *market_rules(view, known),
            Rule("roll", choice.sentence),
            Rule("delta", f"The new put's delta is {points:.1f}; the range of entries does not bind a roll."),
        ),
        expected=outlook.of_put(law, float(new.contract.strike), view.parameters.week_type),
        minutes=adjust_minutes(view.parameters.hitl, view.exchange_now, put.expiry),
        alternatives=(
            *(Alternative(f"Roll to {c.contract}", f"Not taken: {why}.") for c, why in choice.rejected[-2:]),
            TAKE_ASSIGNMENT,
            RUN_ON,
        ),
        least=choice.least,
    )


def find_roll(view: SleeveView, known: Known, put: ShortOption, cost: Decimal) -> RollChoice:
    """Return the acceptable roll of a put, if there is one."""
    today = new_york_date(view.exchange_now)
    expiries = entry.roll_expiries(today, put.expiry, view.parameters.roll.max_days)
    bound = put.contract.strike * put.multiplier * put.contracts
    old = OldPut(
        strike=put.contract.strike,
        expiry=put.expiry,
        first_credit=view.cycle.first_put_credit or put.credit,
        credit=view.cycle.put_credit(put.contracts, put.multiplier),
        cost=cost,
        contracts=put.contracts,
        multiplier=put.multiplier,
        rolls=view.cycle.put_rolls,
    )
    cap = view.rules.name_cap * known.position.equity
    most = max(cap - known.position.deployed_in_name + bound, bound)  # the same strike binds no more than before
    limits = RollLimits(view.rules.roll_debit_tol, view.parameters.roll.max_consecutive, secured_most=most)
    by_expiry = [
        [
            c
            for c in view.options_of(Right.PUT, expiry)
            if strikes.quote_fault(c.quote, view.parameters.liquidity, now=view.now) is None
        ]
        for expiry in expiries
    ]
    return rolls.choose_roll(old, by_expiry, limits)


def _roll_down(
    view: SleeveView, known: Known, call: ShortOption, old: Candidate, cost: Decimal, zone: CallZone
) -> Idea | Note:
    wanted = call_range(view, known, zone)
    lower = [o for o in view.options_of(Right.CALL, call.expiry) if o.contract.strike < call.contract.strike]
    new = strikes.choose(lower, wanted, view.parameters.liquidity, now=view.now).candidate
    basis = view.cycle.basis
    if new is None or new.limit is None or basis is None or new.limit <= cost:
        return idle(
            Reason.NO_ROLL, f"{call.contract} is open; no lower call brings a credit with a delta in the range."
        )
    net = new.limit - cost
    shares = call.contracts * call.multiplier
    return Idea(
        strategy=Strategy.ROLL,
        ticket=tickets.roll(view.account, view.underlying, old, new, call.contracts, net),
        sentence=f"{view.underlying} at {price(known.price)} fell under the net cost of {price(basis)}.",
        rules=(*market_rules(view, known), floor_rule(new.contract.strike, new.limit, basis, shares)),
        expected=_ends(view, known, call, new),
        minutes=adjust_minutes(view.parameters.hitl, view.exchange_now, call.expiry),
        alternatives=(RUN_ON,),
        # As it walks, it never locks in a loss that it did not, nor a larger one.
        least=net + min(rolls.call_floor(new.contract.strike, new.limit, basis), Decimal(0)),
    )


def _ends(view: SleeveView, known: Known, option: ShortOption, listed: Candidate) -> Probabilities:
    """Return how the option would end if it ran on; empty without a volatility."""
    if listed.greeks is None:
        return {}
    law = law_of(view, known, listed.contract, listed.greeks)
    strike = float(listed.contract.strike)
    if option.contract.right is Right.PUT:
        return outlook.of_put(law, strike, view.parameters.week_type)
    return outlook.of_call(law, strike, float(view.cycle.basis or known.price), view.parameters.week_type)
