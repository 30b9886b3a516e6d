"""What the kill switch's own triggers look at: the monitor's figures, two counts, open breaks, the feed's beat."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, F, Q, Sum

from allcore.kernel.calendar import Phase, phase_at
from allcore.kernel.clock import new_york_date, seconds_between
from allcore.kernel.orders import OrdStatus
from brokers.models import Account
from marketdata.selectors import clock
from marketdata.selectors.clock import FeedClock
from risk.domain.limits import Limits
from risk.domain.triggers import Seen
from risk.selectors.limits import for_everybody, in_force_for
from trading.models import AlgoRun, Break, OrderEvent, OrderRequest
from trading.selectors import snapshots

FIVE_MINUTES = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
MILLISECOND = Decimal("0.001")


def limits() -> dict[str, Limits]:
    """Return the limits by account's code, and under the empty name those for everybody."""
    accounts = list(Account.objects.order_by("id"))
    own = in_force_for(accounts)
    return {"": for_everybody(), **{account.code: own[account.pk] for account in accounts}}


def seen(now: datetime) -> list[Seen]:
    """Return all that can be measured; what cannot be, the gate refuses orders for."""
    counted = [*_breaks(), *_rejects(now), *_messages(now), *_rogues()]
    try:
        feed = clock.feed_clock()
    except clock.NoFeedError:
        return counted  # no feed has ever run: nothing could be ordered, or lost
    return [*counted, *_losses(new_york_date(feed.clock.at(now))), *_silence(feed, now)]


def _losses(today: date) -> Iterator[Seen]:
    for row in snapshots.kept_pnl():
        is_of_today = new_york_date(datetime.fromisoformat(str(row["at"]))) == today
        if not is_of_today or row["equity"] is None or row["day_pnl"] is None:
            continue
        equity, gained = Decimal(str(row["equity"])), Decimal(str(row["day_pnl"]))
        opened = equity - gained
        if opened > 0:
            yield Seen("kill_day_loss", str(row["account"]), max(-gained / opened, Decimal(0)))


def _breaks() -> Iterator[Seen]:
    found = Break.objects.filter(resolved_at=None).values("account__code").annotate(count=Count("id"))
    for row in found.order_by("account__code"):
        yield Seen("kill_breaks", row["account__code"], Decimal(row["count"]))


def _rejects(now: datetime) -> Iterator[Seen]:
    rejected = OrderEvent.objects.filter(event="reject", status=OrdStatus.REJECTED, at__gt=now - FIVE_MINUTES)
    found = rejected.values("order__connection__name").annotate(count=Count("id"))
    for row in found.order_by("order__connection__name"):
        yield Seen("kill_rejects", row["order__connection__name"], Decimal(row["count"]))


def _messages(now: datetime) -> Iterator[Seen]:
    sent = OrderRequest.objects.filter(created_at__gt=now - MINUTE).exclude(kind=OrderRequest.Kind.CANCEL)
    found = sent.values("connection__name").annotate(count=Count("id"))
    for row in found.order_by("connection__name"):
        yield Seen("kill_messages", row["connection__name"], Decimal(row["count"]))


def _rogues() -> Iterator[Seen]:
    """Algorithms whose slices are for more than they are: what a broker filled too much is not the slices' doing."""
    units = F("children__order__cum_qty") + F("children__order__leaves_qty") - F("children__order__overfill_qty")
    running = AlgoRun.objects.filter(status__in=AlgoRun.ACTIVE)
    over = running.annotate(out=Sum(units, filter=Q(children__leg=-1))).filter(out__gt=F("quantity"))
    names = Counter(over.order_by("id").values_list("account__connection__name", flat=True))
    for name in sorted(names):
        yield Seen("kill_unmatched", name, Decimal(names[name]))


def _silence(feed: FeedClock, now: datetime) -> Iterator[Seen]:
    if phase_at(feed.clock.at(now)) is Phase.OPEN:
        aged = Decimal(str(seconds_between(feed.beat_at, now))).quantize(MILLISECOND)
        yield Seen("kill_stale_market", "", aged)
