"""Wash-sale flags to read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import prod

from django.db.models import Q

from allcore.accounts.models import User
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import InstrumentKind
from allcore.kernel.reports import BookKind
from brokers.models import Account
from marketdata.models import Instrument
from risk.selectors.permissions import visible_accounts
from trading.domain.books.washes import WINDOW, Loss, Opening, Wash, washes
from trading.models import BookEvent, CorporateAction, Lot, LotClose
from trading.selectors.rows import Row, text

LOOK_BACK = timedelta(days=365)
ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Splits:
    """Splits by underlying and the day from which its shares are new; and how many shares an adjusted contract has."""

    ratios: Mapping[tuple[str, date], Fraction]
    sizes: Mapping[int, Fraction]

    def per(self, underlying: str, day: date) -> Fraction:
        """Return how many of today's shares one of that day has become; on a split's own day trade the new ones."""
        return prod((r for (name, since), r in self.ratios.items() if name == underlying and since > day), start=ONE)

    def shares(self, instrument: Instrument, qty: int) -> int:
        """Return how many shares so many of the instrument stand for: an adjusted contract for what it delivers."""
        return int(abs(qty) * self.sizes.get(instrument.pk, Fraction(instrument.multiplier)))


def rows(user: User, today: date) -> list[Row]:
    """Return the washed losses of the past year in the accounts that the person may see, the newest first.

    Accounts of one person wash each other: a loss in one and a lot in another count.
    """
    found = flagged(list(visible_accounts(user)), today)
    return [_row(wash, account) for account, wash in reversed(found)]


def flagged(accounts: list[Account], today: date) -> list[tuple[str, Wash]]:
    """Return each washed loss with the code of the account that it was made in."""
    since = today - LOOK_BACK
    closed = LotClose.objects.filter(lot__account__in=accounts, realised__lt=0, closed_at__date__gte=since)
    closes = list(closed.select_related("lot__instrument__underlying", "lot__account").order_by("closed_at", "id"))
    opened = Lot.objects.filter(account__in=accounts, carried_by=None, opened_at__date__gte=since - WINDOW)
    names = {_underlying(close.lot.instrument) for close in closes}
    of_names = Q(instrument__symbol__in=names) | Q(instrument__underlying__symbol__in=names)
    lots = opened.filter(of_names).select_related("instrument__underlying") if names else []
    splits = _splits(names, since - WINDOW)
    owner = {f"{close.lot_id}/{n}": close.lot.account.code for n, close in enumerate(closes)}
    losses = {
        id(loss): (loss, owner[f"{close.lot_id}/{n}"])
        for n, close in enumerate(closes)
        for loss in (_loss(close, splits),)
    }
    made = washes([loss for loss, _ in losses.values()], [_opening(lot, splits) for lot in lots])
    return [(losses[id(wash.loss)][1], wash) for wash in made]


def _side(instrument: Instrument, qty: int) -> int:
    sign = 1 if qty > 0 else -1
    return -sign if instrument.kind == InstrumentKind.OPTION and instrument.right == "P" else sign


def _underlying(instrument: Instrument) -> str:
    return instrument.symbol if instrument.underlying is None else instrument.underlying.symbol


def _name(lot: Lot) -> str:
    return f"B{lot.book_event_id}" if lot.execution_id is None else f"E{lot.execution_id}"


def _splits(names: set[str], since: date) -> Splits:
    """Return the splits since: those that people entered, and those that brokers told of."""
    entered = CorporateAction.objects.filter(
        symbol__in=names, kind=BookKind.SPLIT, state=CorporateAction.State.CONFIRMED, ex_date__gte=since
    )
    told = BookEvent.objects.filter(
        Q(instrument__symbol__in=names) | Q(instrument__underlying__symbol__in=names),
        kind=BookKind.SPLIT,
        trade_date__gte=since,
    )
    events = list(told.select_related("instrument__underlying").order_by("id"))
    ratios = {(_underlying(one.instrument), one.trade_date): _ratio(one) for one in events}
    ratios |= {(one.symbol, one.ex_date): _ratio(one) for one in entered}
    contracts = [e for e in events if e.to_qty and e.to_instrument_id not in (None, e.instrument_id)]
    return Splits(ratios, {e.to_instrument_id: _size(e) for e in contracts if e.to_instrument_id is not None})


def _ratio(split: CorporateAction | BookEvent) -> Fraction:
    return Fraction(split.ratio_new, split.ratio_old)


def _size(split: BookEvent) -> Fraction:
    return split.instrument.multiplier * Fraction(split.qty, split.to_qty or split.qty) * _ratio(split)


def _opening(lot: Lot, splits: Splits) -> Opening:
    instrument, underlying = lot.instrument, _underlying(lot.instrument)
    day, side = new_york_date(lot.opened_at), _side(instrument, lot.opened_qty)
    shares = splits.shares(instrument, lot.opened_qty)
    return Opening(_name(lot), underlying, side, shares, day, splits.per(underlying, day))


def _loss(close: LotClose, splits: Splits) -> Loss:
    instrument, underlying = close.lot.instrument, _underlying(close.lot.instrument)
    day, side = new_york_date(close.closed_at), _side(instrument, close.qty)
    shares, per = splits.shares(instrument, close.qty), splits.per(underlying, day)
    return Loss(_name(close.lot), underlying, side, shares, day, close.realised, per)


def _row(wash: Wash, account: str) -> Row:
    return {
        "account": account,
        "underlying": wash.loss.underlying,
        "lot": wash.loss.lot,
        "closed_on": wash.loss.day.isoformat(),
        "loss": text(wash.loss.realised),
        "shares": wash.loss.shares,
        "washed_shares": wash.shares,
        "disallowed": text(wash.disallowed),
        "replaced_by": list(wash.replaced_by),
    }
