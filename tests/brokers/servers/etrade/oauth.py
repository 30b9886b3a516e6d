"""OAuth 1.0a as a provider checks it: signatures, nonces, clocks and tokens. Written from RFC 5849, with no library."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from allcore.kernel.clock import new_york_date
from tests.brokers.servers.faults import Clock

IDLE, SKEW = timedelta(hours=2), timedelta(minutes=5)
SAFE = "-._~"


class Unauthorized(Exception):  # noqa: N818 what it is: a 401
    """The request is not let in; `problem` is the provider's word for why."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass
class Token:
    """A pair. A request token has a verifier once a person agreed; an access token wakes, sleeps and ends."""

    key: str
    secret: str
    made_at: datetime
    used_at: datetime
    verifier: str = ""


@dataclass
class Asked:
    """A request as it is signed."""

    method: str
    url: str
    header: str
    form: tuple[tuple[str, str], ...] = ()


def encoded(text: str) -> str:
    """Percent-encode as RFC 5849 3.6 has it."""
    return quote(text, safe=SAFE)


def protocol_parameters(header: str) -> dict[str, str]:
    """Read the Authorization header.

    Raises:
        Unauthorized: it is none.
    """
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "oauth":
        raise Unauthorized("parameter_absent")
    found = {}
    for part in rest.split(","):
        name, _, value = part.strip().partition("=")
        found[unquote(name)] = unquote(value.strip('"'))
    return found


def base_string(asked: Asked, parameters: dict[str, str]) -> str:
    """Return what is signed: method, address, and every parameter in order (3.4.1)."""
    parts = urlsplit(asked.url)
    address = f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path}"
    pairs = [(n, v) for n, v in parameters.items() if n not in ("realm", "oauth_signature")]
    pairs += [*parse_qsl(parts.query, keep_blank_values=True), *asked.form]
    ordered = sorted((encoded(n), encoded(v)) for n, v in pairs)
    return "&".join(encoded(text) for text in (asked.method.upper(), address, "&".join(f"{n}={v}" for n, v in ordered)))


def signature(base: str, consumer_secret: str, token_secret: str) -> str:
    """Return the HMAC-SHA1 (3.4.2)."""
    key = f"{encoded(consumer_secret)}&{encoded(token_secret)}".encode()
    return base64.b64encode(hmac.new(key, base.encode(), hashlib.sha1).digest()).decode()


@dataclass
class Provider:
    """Who was let in, and until when."""

    clock: Clock
    consumer_key: str = "key-of-the-app"
    consumer_secret: str = "secret/of+the=app"
    requests: dict[str, Token] = field(default_factory=dict)
    accesses: dict[str, Token] = field(default_factory=dict)
    nonces: set[tuple[str, str, str]] = field(default_factory=set)
    renewed: int = 0
    refuses_renewal: bool = False

    def leave(self) -> Token:
        """Return an access token, as a person gets it at the page."""
        token = self._made()
        self.accesses[token.key] = token
        return token

    def request(self, asked: Asked) -> Token:
        """Give a request token."""
        parameters = self._checked(asked, None)
        if not parameters.get("oauth_callback"):
            raise Unauthorized("parameter_absent")
        token = self._made()
        self.requests[token.key] = token
        return token

    def agree(self, key: str, token: str) -> str:
        """Return the code that the page shows to a person who agrees."""
        if key != self.consumer_key or token not in self.requests:
            raise Unauthorized("token_rejected")
        self.requests[token].verifier = secrets.token_hex(3).upper()[:5]
        return self.requests[token].verifier

    def access(self, asked: Asked) -> Token:
        """Change a request token with its code for an access token, once."""
        parameters = self._checked(asked, self.requests)
        token = self.requests[parameters["oauth_token"]]
        if not token.verifier or parameters.get("oauth_verifier", "").upper() != token.verifier:
            raise Unauthorized("verifier_invalid")
        del self.requests[token.key]
        return self.leave()

    def renew(self, asked: Asked) -> None:
        """Wake an access token that sleeps."""
        token = self.accesses[self._checked(asked, self.accesses)["oauth_token"]]
        self._ensure_of_today(token)
        if self.refuses_renewal:
            raise Unauthorized("token_rejected")
        token.used_at = self.clock()
        self.renewed += 1

    def revoke(self, asked: Asked) -> None:
        """End an access token."""
        del self.accesses[self._checked(asked, self.accesses)["oauth_token"]]

    def let_in(self, asked: Asked) -> None:
        """Let a call through."""
        token = self.accesses[self._checked(asked, self.accesses)["oauth_token"]]
        self._ensure_of_today(token)
        if self.clock() - token.used_at >= IDLE:
            raise Unauthorized("token_expired")
        token.used_at = self.clock()

    def _ensure_of_today(self, token: Token) -> None:
        if new_york_date(self.clock()) != new_york_date(token.made_at):
            raise Unauthorized("token_rejected")

    def _checked(self, asked: Asked, tokens: dict[str, Token] | None) -> dict[str, str]:
        """Return the protocol's parameters of a request that is rightly signed; `tokens` None: without a token."""
        parameters = protocol_parameters(asked.header)
        if parameters.get("oauth_consumer_key") != self.consumer_key:
            raise Unauthorized("consumer_key_unknown")
        if parameters.get("oauth_signature_method") != "HMAC-SHA1" or parameters.get("oauth_version", "1.0") != "1.0":
            raise Unauthorized("signature_method_rejected")
        token = None if tokens is None else tokens.get(parameters.get("oauth_token", ""))
        if tokens is not None and token is None:
            raise Unauthorized("token_rejected")
        secret = "" if token is None else token.secret
        right = signature(base_string(asked, parameters), self.consumer_secret, secret)
        if not hmac.compare_digest(right, parameters.get("oauth_signature", "")):
            raise Unauthorized("signature_invalid")
        self._ensure_fresh(parameters)
        return parameters

    def _ensure_fresh(self, parameters: dict[str, str]) -> None:
        stamp, nonce = parameters.get("oauth_timestamp", "0"), parameters.get("oauth_nonce", "")
        if abs(self.clock().timestamp() - int(stamp)) > SKEW.total_seconds():
            raise Unauthorized("timestamp_refused")
        once = (stamp, nonce, parameters.get("oauth_token", ""))
        if not nonce or once in self.nonces:
            raise Unauthorized("nonce_used")
        self.nonces.add(once)

    def _made(self) -> Token:
        """Make a pair with all the signs that have to be encoded."""
        now = self.clock()
        return Token(f"{secrets.token_hex(8)}/+=", f"{secrets.token_hex(8)}+/=", now, now)
