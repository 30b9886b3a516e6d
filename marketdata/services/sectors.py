"""What sector an underlying belongs to, in the desk's own words."""

from datetime import datetime

from django.db import transaction

from allcore.audit.services import record
from allcore.kernel.errors import InvalidInputError
from allcore.kernel.instruments import InstrumentKind
from marketdata.models import Instrument


@transaction.atomic
def set_sector(symbol: str, sector: str, *, actor: str, now: datetime) -> None:
    """Write the sector of an underlying, or take it away with an empty one. It is audited, and holds within a minute.

    Raises:
        InvalidInputError: it is an option: these have their underlying's.
        Instrument.DoesNotExist: there is no such symbol.
    """
    instrument = Instrument.objects.select_for_update().get(symbol=symbol)
    if instrument.kind == InstrumentKind.OPTION:
        raise InvalidInputError("An option has its underlying's sector.", symbol=symbol)
    before, instrument.sector = instrument.sector, sector.strip()
    instrument.save(update_fields=["sector"])
    payload = {"before": before, "after": instrument.sector}
    record("instrument.sector_set", f"instrument:{symbol}", payload, actor=actor, at=now)
