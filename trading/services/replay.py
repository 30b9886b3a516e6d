"""What happened to positions, from the ledgers and in its order, booked again on empty shelves."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from django.db.models import F, Q

from allcore.kernel.clock import new_york_date
from brokers.models import Account
from marketdata.models import Instrument
from trading.domain.books.lots import LotMethod
from trading.models import BookEvent, Execution, LotElection, LotInstruction
from trading.services.entries import Entry, Pair, entries_of, entry_of
from trading.services.lots import Shelf, empty_position


@dataclass(slots=True)
class Named:
    """What is left to take of a lot that an order named by the execution, or the book event, that opened it."""

    execution_id: int | None
    event_id: int | None
    qty: int


@dataclass(slots=True)
class Rules:
    """How one account's closing trades take lots: elections by date, newest last, and what its orders named."""

    elections: list[tuple[date, LotMethod]]
    named: dict[tuple[UUID, int], list[Named]] = field(default_factory=dict)  # by order and leg

    def method(self, entry: Entry) -> LotMethod:
        """Return the method in force on the entry's day in New York."""
        day = new_york_date(entry.at)
        return next((method for since, method in reversed(self.elections) if since <= day), LotMethod.FIFO)

    def book(self, shelf: Shelf, entry: Entry) -> None:
        """Book the entry on its shelf by the rules; what an order named is used up by its fills, in their order."""
        execution = entry.execution
        named = [] if execution is None else self.named.get((execution.order_id, execution.leg), [])
        chosen = shelf.choices((one.execution_id, one.event_id, one.qty) for one in named if one.qty)
        first = len(shelf.closes)
        shelf.book(entry, self.method(entry), chosen)
        for close in shelf.closes[first:] if named else ():
            for one in named:
                if (one.execution_id, one.event_id) == (close.lot.execution_id, close.lot.book_event_id):
                    one.qty = max(one.qty - abs(close.qty), 0)


def elections(accounts: Iterable[int]) -> dict[int, Rules]:
    """Return the rules of the accounts, without what single orders named."""
    wanted = list(accounts)
    rows = LotElection.objects.filter(account__in=wanted).order_by("account", "effective_from")
    found: dict[int, Rules] = {account: Rules([]) for account in wanted}
    for account, since, method in rows.values_list("account", "effective_from", "method"):
        found[account].elections.append((since, LotMethod(method)))
    return found


def rules_of(account: Account) -> Rules:
    """Return the account's rules with all that its orders named."""
    rules = elections([account.pk])[account.pk]
    rows = LotInstruction.objects.filter(order__account=account).order_by("order_id", "leg", "position")
    for order, leg, execution, event, qty in rows.values_list("order", "leg", "execution", "book_event", "qty"):
        rules.named.setdefault((order, leg), []).append(Named(execution, event, qty))
    return rules


def family(pairs: Iterable[Pair]) -> set[Pair]:
    """Return the pairs, and those that lots were carried to or from: they can only be made together."""
    found = set(pairs)
    carried = BookEvent.objects.filter(account__in={account for account, _ in found}, to_instrument__isnull=False)
    moves = set(carried.exclude(to_instrument=F("instrument")).values_list("account", "instrument", "to_instrument"))
    while True:
        more = {(a, x) for a, i, t in moves for x in (i, t) if (a, i) in found or (a, t) in found} - found
        if not more:
            return found
        found |= more


def families(pairs: Iterable[Pair]) -> Iterator[tuple[int, list[int]]]:
    """Yield each account with those of its instruments that are to be made together, for all that the pairs touch."""
    for account, group in groupby(sorted(family(pairs)), key=lambda pair: pair[0]):
        yield account, [instrument for _, instrument in group]


def replayed(
    account: Account,
    instruments: Iterable[int],
    *,
    now: datetime,
    method: LotMethod | None = None,
    until: date | None = None,
) -> dict[int, Shelf]:
    """Return the shelves of whole families of the account's instruments, made from what happened alone.

    With a `method`, all that closes takes lots by it, whatever was elected or named; with `until`, nothing that belongs
    to a later trading day counts.
    """
    wanted = Instrument.objects.in_bulk(list(instruments))
    entries = history(account, wanted, until=until)
    rules = rules_of(account) if method is None else Rules([(date.min, method)])
    shelves: dict[int, Shelf] = {}

    def shelf_of(instrument: Instrument, at: datetime) -> Shelf:
        return shelves.setdefault(instrument.pk, Shelf(empty_position(account, instrument, at), ()))

    for entry in entries:
        shelf = shelf_of(entry.instrument, entry.at)
        if entry.carry is not None:
            shelf.carry_to(shelf_of(entry.carry.instrument, entry.at), entry)
        else:
            rules.book(shelf, entry)
    for instrument in wanted.values():
        shelf_of(instrument, now)
    return shelves


def history(account: Account, instruments: Mapping[int, Instrument], *, until: date | None = None) -> list[Entry]:
    """Return all that happened to the instruments, in the exchange's time; at one moment, in the order of the ids."""
    days = Q() if until is None else Q(trade_date__lte=until)
    live = Execution.objects.filter(days, account=account, instrument__in=instruments, status=Execution.Status.LIVE)
    touched = Q(instrument__in=instruments) | Q(deliverable__in=instruments) | Q(to_instrument__in=instruments)
    events = BookEvent.objects.filter(touched, days, account=account)
    entries = [entry_of(execution) for execution in live.select_related("account", "instrument")]
    loaded = events.select_related("account", "instrument", "deliverable", "to_instrument")
    entries += [entry for event in loaded for entry in entries_of(event)]
    return sorted((entry for entry in entries if entry.instrument.pk in instruments), key=lambda entry: entry.when)
