"""Keeping the table of instruments as the source lists them."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from allcore.kernel.instruments import InstrumentKind
from marketdata.domain.sources import Listing
from marketdata.models import Instrument

OPTION_MULTIPLIER = 100
BATCH = 1000
CHANGEABLE = ("kind", "name", "tick_rule", "dividend_yield", "is_active", "is_simulated", "multiplier")


@transaction.atomic
def store(listings: Sequence[Listing], *, today: date, is_simulated: bool) -> set[str]:
    """Make the active instruments be the listed ones, and return the symbols of the options that are active no more.

    An option that expired before `today` (New York), or that this source does not list, stays in the table: orders
    name it.
    """
    owners = [listing for listing in listings if listing.contract is None]
    _upsert([_owner(listing, is_simulated=is_simulated) for listing in owners])
    _upsert(_new_options(listings, is_simulated=is_simulated))
    current = {x.symbol for x in listings if x.contract is None or x.contract.expiry >= today}
    active = Instrument.objects.filter(kind=InstrumentKind.OPTION, is_active=True).values_list("symbol", flat=True)
    gone = set(active) - current
    Instrument.objects.filter(symbol__in=gone).update(is_active=False)
    return gone


def _upsert(rows: list[Instrument]) -> None:
    Instrument.objects.bulk_create(
        rows, batch_size=BATCH, update_conflicts=True, unique_fields=["symbol"], update_fields=CHANGEABLE
    )


def _owner(listing: Listing, *, is_simulated: bool) -> Instrument:
    return Instrument(
        symbol=listing.symbol,
        kind=listing.kind,
        name=listing.name,
        tick_rule=listing.tick_rule,
        dividend_yield=listing.dividend_yield,
        is_simulated=is_simulated,
    )


def _new_options(listings: Sequence[Listing], *, is_simulated: bool) -> list[Instrument]:
    known = set(
        Instrument.objects.filter(kind=InstrumentKind.OPTION, is_active=True, is_simulated=is_simulated).values_list(
            "symbol", flat=True
        )
    )
    owners = {row.symbol: row for row in Instrument.objects.exclude(kind=InstrumentKind.OPTION)}
    return [
        Instrument(
            symbol=listing.symbol,
            kind=InstrumentKind.OPTION,
            underlying=owners[listing.underlying],
            expiry=listing.contract.expiry,
            strike=listing.contract.strike,
            right=listing.contract.right,
            multiplier=OPTION_MULTIPLIER,
            tick_rule=listing.tick_rule,
            is_simulated=is_simulated,
        )
        for listing in listings
        if listing.contract is not None and listing.symbol not in known
    ]
