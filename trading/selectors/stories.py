"""The stories of positions, with what is open of them marked to the market."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Case, Max, Min, When
from django.db.models.functions import Coalesce

from allcore.accounts.models import User
from allcore.kernel.errors import NotFoundError
from allcore.kernel.instruments import InvalidSymbolError
from allcore.kernel.money import ZERO
from brokers.models import Account
from marketdata.selectors import chains, quotes
from risk.domain.lines import contract_of
from risk.selectors.permissions import visible_accounts
from trading.domain.books.marks import mark
from trading.domain.protocol.cycles import Movement
from trading.domain.stories import Chapter, Story, stories
from trading.models import AlgoChild, Order, Position
from trading.selectors.movements import movements
from trading.selectors.rows import Row, iso, text

NAMES = 12  # a page: each is read whole, from its first trade
NAME = Coalesce("instrument__underlying__symbol", "instrument__symbol")  # what a position is on


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the stories; `before` and `after` are the pages beside it, None where there is none."""

    rows: list[Row]
    before: int | None
    after: int | None


def listed(user: User, *, account: str = "", underlying: str = "", page: int = 1) -> Page:
    """Return a page of the stories that the person may see: of so many names, those with something open first.

    Within a page the open stories come first, then the latest to begin. Only the page's names are read.
    """
    names = _names(list(visible_accounts(user)), account, underlying)
    first = (page - 1) * NAMES
    chosen = list(names[first : first + NAMES + 1])
    owners = Account.objects.in_bulk({name.account_id for name in chosen})
    found = [
        story_row(owners[one.account_id].code, one.name, story)
        for one in chosen[:NAMES]
        for story in stories(movements(owners[one.account_id], one.name))
    ]
    found.sort(key=lambda row: str(row["began_at"]), reverse=True)
    found.sort(key=lambda row: not row["is_open"])
    return Page(found, page - 1 if page > 1 else None, page + 1 if len(chosen) > NAMES else None)


def story_of(user: User, order_id: UUID) -> Row:
    """Return the story that the order belongs to.

    Raises:
        NotFoundError: there is no such order, it is not theirs to see, or nothing of it has filled.
    """
    order = Order.objects.select_related("account").filter(pk=order_id, account__in=visible_accounts(user)).first()
    if order is not None:
        for story in stories(movements(order.account, order.underlying)):
            if str(order_id) in story.origins:
                return _with_runs(story_row(order.account.code, order.underlying, story))
    raise NotFoundError(f"There is no story of an order {order_id}: nothing of it has filled.", order_id=order_id)


def _with_runs(row: Row) -> Row:
    """Return the story with the run that sent each chapter's order, where one did."""
    chapters = row["chapters"]
    assert isinstance(chapters, list)  # noqa: S101 as `story_row` made it
    ids = [chapter["order_id"] for chapter in chapters if chapter["order_id"]]
    sent = AlgoChild.objects.filter(order__in=ids).values_list("order_id", "run_id")
    runs = {str(order_id): str(run_id) for order_id, run_id in sent}
    return {**row, "chapters": [{**chapter, "run_id": runs.get(chapter["order_id"])} for chapter in chapters]}


def story_id_of(user: User, *, account: str, symbol: str) -> str | None:
    """Return the order that names the latest story of a position, open ones first; None if no order began it.

    Raises:
        NotFoundError: no story that they may see has touched it.
    """
    owner = visible_accounts(user).filter(code=account).first()
    named = Position.objects.filter(account=owner, instrument__symbol=symbol).annotate(name=NAME)
    name = None if owner is None else named.values_list("name", flat=True).first()
    told = [] if owner is None or name is None else stories(movements(owner, name))
    touched = [story for story in told if any(m.symbol == symbol for c in story.chapters for m in c.movements)]
    if not touched:
        raise NotFoundError(f"There is no story of {symbol} in {account}.", account=account, symbol=symbol)
    latest = max(touched, key=lambda story: (story.is_open, story.chapters[0].at))
    return _id_of(latest) or None


