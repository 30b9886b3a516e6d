"""What a connection's settings say, and the guard that keeps paper orders off live gateways and the reverse."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from allcore.kernel.errors import InvalidInputError, RefusedError

LIVE_PORTS = frozenset({4001, 7496})
PAPER_PORTS = frozenset({4002, 7497})
PAPER_ACCOUNT = "D"  # paper accounts are DU..., DF... and the like; live ones start otherwise
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class IbkrSettingsError(InvalidInputError):
    """The connection's settings cannot be meant."""

    code = "IBKR_SETTINGS"


class EnvironmentMismatchError(RefusedError):
    """The settings, the port and the account do not agree on whether this is live; nothing is sent."""

    code = "ENVIRONMENT_MISMATCH"


@dataclass(frozen=True, slots=True)
class IbkrSettings:
    """Where the gateway is and how patient to be; times in seconds.

    `accounts` limits the desk to some of the login's accounts; empty: all. `simulated` says that the gateway is the
    test server, which may listen on any port, on this machine alone, and whose accounts are paper.
    """

    host: str = "127.0.0.1"
    port: int = 4002
    client_id: int = 7
    accounts: tuple[str, ...] = ()
    library: str = ""
    simulated: bool = False
    connect_seconds: float = 10.0
    answer_seconds: float = 10.0
    commission_seconds: float = 2.0
    doubt_seconds: float = 2.0
    silence_seconds: float = 30.0

    @classmethod
    def read(cls, settings: Mapping[str, object]) -> Self:
        """Read a connection's settings.

        Raises:
            IbkrSettingsError: a name is not known, or a value not of its kind.
        """
        given: dict[str, object] = {}
        for name, value in settings.items():
            if name not in cls.__dataclass_fields__:
                raise IbkrSettingsError(f"There is no setting {name!r}.", setting=name)
            given[name] = tuple(str(a) for a in value) if isinstance(value, list | tuple) else value
        for name in ("port", "client_id"):
            if name in given and (isinstance(given[name], bool) or not isinstance(given[name], int)):
                raise IbkrSettingsError(f"{name} is a whole number, was {given[name]!r}.", setting=name)
        return cls(**given)  # type: ignore[arg-type]  # checked by name above

    def ensure_port(self, environment: str) -> None:
        """Refuse a port that belongs to the other environment, before anything is opened.

        Raises:
            EnvironmentMismatchError: they do not agree.
        """
        is_live = environment == "LIVE"
        if self.simulated:
            agrees = not is_live and self.host in LOOPBACK and self.port not in LIVE_PORTS
        else:
            agrees = self.port in (LIVE_PORTS if is_live else PAPER_PORTS)
        if not agrees:
            raise EnvironmentMismatchError(
                f"The connection is {environment}, and port {self.port} at {self.host} is not.", port=self.port
            )

    def ensure_accounts(self, environment: str, accounts: tuple[str, ...]) -> None:
        """Refuse accounts of the other environment, before anything is sent.

        Raises:
            EnvironmentMismatchError: one does not agree, or there is none.
        """
        wrong = [a for a in accounts if a.startswith(PAPER_ACCOUNT) is (environment == "LIVE")]
        if wrong or not accounts:
            raise EnvironmentMismatchError(
                f"The connection is {environment}, and the gateway shows account {', '.join(wrong) or 'none'}.",
                accounts=accounts,
            )
