"""E*TRADE's OAuth 1.0a: leave ends at New York's midnight, and sleeps after two hours without a call."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, quote

import httpx
from oauthlib.oauth1 import Client as Signer  # type: ignore[import-untyped]  # the library has no types

from allcore.kernel.clock import NEW_YORK, new_york_date
from allcore.kernel.errors import DeskError, RefusedError
from brokers.ports import Leave, Plumbing
from brokers.rest.wire import SignInEndedError, WireDownError

REQUEST, ACCESS, RENEW = "/oauth/request_token", "/oauth/access_token", "/oauth/renew_access_token"
SECRETS = ("consumer_key", "consumer_secret")
OUT_OF_BAND = "oob"  # the broker shows a code; it calls nobody back
AGAIN_AFTER = timedelta(seconds=5)  # requests turned away together are renewed together
WAKES_FOR = timedelta(minutes=110)  # without a call; after two hours it sleeps
HELD_FOR = timedelta(seconds=30)  # after which the vault is read again: what was revoked or rotated there holds here
SKEW = timedelta(seconds=60)  # a signature five minutes off is refused
GIVE_LEAVE = "authorise the desk on the Brokers page."


class LeaveRefusedError(RefusedError):
    """The broker does not take the code, or the app's key."""

    code = "LEAVE_REFUSED"


@dataclass(frozen=True, slots=True)
class Names:
    """What a request is signed with: the app's pair, and a token's."""

    consumer_key: str
    consumer_secret: str
    token: str = ""
    token_secret: str = ""
    verifier: str = ""
    callback: str = ""

    def header(self, method: str, url: str, at: datetime) -> str:
        """Return the Authorization of a request. Only its address is signed: no body here is a form."""
        signer = Signer(
            self.consumer_key,
            client_secret=self.consumer_secret,
            resource_owner_key=self.token or None,
            resource_owner_secret=self.token_secret or None,
            verifier=self.verifier or None,
            callback_uri=self.callback or None,
            timestamp=str(int(at.timestamp())),
            nonce=secrets.token_hex(16),
        )
        _, headers, _ = signer.sign(url, http_method=method)
        return str(headers["Authorization"])


class Tokens:
    """Signs one connection's requests with the token that a person got; the vault keeps it."""

    def __init__(self, plumbing: Plumbing, client: httpx.AsyncClient, oauth_url: str) -> None:
        self._plumbing = plumbing
        self._client = client
        self._oauth_url = oauth_url
        self._names: Names | None = None
        self._read_at: datetime | None = None
        self._ahead = timedelta(0)  # of our clock, the broker's
        self._turn = asyncio.Lock()
        self._renewed_at: datetime | None = None
        self._used_at: datetime | None = None
        self._fault: DeskError | None = None

    async def sign(self, request: httpx.Request) -> None:
        """Put the signature on the request. A token that is about to fall asleep is woken first.

        Raises:
            SignInEndedError: it has ended; nothing was sent.
            WireDownError: it cannot be woken just now; nothing was sent.
        """
        if self._used_at is not None and self._plumbing.clock() - self._used_at >= WAKES_FOR:
            await self.renew()
        await self._sign(request)

    async def _sign(self, request: httpx.Request) -> None:
        now = self._used_at = self._plumbing.clock()
        is_stale = self._read_at is None or now - self._read_at >= HELD_FOR
        names = await self._read() if is_stale or self._names is None else self._names
        at = now + self._ahead
        request.headers["Authorization"] = names.header(request.method, str(request.url), at)

    async def renew(self, _: httpx.Request | None = None) -> None:
        """Wake a token that sleeps; set our clock by the broker's if that is what is wrong.

        Raises:
            SignInEndedError: it has ended.
            WireDownError: no answer came.
        """
        async with self._turn:
            now = self._plumbing.clock()
            if self._renewed_at is None or now - self._renewed_at >= AGAIN_AFTER:
                self._fault = await self._renewed()
                self._renewed_at = now
            if self._fault is not None:
                raise self._fault

    async def _read(self) -> Names:
        kept = await self._plumbing.secrets.read()
        if not kept.get("access_token"):
            raise SignInEndedError(f"The desk has no leave at E*TRADE: {GIVE_LEAVE}")
        self._read_at = self._plumbing.clock()
        self._names = Names(
            kept.get("consumer_key", ""),
            kept.get("consumer_secret", ""),
            kept["access_token"],
            kept.get("access_secret", ""),
        )
        return self._names

    async def _renewed(self) -> DeskError | None:
        try:
            self._names = None  # a person may have given leave anew
            response = await self._ask()
            if not response.is_success and self._sets_clock(response):
                response = await self._ask()
        except httpx.HTTPError as e:
            return WireDownError(f"E*TRADE renews no token ({type(e).__name__}); nothing was done.")
        except SignInEndedError as e:
            return e
        if response.is_success:
            return None
        if response.is_server_error:
            return WireDownError(f"E*TRADE renews no token (status {response.status_code}); nothing was done.")
        return SignInEndedError(f"E*TRADE no longer takes the leave it gave, which ends each midnight: {GIVE_LEAVE}")

    async def _ask(self) -> httpx.Response:
        request = self._client.build_request("GET", f"{self._oauth_url}{RENEW}")
        await self._sign(request)
        return await self._client.send(request)

    def _sets_clock(self, response: httpx.Response) -> bool:
        """Take over the broker's time where ours is off by more than a signature may be."""
        try:
            theirs = parsedate_to_datetime(response.headers.get("Date", ""))
        except ValueError:
            return False
        if theirs.tzinfo is None:
            return False
        ahead = theirs - self._plumbing.clock()
        is_off = abs(ahead - self._ahead) > SKEW
        if is_off:
            self._ahead = ahead
        return is_off