def story_row(account: str, underlying: str, story: Story) -> Row:
    """Return a story as JSON values. `result` is cash, fees paid, and what is open at its mark; None without a mark."""
    worth = _worth(story)
    first = story.chapters[0]
    return {
        "id": _id_of(story),
        "account": account,
        "underlying": underlying,
        "name": next((c.structure for c in story.chapters if c.structure), f"{underlying} position"),
        "is_open": story.is_open,
        "began_at": iso(first.at),
        "ended_at": None if story.is_open else iso(max(m.at for m in story.chapters[-1].movements)),
        "cash": text(story.cash),
        "fees": text(story.fees),
        "open_value": text(worth),
        "result": None if worth is None else text(story.cash + worth),
        "rolls": sum(c.turn == "ROLLED" for c in story.chapters),
        "positions": [{"symbol": s, "said": _said(s), "qty": qty} for s, qty in sorted(story.positions.items())],
        "chapters": _chapters(story.chapters),
    }


def _id_of(story: Story) -> str:
    return next((c.origin for c in story.chapters if _is_order(c.origin)), "")


def _chapters(chapters: Iterable[Chapter]) -> list[Row]:
    running = ZERO
    rows: list[Row] = []
    for chapter in chapters:
        running += chapter.cash - chapter.fees
        rows.append(
            {
                "at": iso(chapter.at),
                "turn": str(chapter.turn),
                "structure": chapter.structure,
                "order_id": chapter.origin if _is_order(chapter.origin) else None,
                "legs": _legs(chapter.movements),
                "cash": text(chapter.cash),
                "fees": text(chapter.fees),
                "running": text(running),
            }
        )
    return rows


def _legs(rows: Iterable[Movement]) -> list[Row]:
    """Return one leg an instrument and side, its fills together at their average price."""
    total: dict[tuple[str, bool], tuple[int, Decimal]] = {}
    for row in rows:
        qty, paid = total.get((row.symbol, row.qty > 0), (0, ZERO))
        total[row.symbol, row.qty > 0] = (qty + row.qty, paid + row.qty * row.px)
    return [
        {
            "symbol": symbol,
            "said": _said(symbol),
            "qty": qty,
            "px": text((paid / qty).quantize(Decimal("0.0001"))),
        }
        for (symbol, _), (qty, paid) in total.items()
    ]


def _worth(story: Story) -> Decimal | None:
    if not story.positions:
        return ZERO
    latest, greeks = quotes.latest(story.positions), chains.greeks(story.positions)
    multipliers = {m.symbol: m.multiplier for chapter in story.chapters for m in chapter.movements}
    total = ZERO
    for symbol, qty in story.positions.items():
        price = mark(latest.get(symbol), greeks.get(symbol), qty)
        if price is None:
            return None
        total += qty * price * multipliers[symbol]
    return total


@dataclass(frozen=True, slots=True)
class _Name:
    account_id: int
    name: str


def _names(accounts: Collection[Account], account: str, underlying: str) -> Sequence[_Name]:
    """Return the underlyings that the accounts have or had positions in, those that were moved last first."""
    found = Position.objects.filter(account__in=accounts).annotate(name=NAME)
    if account:
        found = found.filter(account__code=account)
    if underlying:
        found = found.filter(name=underlying)
    grouped = (
        found.order_by()
        .values_list("account", "name")
        .annotate(flat=Min(Case(When(qty=0, then=1), default=0)), moved=Max("booked_through"))
    )
    ranked = grouped.order_by("flat", "-moved", "account", "name")
    return [_Name(account_id, name) for account_id, name, _, _ in ranked]


def _said(symbol: str) -> str:
    try:
        contract = contract_of(symbol)
    except InvalidSymbolError:
        return symbol
    return f"{symbol} shares" if contract is None else str(contract)


def _is_order(origin: str) -> bool:
    try:
        UUID(origin)
    except ValueError:
        return False
    return True
