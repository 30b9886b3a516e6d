"""What a paper connection's settings may say."""

from collections.abc import Mapping
from dataclasses import dataclass

from allcore.kernel.errors import InvalidInputError

PROFILES = ("realistic",)
KEYS = frozenset({"latency_ms", "profile", "stale_after_s"})
LATENCY_MOST = 60_000


class BadPaperSettingsError(InvalidInputError):
    """The connection's settings do not say what a paper broker needs."""

    code = "BAD_PAPER_SETTINGS"


@dataclass(frozen=True, slots=True)
class PaperSettings:
    """`latency_ms` is the median to the exchange, 0 for none; no quote older than `stale_after_s` is traded on."""

    latency_ms: float = 80.0
    profile: str = "realistic"
    stale_after_s: float = 2.0

    @classmethod
    def read(cls, settings: Mapping[str, object]) -> "PaperSettings":
        """Read a connection's JSON.

        Raises:
            BadPaperSettingsError: a key is unknown, or a value is out of range.
        """
        if unknown := sorted(set(settings) - KEYS):
            raise BadPaperSettingsError(f"A paper broker has no setting {', '.join(unknown)}.", unknown=unknown)
        read = cls(
            latency_ms=_number(settings, "latency_ms", cls().latency_ms, most=LATENCY_MOST),
            profile=str(settings.get("profile", "realistic")),
            stale_after_s=_number(settings, "stale_after_s", cls().stale_after_s, most=3600),
        )
        if read.profile not in PROFILES:
            raise BadPaperSettingsError(f"A paper broker's profile is one of {PROFILES}, was {read.profile!r}.")
        return read


def _number(settings: Mapping[str, object], key: str, default: float, *, most: float) -> float:
    value = settings.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise BadPaperSettingsError(f"{key} is a number from 0 to {most:g}, was {value!r}.", key=key)
    return float(value)
