"""Our orders as this session follows them, and how an order of the gateway's is recognised as ours."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from allcore.kernel.tickets import OrderTicket
from brokers.ibkr.news import Names, OrderNews
from brokers.ibkr.orders import aux_of, limit_of
from brokers.ibkr.places import ALONE, Place
from brokers.ports import KeyBook, OrderKey
from brokers.terms import PLAIN, NativeTerms

INSTRUCTION = "instruction"  # among a key's details: it was sent under an order's number, and is none


@dataclass(slots=True)
class Track:
    """One order. `cl_ord_id` is the last id that the broker accepted; `replace` and `cancel` await its answer."""

    cl_ord_id: str
    account: str
    ticket: OrderTicket
    order_id: int
    client_id: int
    perm_id: int = 0
    ref: str = ""
    place: Place = ALONE
    terms: NativeTerms = PLAIN
    is_acked: bool = False
    is_ended: bool = False
    is_parked: bool = False  # the gateway has it as inactive, and gives no reason: somebody may take it up again
    replace: tuple[str, OrderTicket] | None = None
    cancel: str = ""
    end_reason: str = ""  # what a code said, for when the status says that it ended
    end_text: str = ""
    doubted_at: datetime | None = None  # when to believe that it ended for no reason given
    sent_at: datetime | None = None  # until it is asked about for want of an answer
    cum: int = 0
    filled: int = 0  # the most that a status has told
    owed_at: datetime | None = None  # when to ask for executions that a status told of, and that have not come
    puzzle: str = ""  # the status that was asked about last: heard again, it is no other question
    legs: dict[str, int] = field(default_factory=dict)  # by symbol

    def __post_init__(self) -> None:
        """Number the legs."""
        self.legs = {leg.symbol: n for n, leg in enumerate(self.ticket.legs)}

    @property
    def kept(self) -> dict[str, object]:
        """What a message about the order repeats each time, as it is written down with its key."""
        return {"ref": self.ref, **self.place.as_details(), **self.terms.as_details()}

    @property
    def key(self) -> str:
        """The order's name before it has a permanent one."""
        return key_of(self.client_id, self.order_id)


def key_of(client_id: int, order_id: int) -> str:
    """Return the name under which an order is written down before it is sent."""
    return f"{client_id}:{order_id}"


def has_terms(news: OrderNews, ticket: OrderTicket) -> bool:
    """Return whether the gateway's order has the ticket's terms."""
    limit, aux = limit_of(ticket), aux_of(ticket)
    return (
        _same(news.limit_price, limit)
        and _same(news.aux_price, aux)
        and (news.quantity == ticket.quantity or news.is_completed)
    )


def has_lost_its_conditions(news: OrderNews, track: Track) -> bool:
    """Return whether the gateway holds the order back, and not for what it was to wait for: it could go at once."""
    is_back = news.status == "PreSubmitted" and not news.is_completed
    return is_back and news.conditions != len(track.terms.conditions) and bool(track.terms.conditions)


def _same(told: Decimal | None, ours: Decimal | None) -> bool:
    return ours is None or told == ours