class EtradeLeave:
    """The page on which a person lets the desk in, and the code that it shows."""

    def __init__(self, plumbing: Plumbing, urls: tuple[str, str], opened: Callable[[], httpx.AsyncClient]) -> None:
        self._plumbing = plumbing
        self._oauth_url, self._page = urls
        self._opened = opened

    async def begin(self, callback_url: str) -> Leave:
        """Return E*TRADE's page. It calls nobody back: the person brings a code.

        Raises:
            LeaveRefusedError: the broker does not know the app.
            WireDownError: no readable answer came.
        """
        kept = await self._plumbing.secrets.read()
        names = Names(kept.get("consumer_key", ""), kept.get("consumer_secret", ""), callback=OUT_OF_BAND)
        token, secret = await self._granted(names, REQUEST)
        await self._plumbing.secrets.renew({"request_token": token, "request_secret": secret}, expires_at=None)
        query = f"key={quote(names.consumer_key, safe='')}&token={quote(token, safe='')}"
        return Leave(f"{self._page}?{query}", "", needs_code=True)

    async def finish(self, answer: Mapping[str, str]) -> datetime | None:
        """Change the code for a token and keep it; return when it ends.

        Raises:
            LeaveRefusedError: the broker does not take the code.
            WireDownError: no readable answer came.
        """
        kept = await self._plumbing.secrets.read()
        names = Names(
            kept.get("consumer_key", ""),
            kept.get("consumer_secret", ""),
            kept.get("request_token", ""),
            kept.get("request_secret", ""),
            verifier=answer.get("code", "").strip(),
        )
        token, secret = await self._granted(names, ACCESS)
        ends = next_midnight(self._plumbing.clock())
        await self._plumbing.secrets.renew({"access_token": token, "access_secret": secret}, expires_at=ends)
        return ends

    async def _granted(self, names: Names, path: str) -> tuple[str, str]:
        url = f"{self._oauth_url}{path}"
        try:
            async with self._opened() as client:
                header = names.header("GET", url, self._plumbing.clock())
                response = await client.get(url, headers={"Authorization": header})
        except httpx.HTTPError as e:
            raise WireDownError(f"E*TRADE gives no token ({type(e).__name__}).") from e
        if response.is_client_error:
            raise LeaveRefusedError("E*TRADE takes neither the app's key nor the code as they are; begin again.")
        form = parse_qs(response.text.strip())
        if not response.is_success or not {"oauth_token", "oauth_token_secret"} <= set(form):
            raise WireDownError(f"E*TRADE gives no token (status {response.status_code}).")
        return form["oauth_token"][0], form["oauth_token_secret"][0]


def next_midnight(now: datetime) -> datetime:
    """Return when New York's day ends."""
    tomorrow = new_york_date(now) + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, tzinfo=NEW_YORK).astimezone(now.tzinfo)
