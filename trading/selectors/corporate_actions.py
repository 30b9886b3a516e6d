"""Corporate actions to read: all for people, the confirmed ones of a share for who makes them happen."""

from datetime import date

from trading.models import CorporateAction
from trading.selectors.rows import Row, iso, text

MOST = 100


def listed() -> list[Row]:
    """Return the newest actions by their ex-date."""
    found = CorporateAction.objects.select_related("entered_by", "decided_by").order_by("-ex_date", "-id")
    return [action_row(one) for one in found[:MOST]]


def confirmed(symbol: str, since: date) -> list[CorporateAction]:
    """Return the share's confirmed actions that go ex on the day or later, oldest first."""
    found = CorporateAction.objects.filter(symbol=symbol, ex_date__gte=since, state=CorporateAction.State.CONFIRMED)
    return list(found.order_by("ex_date", "id"))


def action_row(one: CorporateAction) -> Row:
    """Return an action as JSON values; the people should be loaded."""
    return {
        "id": one.pk,
        "kind": one.kind,
        "symbol": one.symbol,
        "ex_date": one.ex_date.isoformat(),
        "record_date": None if one.record_date is None else one.record_date.isoformat(),
        "pay_date": None if one.pay_date is None else one.pay_date.isoformat(),
        "ratio_new": one.ratio_new,
        "ratio_old": one.ratio_old,
        "amount": text(one.amount),
        "to_symbol": one.to_symbol,
        "state": one.state,
        "entered_by": one.entered_by.username,
        "entered_at": iso(one.entered_at),
        "decided_by": None if one.decided_by is None else one.decided_by.username,
        "decided_at": iso(one.decided_at),
    }
