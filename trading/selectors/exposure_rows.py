"""What a book is exposed to, as it travels: to the market, to single names, to its own falls."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from allcore.kernel.money import ZERO, from_float
from risk.domain.exposures import notional_by_underlying
from risk.domain.limits import MissingNumberError
from risk.domain.measures import curves, exposure
from risk.domain.measures.exposure import shares_of
from risk.domain.measures.history import WINDOW
from risk.domain.measures.numbers import Floats, MeasureInputError
from trading.selectors.measures import REFERENCE, Found
from trading.selectors.pnl import AccountPnl, holding_of
from trading.selectors.rows import Row, iso, text

BETA_FROM = 60  # days


def beta_weighted(shares: Floats, found: Found) -> Row:
    """Return the delta in shares of the reference, or the names for which it cannot be told."""
    sheet, spot = found.sheet, found.market.spot(REFERENCE)
    held = [n for n in range(len(sheet.names)) if (shares[sheet.book.owner == n] != 0).any()]
    betas = {n: _beta_of(sheet.names[n], found) for n in held}
    unknown = sorted(sheet.names[n] for n, value in betas.items() if value is None)
    if spot is None or unknown:
        return {"shares": None, "dollars": None, "a_percent": None, "unknown": unknown or [REFERENCE]}
    deltas = shares * sheet.each.delta
    weighted = [
        exposure.Weighted(float(deltas[own].sum()), float(sheet.book.spot[own][0]), value)
        for n, value in betas.items()
        if value is not None and (own := sheet.book.owner == n).any()
    ]
    found_shares = exposure.beta_weighted_delta(weighted, spot)
    return {
        "shares": round(found_shares, 2),
        "dollars": dollars(found_shares * spot),
        "a_percent": dollars(exposure.dollars_a_percent(found_shares, spot)),
        "unknown": [],
    }


def _beta_of(name: str, found: Found) -> float | None:
    reference = found.sheet.reference
    if name == REFERENCE:
        return 1.0
    if name not in reference.names or len(reference.days) < BETA_FROM:
        return None
    return exposure.beta(reference.of(name)[-WINDOW:], reference.of(REFERENCE)[-WINDOW:])


def concentration(accounts: Sequence[AccountPnl]) -> Row | None:
    """Return what is at work in each name, as the single-name limits count it; None where a mark is missing."""
    at_work: dict[str, Decimal] = {}
    try:
        for account in accounts:
            held = [holding_of(p.line, p.mark, p.greeks) for p in account.positions if p.line.qty]
            for name, amount in notional_by_underlying(held, ()).items():
                at_work[name] = at_work.get(name, ZERO) + amount
        weights = shares_of([float(amount) for amount in at_work.values()])
    except (MissingNumberError, MeasureInputError):
        return None
    found = exposure.concentration(weights)
    return {
        "hhi": round(found.hhi, 4),
        "effective_names": round(found.effective_n, 2),
        "names": [
            {"underlying": name, "at_work": text(amount), "share": round(float(weight), 4)}
            for (name, amount), weight in sorted(zip(at_work.items(), weights, strict=True), key=lambda x: -x[1])
        ],
    }


def drawdown(accounts: Sequence[AccountPnl], found: Found) -> Row | None:
    """Return how far below their best the accounts are together, at closes and now; None without all their equity."""
    fall = curves.fall([found.curves[account.books.account.pk] for account in accounts])
    if fall is None or any(account.equity is None for account in accounts):
        return None
    return {
        "now": round(fall.now, 6),
        "worst": round(fall.worst, 6),
        "worst_at": iso(fall.worst_at),
        "since": iso(fall.since),
        "values": fall.values,
    }


def dollars(amount: float) -> str | None:
    """Return a model's dollars as text, to the cent."""
    return None if np.isnan(amount) else text(from_float(float(amount)) + ZERO)  # nought has no sign


def share(part: float, whole: float | None) -> float | None:
    """Return a part of the whole, None where the whole is not known or nothing."""
    return None if whole is None or whole <= 0 else round(part / whole, 6)
