"""What is proposed for one sleeve now: a trade, or the one reason why none is."""

from allcore.kernel.calendar import Phase, phase_at
from allcore.kernel.clock import seconds_between
from allcore.kernel.quotes import Quality
from trading.domain.proposals.adjustments import manage_call, manage_put
from trading.domain.proposals.entries import call_entry, put_entry
from trading.domain.proposals.view import Idea, Known, Note, SleeveView, idle, waiting
from trading.domain.protocol.words import Reason

PAUSE = 1  # the kill switch's first level: nothing new is opened


def decide(view: SleeveView) -> Idea | Note:
    """Return what the protocol does with the sleeve: first what is open, then shares without a call, then cash."""
    if stop := _stop(view):
        return stop
    known = _known(view)
    return known if isinstance(known, Note) else _by_state(view, known)


def _by_state(view: SleeveView, known: Known) -> Idea | Note:
    opened = [manage_put(view, known, put) for put in view.sleeve.puts]
    opened += [manage_call(view, known, call) for call in view.sleeve.calls]
    urgent = next((decided for decided in opened if isinstance(decided, Idea)), None)
    if urgent is not None:
        return urgent
    if view.kill_level >= PAUSE:
        return idle(Reason.KILL, f"The kill switch is at level {view.kill_level}; nothing is opened.")
    if view.sleeve.uncovered_lots:
        return call_entry(view, known)
    return opened[0] if opened else put_entry(view, known)


def _stop(view: SleeveView) -> Note | None:
    """Return why the sleeve is not looked at at all, or None."""
    if not view.is_enabled:
        return idle(Reason.HUMAN, "The account is switched off.")
    if phase_at(view.exchange_now) is not Phase.OPEN:
        return waiting(Reason.CLOSED, "The exchange is closed.")
    return _in_the_way(view)


def _in_the_way(view: SleeveView) -> Note | None:
    if view.has_break:
        return waiting(Reason.DATA, f"The broker's position in {view.underlying} is not ours; it is reconciled first.")
    if view.has_working_order:
        return waiting(Reason.ORDER_WORKING, f"An order in {view.underlying} is working.")
    if view.cool_until is not None and view.now < view.cool_until:
        left = seconds_between(view.now, view.cool_until) / 60
        return waiting(Reason.COOL_DOWN, f"A proposal was rejected; the next is looked at in {left:.0f} minutes.")
    return None


def _known(view: SleeveView) -> Known | Note:
    """Return what a decision needs, or what is missing: without data nothing is traded."""
    missing = {
        "the market's class for this week": view.market,
        f"the daily range of {view.underlying}": view.name,
        f"a quote of {view.underlying}": view.spot,
        "the account's equity": view.position,
    }
    absent = [words for words, value in missing.items() if value is None]
    if view.market is None or view.name is None or view.spot is None or view.position is None:
        return waiting(Reason.DATA, f"Not known: {', '.join(absent)}. Nothing is traded without.")
    mid, age = view.spot.mid, view.spot.age(view.now)
    if view.spot.quality is not Quality.GOOD or mid is None:
        return waiting(Reason.DATA, f"The quote of {view.underlying} is {view.spot.quality.lower()}.")
    if age > view.parameters.liquidity.age_seconds:
        return waiting(Reason.DATA, f"The quote of {view.underlying} is {age:.0f} s old.")
    return Known(market=view.market, name=view.name, spot=view.spot, price=mid, position=view.position)
