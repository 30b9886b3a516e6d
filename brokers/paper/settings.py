"""What a paper connection's settings may say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from allcore.kernel.errors import InvalidInputError
from brokers.paper.model import CHAOS_DISCONNECTS, CHAOS_REJECTS, PROFILES, REALISTIC, FillModel
from brokers.paper.tariffs import FLAT, TARIFFS, Tariff

KEYS = frozenset({"latency_ms", "profile", "stale_after_s", "seed", "chaos", "fees"})
LATENCY_MOST = 60_000
SEED_MOST = 40


class BadPaperSettingsError(InvalidInputError):
    """The connection's settings do not say what a paper broker needs."""

    code = "BAD_PAPER_SETTINGS"


@dataclass(frozen=True, slots=True)
class PaperSettings:
    """`model` is the profile's, with `latency_ms` (the median to the exchange, 0 for none) and `chaos` put into it.

    No quote older than `stale_after_s` is traded on. `seed` decides all that the model leaves to chance.
    `tariff` is what trading costs.
    """

    model: FillModel = REALISTIC
    stale_after_s: float = 2.0
    seed: str = ""
    tariff: Tariff = FLAT

    @classmethod
    def read(cls, settings: Mapping[str, object]) -> "PaperSettings":
        """Read a connection's JSON.

        Raises:
            BadPaperSettingsError: a key is unknown, or a value is out of range.
        """
        if unknown := sorted(set(settings) - KEYS):
            raise BadPaperSettingsError(f"A paper broker has no setting {', '.join(unknown)}.", unknown=unknown)
        return cls(
            model=_model(settings),
            stale_after_s=_number(settings, "stale_after_s", cls().stale_after_s, most=3600),
            seed=_seed(settings),
            tariff=_tariff(settings),
        )


def _model(settings: Mapping[str, object]) -> FillModel:
    name = settings.get("profile", REALISTIC.name)
    profile = PROFILES.get(name) if isinstance(name, str) else None
    if profile is None:
        raise BadPaperSettingsError(f"A paper broker's profile is one of {', '.join(PROFILES)}, was {name!r}.")
    model = replace(profile, latency_ms=_number(settings, "latency_ms", profile.latency_ms, most=LATENCY_MOST))
    if _flag(settings, "chaos"):
        return replace(model, reject_rate=CHAOS_REJECTS, disconnects=CHAOS_DISCONNECTS)
    return model


def _tariff(settings: Mapping[str, object]) -> Tariff:
    name = settings.get("fees", FLAT.name)
    tariff = TARIFFS.get(name) if isinstance(name, str) else None
    if tariff is None:
        raise BadPaperSettingsError(f"A paper broker's fees are one of {', '.join(TARIFFS)}, was {name!r}.")
    return tariff


def _number(settings: Mapping[str, object], key: str, default: float, *, most: float) -> float:
    value = settings.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise BadPaperSettingsError(f"{key} is a number from 0 to {most:g}, was {value!r}.", key=key)
    return float(value)


def _flag(settings: Mapping[str, object], key: str) -> bool:
    value = settings.get(key, False)
    if not isinstance(value, bool):
        raise BadPaperSettingsError(f"{key} is true or false, was {value!r}.", key=key)
    return value


def _seed(settings: Mapping[str, object]) -> str:
    value = settings.get("seed", "")
    if isinstance(value, bool) or not isinstance(value, int | str) or len(str(value)) > SEED_MOST:
        raise BadPaperSettingsError(f"seed is a whole number or a text of at most {SEED_MOST} letters, was {value!r}.")
    return str(value)
