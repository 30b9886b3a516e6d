"""The gate's sheet as it travels: what a second look changes apart from what stands for a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import numpy as np
import orjson

from risk.domain.measures.numbers import Floats
from risk.domain.sheet import Name, Sheet

SHEET_KEY = "risk:sheet"
PAST_KEY = "risk:past"


@dataclass(frozen=True, slots=True)
class Past:
    """What stands until the next close."""

    names: Mapping[str, Name]
    volatility: Floats | None


@dataclass(frozen=True, slots=True)
class Look:
    """When the monitor looked last (the system's time), the riskless rate then, and which past belongs to it."""

    at: datetime
    rate: float
    version: str

    def sheet(self, past: Past) -> Sheet:
        """Return both together."""
        return Sheet(self.at, self.rate, past.names, past.volatility)


def version_of(raw: bytes) -> str:
    """Return the name of a past as it is kept: another content is another name."""
    return sha256(raw).hexdigest()[:16]


def look_bytes(look: Look) -> bytes:
    """Return a look as it is kept."""
    return orjson.dumps({"at": look.at.isoformat(), "rate": look.rate, "version": look.version})


def look_from(raw: bytes) -> Look:
    """Read what `look_bytes` wrote."""
    data = orjson.loads(raw)
    return Look(datetime.fromisoformat(data["at"]), float(data["rate"]), str(data["version"]))


def past_bytes(past: Past) -> bytes:
    """Return a past as it is kept; a day without a number is null."""
    names = {
        symbol: [_cells(one.moves), one.beta, one.dividend, one.sector] for symbol, one in sorted(past.names.items())
    }
    return orjson.dumps([names, None if past.volatility is None else _cells(past.volatility)])


def past_from(raw: bytes) -> Past:
    """Read what `past_bytes` wrote."""
    names, volatility = orjson.loads(raw)
    return Past(
        names={
            symbol: Name(_column(moves), beta, dividend, sector)
            for symbol, (moves, beta, dividend, sector) in names.items()
        },
        volatility=None if volatility is None else _column(volatility),
    )


def _cells(column: Floats) -> list[float | None]:
    return [None if np.isnan(cell) else round(float(cell), 8) for cell in column]


def _column(cells: list[float | None]) -> Floats:
    return np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64)
