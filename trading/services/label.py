"""Each sleeve's week type: provisional after the week's last close, final once the next week has begun."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import transaction

from allcore.audit.services import record
from allcore.kernel import calendar
from allcore.kernel.clock import NEW_YORK, new_york_date
from brokers.models import Account
from marketdata.selectors.history import daily_bars
from trading.domain.protocol.facts import Week, facts_of
from trading.domain.protocol.parameters import Parameters
from trading.domain.protocol.week_types import Label, WeekFacts
from trading.domain.protocol.week_types import label as type_of
from trading.domain.protocol.words import Klass, Reason, Tier
from trading.models import BookEvent, Execution, MarketWeek, Proposal, WeekLabel
from trading.selectors.movements import movements

ACTOR = "desk:strategy"
WEEK = timedelta(days=7)
WEEKEND = timedelta(days=2)  # what its files say belongs to the week
HISTORY = 30  # sessions of closes: enough for a call sold and called away over three weeks


def run(exchange_now: datetime, parameters: Parameters, *, now: datetime) -> int:
    """Label the last week that is over, if it was classed and is not final; return how many labels were written."""
    today = new_york_date(exchange_now)
    running = calendar.monday_of(today)
    is_over = exchange_now >= _end(running)
    monday = running if is_over else running - WEEK
    week = MarketWeek.objects.filter(monday=monday).first()
    if week is None:
        return 0
    is_final = not is_over or today > calendar.weekly_expiry(monday)
    sleeves = set(_sleeves(parameters, monday))
    labels = WeekLabel.objects.filter(monday=monday)
    done = labels.filter(is_final=True) if is_final else labels
    sleeves -= set(done.values_list("account_id", "underlying"))
    accounts = {account.pk: account for account in Account.objects.all()}
    return sum(
        _label(accounts[account_id], name, week, parameters, is_final=is_final, now=now)
        for account_id, name in sorted(sleeves)
    )


def _sleeves(parameters: Parameters, monday: date) -> Iterable[tuple[int, str]]:
    """Yield the account and name of each sleeve: the tier's names, and whatever else was traded in the week."""
    for account in Account.objects.exclude(tier=Account.Tier.MANUAL):
        for name in parameters.tier(Tier(account.tier)).universe:
            yield account.pk, name
    for model in (Execution, BookEvent):
        moved = model.objects.filter(transact_at__gte=_begin(monday), transact_at__lt=_end(monday))
        rows = moved.exclude(account__tier=Account.Tier.MANUAL).order_by("id")
        for account_id, symbol, underlying in rows.values_list(
            "account_id", "instrument__symbol", "instrument__underlying__symbol"
        ):
            yield account_id, underlying or symbol


@transaction.atomic
def _label(
    account: Account, name: str, week: MarketWeek, parameters: Parameters, *, is_final: bool, now: datetime
) -> bool:
    facts = _facts(account, name, week)
    if facts is None:
        return False  # no close: nothing is labelled by a guess
    found = type_of(facts, parameters.week_type)
    before = WeekLabel.objects.filter(account=account, underlying=name, monday=week.monday).first()
    flags = (*found.flags, "provisional") if found.is_provisional else found.flags
    WeekLabel.objects.update_or_create(
        account=account,
        underlying=name,
        monday=week.monday,
        defaults={
            "week_type": found.week_type,
            "flags": list(flags),
            "inputs": _inputs(facts, found),
            "is_final": is_final,
            "labelled_at": now,
        },
    )
    seen = {"underlying": name, "before": "" if before is None else before.week_type, "after": str(found.week_type)}
    record("week.labelled", f"week:{week.monday}", seen, actor=ACTOR, at=now, account=account.code)
    return True


def _facts(account: Account, name: str, week: MarketWeek) -> WeekFacts | None:
    last = calendar.weekly_expiry(week.monday)
    bars = daily_bars(name, HISTORY, last)
    if not bars or bars[-1].day != last:
        return None
    closes = {bar.day: bar.close for bar in bars}
    ends_at = _end(week.monday) + WEEKEND
    return facts_of(
        Week(
            movements=tuple(m for m in movements(account, name, closes) if m.at < ends_at),
            begins_at=_begin(week.monday),
            ends_at=ends_at,
            closes=closes,
            close=closes[last],
            idle_reason=_idle_reason(account, name, week),
        )
    )


def _idle_reason(account: Account, name: str, week: MarketWeek) -> Reason:
    """Return why a week without a trade had none, as far as it was kept."""
    refused = Proposal.objects.filter(
        account=account,
        underlying=name,
        status__in=[Proposal.Status.REJECTED, Proposal.Status.EXPIRED],
        content__exchange_at__gte=_begin(week.monday).isoformat(),
        content__exchange_at__lt=_end(week.monday).isoformat(),
    )
    if refused.exists():
        return Reason.HUMAN
    is_barred = account.tier == Tier.GEN and str(Klass.CHOP) in week.evidence.get("seen", [])
    return Reason.CHOP if is_barred else Reason.NO_CANDIDATE


def _inputs(facts: WeekFacts, found: Label) -> dict[str, object]:
    """Return what the label was given for."""
    numbers = {name: getattr(facts, name) for name in ("shortfall", "gain", "distance")}
    return {
        "row": found.row,
        "put_event": str(facts.put_event),
        "call_event": str(facts.call_event),
        "has_put_at_close": facts.has_put_at_close,
        "has_shares_at_close": facts.has_shares_at_close,
        **{name: None if value is None else f"{value:.6f}" for name, value in numbers.items()},
    }


def _begin(monday: date) -> datetime:
    return datetime.combine(monday, time(), NEW_YORK)


def _end(monday: date) -> datetime:
    session = calendar.session_on(calendar.weekly_expiry(monday))
    if session is None:
        raise ValueError(monday)  # the last session of a week is one
    return session.closes_at
