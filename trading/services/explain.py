"""Keeping the points that a day's P&L is explained from, and saying when an explanation falls short."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from allcore.accounts.actors import desk_name
from allcore.audit.services import record
from allcore.kernel.clock import new_york_date
from allcore.kernel.money import from_float
from allcore.live import publish_on_commit
from trading.domain.books.valuation import Valued
from trading.models import GreekPoint
from trading.selectors.explained import told
from trading.selectors.pnl import AccountPnl
from trading.selectors.points import VALUES, Moment, point_of
from trading.selectors.rows import text

ACTOR = desk_name("monitor")
PLACES = 10  # of a model's number, as kept


class Steps:
    """Which trades were seen. Forgotten with the process: a point more than is needed changes no sum."""

    def __init__(self) -> None:
        """Begin having seen nothing."""
        self._seen: dict[tuple[str, int], tuple[object, ...]] = {}
        self._is_waiting = False

    def note(self, accounts: Iterable[AccountPnl], moment: Moment, *, are_new: bool) -> None:
        """Keep a point of each instrument that was traded since the last look, or is held and seen first today.

        `are_new`: the books were read anew. If not, only what had no mark yet can be due.
        """
        if not are_new and not self._is_waiting:
            return
        today = new_york_date(moment.at)
        due: dict[int, Valued] = {}
        self._is_waiting = False
        for account in accounts:
            for place, line in enumerate(account.books.lines):
                key, state = (line.account, line.instrument_id), (today, len(line.trades))
                if self._seen.get(key) == state:
                    continue
                position = account.positions[place]
                if position.mark is None:
                    self._is_waiting = True
                else:
                    self._seen[key] = state
                    due[line.instrument_id] = position
        if due:
            write(due.values(), moment, GreekPoint.Kind.TRADE)


def write(positions: Iterable[Valued], moment: Moment, kind: GreekPoint.Kind) -> None:
    """Write a point of each position's instrument; the same moment again is the same point."""
    found = {p.line.instrument_id: point_of(p, moment) for p in positions}
    GreekPoint.objects.bulk_create(
        [
            GreekPoint(
                instrument_id=instrument,
                kind=kind,
                day=new_york_date(moment.at),
                at=point.at,
                px=point.px,
                **{name: _kept(getattr(point, name)) for name in VALUES},
            )
            for instrument, point in sorted(found.items())
            if point is not None
        ],
        update_conflicts=True,
        unique_fields=["instrument", "at"],
        update_fields=["kind", "px", *VALUES],
    )


def _kept(value: float | None) -> Decimal | None:
    return None if value is None else from_float(value, PLACES)


def close_day(accounts: Sequence[AccountPnl], moment: Moment, *, is_first: bool) -> None:
    """Keep the points of the close, anew while the day settles; tell once of each day that is not explained."""
    for one in told(accounts, moment) if is_first else ():
        if one.explained is not None and one.explained.is_alarming:
            line = one.position.line
            seen = {"symbol": line.symbol, "residual": text(one.explained.residual), "total": text(one.explained.total)}
            message = (
                f"The day's P&L of {line.symbol} is {seen['total']}, of which {seen['residual']} is not explained."
            )
            subject = f"position:{line.account}:{line.instrument_id}"
            record("pnl.unexplained", subject, seen, actor=ACTOR, at=moment.at, account=line.account)
            told_as = {"code": "PNL_UNEXPLAINED", "message": message, **seen}
            publish_on_commit("alerts", "position", told_as, account=line.account)
    held = [p for account in accounts for p in account.positions if p.line.qty]
    write(held, moment, GreekPoint.Kind.CLOSE)
