"""What a paper connection's settings may say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from allcore.kernel.errors import InvalidInputError
from brokers.paper.model import CHAOS_DISCONNECTS, CHAOS_REJECTS, PROFILES, REALISTIC, FillModel
from brokers.paper.rates import FLAT_RATES, RATES, Rates
from brokers.paper.tariffs import FLAT, TARIFFS, Tariff

ACCOUNTS = {"margin": False, "cash": True}
KEYS = frozenset(
    {"account", "margin_calls", "latency_ms", "profile", "stale_after_s", "seed", "chaos", "fees", "rates"}
)
LATENCY_MOST = 60_000
SEED_MOST = 40


class BadPaperSettingsError(InvalidInputError):
    """The connection's settings do not say what a paper broker needs."""

    code = "BAD_PAPER_SETTINGS"


@dataclass(frozen=True, slots=True)
class PaperSettings:
    """`model` is the profile's, with `latency_ms` (the median to the exchange, 0 for none) and `chaos` put into it.

    No quote older than `stale_after_s` is traded on. `seed` decides all that the model leaves to chance.
    `tariff` is what trading costs, `rates` what cash and borrowed shares do;
    in a cash account the rules of good faith hold; `has_margin_calls` has who lacks margin called and sold out.
    """

    model: FillModel = REALISTIC
    stale_after_s: float = 2.0
    seed: str = ""
    tariff: Tariff = FLAT
    rates: Rates = FLAT_RATES
    is_cash_account: bool = False
    has_margin_calls: bool = True

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
            rates=_rates(settings),
            is_cash_account=_is_cash_account(settings),
            has_margin_calls=_flag(settings, "margin_calls", default=True),
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


def _rates(settings: Mapping[str, object]) -> Rates:
    name = settings.get("rates", FLAT_RATES.name)
    rates = RATES.get(name) if isinstance(name, str) else None
    if rates is None:
        raise BadPaperSettingsError(f"A paper broker's rates are one of {', '.join(RATES)}, was {name!r}.")
    return rates


def _is_cash_account(settings: Mapping[str, object]) -> bool:
    name = settings.get("account", "margin")
    if not isinstance(name, str) or name not in ACCOUNTS:
        raise BadPaperSettingsError(f"A paper broker's account is one of {', '.join(ACCOUNTS)}, was {name!r}.")
    return ACCOUNTS[name]


def _number(settings: Mapping[str, object], key: str, default: float, *, most: float) -> float:
    value = settings.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise BadPaperSettingsError(f"{key} is a number from 0 to {most:g}, was {value!r}.", key=key)
    return float(value)


def _flag(settings: Mapping[str, object], key: str, *, default: bool = False) -> bool:
    value = settings.get(key, default)
    if not isinstance(value, bool):
        raise BadPaperSettingsError(f"{key} is true or false, was {value!r}.", key=key)
    return value


def _seed(settings: Mapping[str, object]) -> str:
    value = settings.get("seed", "")
    if isinstance(value, bool) or not isinstance(value, int | str) or len(str(value)) > SEED_MOST:
        raise BadPaperSettingsError(f"seed is a whole number or a text of at most {SEED_MOST} letters, was {value!r}.")
    return str(value)
