"""The server's own signatures are those of RFC 5849, section 1.2, and nothing else is let in."""

from dataclasses import replace

import pytest

from tests.brokers.servers.etrade.oauth import (
    Asked,
    Provider,
    Unauthorized,
    base_string,
    encoded,
    protocol_parameters,
    signature,
)
from tests.brokers.servers.faults import Clock

PHOTOS = (
    'OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk", '
    'oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH"'
)


def test_the_signature_of_the_standards_example_is_ours() -> None:
    asked = Asked("GET", "http://photos.example.net/photos?file=vacation.jpg&size=original", PHOTOS)

    base = base_string(asked, protocol_parameters(asked.header))

    assert signature(base, "kd94hf93k423kf44", "pfkkdhi9sl3r4s00") == "MdpQcU8iPSUjWoN/UDMsK2sui9I="


def signed(provider: Provider, *, ahead: float = 0, nonce: str = "n1", url: str = "http://127.0.0.1/v1/x") -> Asked:
    """Return a call that is rightly signed with a token of today."""
    token = next(iter(provider.accesses.values())) if provider.accesses else provider.leave()
    parameters = {
        "oauth_consumer_key": provider.consumer_key,
        "oauth_token": token.key,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(provider.clock().timestamp() + ahead)),
        "oauth_nonce": nonce,
    }
    base = base_string(Asked("GET", url, ""), parameters)
    parameters["oauth_signature"] = signature(base, provider.consumer_secret, token.secret)
    header = ", ".join(f'{name}="{encoded(value)}"' for name, value in parameters.items())
    return Asked("GET", url, f"OAuth {header}")


@pytest.mark.parametrize("ahead", [0, 290, -290])
def test_a_rightly_signed_call_is_let_in(ahead: float) -> None:
    provider = Provider(Clock())

    provider.let_in(signed(provider, ahead=ahead))


@pytest.mark.parametrize("ahead", [310, -310])
def test_a_clock_five_minutes_off_is_refused(ahead: float) -> None:
    provider = Provider(Clock())

    with pytest.raises(Unauthorized, match="timestamp_refused"):
        provider.let_in(signed(provider, ahead=ahead))


@pytest.mark.parametrize(
    "changed", [{"method": "POST"}, {"url": "http://127.0.0.1/v1/y"}, {"url": "http://127.0.0.1/v1/x?a=1"}]
)
def test_another_call_than_was_signed_is_refused(changed: dict[str, str]) -> None:
    provider = Provider(Clock())

    with pytest.raises(Unauthorized, match="signature_invalid"):
        provider.let_in(replace(signed(provider), **changed))  # type: ignore[arg-type]


def test_a_nonce_is_taken_once() -> None:
    provider = Provider(Clock())
    asked = signed(provider)
    provider.let_in(asked)

    with pytest.raises(Unauthorized, match="nonce_used"):
        provider.let_in(asked)
