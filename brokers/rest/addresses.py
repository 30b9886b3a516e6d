"""Whether an address, an environment and the money behind it agree."""

import ipaddress
from urllib.parse import quote, urlsplit

from allcore.kernel.errors import RefusedError


class DisagreementError(RefusedError):
    """The connection's environment and its address are of different worlds; nothing is sent."""

    code = "ENVIRONMENT_DISAGREES"


def is_loopback(url: str) -> bool:
    """Return whether the address is of this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def segment(name: str) -> str:
    """Return a name as a part of a path: what would end the part is written as a number, all else as it is."""
    return quote(name, safe="=+,;:@!$&'()*~")


def ensure_agrees(environment: str, url: str, *, real_money: frozenset[str]) -> None:
    """Let a LIVE connection speak only to the hosts of real money, and a PAPER one to any other.

    Raises:
        DisagreementError: the two do not agree.
    """
    host = urlsplit(url).hostname or ""
    is_real = host in real_money
    if is_real != (environment == "LIVE") or not (is_real or is_loopback(url) or urlsplit(url).scheme == "https"):
        raise DisagreementError(
            f"A {environment} connection does not speak to {host}; nothing is sent.", environment=environment, host=host
        )
