"""What people, and the kill switch, tell a run. It acts at once in this process: no engine needs to live for it."""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from allcore.accounts.actors import Actor
from allcore.kernel.errors import ConflictError, NotFoundError
from marketdata.selectors.clock import NoFeedError, exchange_now
from risk.domain.permissions import Action
from risk.selectors.permissions import require
from trading.domain.algos.events import Told, Word
from trading.domain.algos.values import Phase
from trading.models import AlgoRun
from trading.services.algos.run import load, lock_run, move, news, tell_audit
from trading.services.attempts import Attempts

KILL_ACTOR = "desk:kill-switch"
NEEDED = {Word.CANCEL: Action.CANCEL_ORDER, Word.PAUSE: Action.CANCEL_ORDER, Word.RESUME: Action.SEND_ORDER}
FITS = {
    Word.PAUSE: (Phase.RUNNING,),
    Word.RESUME: (Phase.PAUSED,),
    Word.CANCEL: (Phase.RUNNING, Phase.PAUSED, Phase.STOPPING),
}


class RunStateError(ConflictError):
    """The run is past what is asked of it."""

    code = "ALGO_RUN_STATE"


@transaction.atomic
def tell(run_id: UUID, word: Word, *, actor: Actor, now: datetime, reason: str = "") -> AlgoRun:
    """Pause, resume or cancel a run. A pause and a cancel take its open children back at once.

    Raises:
        NotFoundError: there is no such run.
        RunStateError: it cannot be paused, resumed or cancelled any more.
    """
    run = lock_run(run_id)
    if run is None:
        raise NotFoundError(f"There is no run {run_id}.", run_id=run_id)
    require(actor.user, NEEDED[word], run.account)
    if Phase(run.status) not in FITS[word]:
        raise RunStateError(f"The run is {run.status.lower()}; it was not told to {word.lower()}.", run_id=run_id)
    _say(run, word, by=actor.name, reason=reason or f"{word.capitalize()} asked for", now=now)
    return run


def stop_held(held_by: Q, *, level: int, keeps_closing: bool, now: datetime) -> int:
    """Stop the runs that the kill switch holds; those that only close go on if it says so. Again is the same."""
    active = AlgoRun.objects.filter(held_by, status__in=AlgoRun.ACTIVE).order_by("id")
    attempts = Attempts()
    run_ids = list(active.values_list("pk", flat=True))
    stop = partial(_stop, reason=f"kill switch level {level}", keeps_closing=keeps_closing, now=now)
    stopped = sum(attempts.make(partial(stop, run_id)) for run_id in run_ids)
    attempts.end()
    return stopped


@transaction.atomic
def _stop(run_id: UUID, *, reason: str, keeps_closing: bool, now: datetime) -> bool:
    run = lock_run(run_id, status__in=AlgoRun.ACTIVE)
    if run is None or (keeps_closing and not load(run).parent.is_opening):
        return False
    _say(run, Word.KILL, by=KILL_ACTOR, reason=reason, now=now)
    return True


def _say(run: AlgoRun, word: Word, *, by: str, reason: str, now: datetime) -> None:
    live = load(run)
    try:
        at = exchange_now(now)
    except NoFeedError:  # stopping needs no market
        at = now
    move(run, live, [*news(live, at), Told(at, word, by, reason)], now=now)
    tell_audit(run, f"algo.{word.lower()}", {"reason": reason}, actor=by, now=now)