class Tracks:
    """The session's orders, by each of their names; what is not here is looked up in the key book."""

    def __init__(self, keys: KeyBook) -> None:
        self._keys = keys
        self._by_id: dict[str, Track] = {}
        self._by_key: dict[str, Track] = {}
        self._by_perm: dict[int, Track] = {}
        self.is_shared = False  # whether the login has several accounts: an order from elsewhere may be of many
        self.strangers: dict[int, Track] = {}  # orders that are not ours, by permanent id: known by their legs alone

    def add(self, track: Track) -> None:
        """Follow the order."""
        self._by_id[track.cl_ord_id] = self._by_key[track.key] = track
        if track.perm_id:
            self._by_perm[track.perm_id] = track

    def renamed(self, track: Track, cl_ord_id: str) -> None:
        """The broker accepted a replacement."""
        self._by_id.pop(track.cl_ord_id, None)
        track.cl_ord_id = cl_ord_id
        self._by_id[cl_ord_id] = track

    def is_stranger(self, name: str) -> bool:
        """Return whether the broker's name is that of an order from elsewhere, which only its own place can change."""
        number = name.partition(":")[0]
        return number.isdigit() and int(number) in self.strangers

    def name_of_other(self, names: Names, account: str) -> str:
        """Return the name of an order that is not ours: each account's part of it is one of its own."""
        return f"{names.key}:{account}" if self.is_shared and account else names.key

    def open(self) -> list[Track]:
        """Return the orders that have not ended."""
        return [track for track in self._by_key.values() if not track.is_ended]

    def owing(self, now: datetime) -> list[Track]:
        """Return the orders of which executions are overdue."""
        return [track for track in self._by_key.values() if track.owed_at is not None and track.owed_at <= now]

    def numbered(self, client_id: int, order_id: int) -> Track | None:
        """Return the order with that number, if it is followed."""
        return self._by_key.get(key_of(client_id, order_id))

    async def of(self, names: Names, news: OrderNews | None = None) -> Track | None:
        """Return our order of those names, or None if it is nobody's or another's."""
        track = self._by_perm.get(names.perm_id) if names.perm_id else None
        if track is None and names.order_id > 0:
            track = self._by_key.get(key_of(names.client_id, names.order_id))
            if track is not None and track.perm_id not in (0, names.perm_id or track.perm_id):
                track = None  # an order of an earlier life of the gateway, with the same number
        if track is None:
            track = await self._restored(names, news)
        if track is not None and names.perm_id and not track.perm_id:
            track.perm_id = names.perm_id
            self._by_perm[names.perm_id] = track
            await self._keys.learn(track.cl_ord_id, str(names.perm_id), {"perm_id": names.perm_id})
        return track

    async def named(self, cl_ord_id: str) -> Track | None:
        """Return our order of that id, from this session or an earlier one."""
        if cl_ord_id in self._by_id:
            return self._by_id[cl_ord_id]
        key = await self._keys.by_cl_ord_id(cl_ord_id)
        if key is None or not key.chain:
            return None
        track = self._track(key)
        if track is not None:
            followed = self._by_key.get(track.key)
            if followed is not None:
                return followed
            self.add(track)
        return track

    async def _restored(self, names: Names, news: OrderNews | None) -> Track | None:
        key = await self._key(names)
        if key is None:
            return None
        while key.orig_cl_ord_id and not _is_accepted(key, news):
            before = await self._keys.by_cl_ord_id(key.orig_cl_ord_id)
            if before is None:
                break
            key = before
        track = self._track(key)
        if track is not None:
            self.add(track)
        return track

    async def _key(self, names: Names) -> OrderKey | None:
        wanted = [str(names.perm_id)] if names.perm_id else []
        wanted += [key_of(names.client_id, names.order_id)] if names.order_id > 0 else []
        for name in wanted:
            key = await self._keys.by_broker_order_id(name)
            known = 0 if key is None else key.details.get("perm_id", 0)
            if key is not None and known in (0, names.perm_id or known):
                return key
        key = await self._keys.by_cl_ord_id(names.ref) if names.ref else None
        known = 0 if key is None else key.details.get("perm_id", 0)
        return key if known in (0, names.perm_id or known) else None  # else a copy, made by hand, of an order of ours

    async def is_instruction(self, names: Names) -> bool:
        """Return whether the gateway's order is an instruction of ours on a long option, and no order."""
        key = await self._key(names)
        return key is not None and INSTRUCTION in key.details

    @staticmethod
    def _track(key: OrderKey) -> Track | None:
        number = next((name for name in key.chain if ":" in name), "")
        if not number or not key.ticket:
            return None
        client, _, order = number.partition(":")
        perm = key.details.get("perm_id", 0)
        return Track(
            cl_ord_id=key.cl_ord_id,
            account=key.broker_account,
            ticket=OrderTicket.from_dict(key.ticket),
            order_id=int(order),
            client_id=int(client),
            perm_id=perm if isinstance(perm, int) else 0,
            ref=str(key.details.get("ref", key.cl_ord_id)),
            place=Place.read(key.details),
            terms=NativeTerms.read(key.details),
        )


def _is_accepted(key: OrderKey, news: OrderNews | None) -> bool:
    if key.details.get("answer") in ("accepted", "rejected"):
        return key.details["answer"] == "accepted"
    return news is not None and has_terms(news, OrderTicket.from_dict(key.ticket))


def highest_number(keys: Iterable[OrderKey], client_id: int) -> int:
    """Return the highest order number that the client has used."""
    mine = (name.partition(":") for key in keys for name in key.chain if ":" in name)
    return max((int(order) for client, _, order in mine if client == str(client_id)), default=0)
