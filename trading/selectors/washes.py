"""Wash-sale flags to read."""

from datetime import date, timedelta

from django.db.models import Q

from allcore.accounts.models import User
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import InstrumentKind
from brokers.models import Account
from marketdata.models import Instrument
from risk.selectors.permissions import visible_accounts
from trading.domain.books.washes import WINDOW, Loss, Opening, Wash, washes
from trading.models import Lot, LotClose
from trading.selectors.rows import Row, text

LOOK_BACK = timedelta(days=365)


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
    owner = {f"{close.lot_id}/{n}": close.lot.account.code for n, close in enumerate(closes)}
    losses = {
        id(loss): (loss, owner[f"{close.lot_id}/{n}"]) for n, close in enumerate(closes) for loss in (_loss(close),)
    }
    made = washes([loss for loss, _ in losses.values()], [_opening(lot) for lot in lots])
    return [(losses[id(wash.loss)][1], wash) for wash in made]


def _side(instrument: Instrument, qty: int) -> int:
    sign = 1 if qty > 0 else -1
    return -sign if instrument.kind == InstrumentKind.OPTION and instrument.right == "P" else sign


def _underlying(instrument: Instrument) -> str:
    return instrument.symbol if instrument.underlying is None else instrument.underlying.symbol


def _name(lot: Lot) -> str:
    return f"B{lot.book_event_id}" if lot.execution_id is None else f"E{lot.execution_id}"


def _opening(lot: Lot) -> Opening:
    instrument = lot.instrument
    shares = abs(lot.opened_qty) * instrument.multiplier
    day = new_york_date(lot.opened_at)
    return Opening(_name(lot), _underlying(instrument), _side(instrument, lot.opened_qty), shares, day)


def _loss(close: LotClose) -> Loss:
    instrument = close.lot.instrument
    shares = abs(close.qty) * instrument.multiplier
    day, side = new_york_date(close.closed_at), _side(instrument, close.qty)
    return Loss(_name(close.lot), _underlying(instrument), side, shares, day, close.realised)


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
