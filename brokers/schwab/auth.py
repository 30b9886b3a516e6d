"""OAuth 2 as Schwab does it: leave has an end that use does not put off; an access token lasts half an hour."""

import asyncio
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx

from allcore.kernel.errors import RefusedError
from brokers.ports import Leave, Plumbing
from brokers.rest.views import UNREADABLE
from brokers.rest.wire import SignInEndedError, WireDownError
from brokers.schwab.dialect import Dialect

ACCESS_LASTS = timedelta(minutes=30)  # where the answer does not say
SPARE = timedelta(seconds=60)  # before its end an access token is fetched anew
SECRETS = ("app_key", "app_secret")


class WrongAnswerError(RefusedError):
    """The answer is to a question that was not asked."""

    code = "WRONG_ANSWER"


class Tokens:
    """Access tokens for the requests of one connection; the refresh token stays in the vault."""

    def __init__(self, plumbing: Plumbing, client: httpx.AsyncClient, dialect: Dialect) -> None:
        self._plumbing = plumbing
        self._client = client
        self._dialect = dialect
        self._access = ""
        self._ends_at: datetime | None = None
        self._turn = asyncio.Lock()

    async def sign(self, request: httpx.Request) -> None:
        """Put a token that holds on the request."""
        request.headers["Authorization"] = f"Bearer {await self.access()}"

    async def access(self) -> str:
        """Return a token that holds."""
        async with self._turn:
            if self._ends_at is None or self._plumbing.clock() >= self._ends_at - SPARE:
                await self._refresh()
            return self._access

    async def renew(self, refused: httpx.Request) -> None:
        """Forget the token that the request went with, if none was fetched since: the broker does not take it."""
        if refused.headers.get("Authorization") == f"Bearer {self._access}":
            self.forget()

    def forget(self) -> None:
        """Fetch a token before the next request."""
        self._ends_at = None

    async def _refresh(self) -> None:
        kept = await self._plumbing.secrets.read()
        refresh_token = kept.get("refresh_token", "")
        if not refresh_token:
            raise SignInEndedError(
                f"The desk has no leave at {self._dialect.broker} yet: authorise it on the Brokers page."
            )
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        answer = await granted(self._client, self._dialect, kept, form)
        renewed = str(answer.get("refresh_token") or refresh_token)
        if renewed != refresh_token:  # the old one may be dead from now on; the leave ends when it did
            await self._plumbing.secrets.renew({"refresh_token": renewed}, expires_at=None)
        self._access = str(answer["access_token"])
        self._ends_at = self._plumbing.clock() + _lasting(answer)


def _lasting(answer: Mapping[str, Any]) -> timedelta:
    try:
        return timedelta(seconds=int(answer["expires_in"]))
    except UNREADABLE:
        return ACCESS_LASTS


async def granted(
    client: httpx.AsyncClient, dialect: Dialect, kept: Mapping[str, str], form: Mapping[str, str]
) -> Mapping[str, Any]:
    """Ask for tokens.

    Raises:
        SignInEndedError: the leave has ended, or never was.
        WireDownError: no readable answer came.
    """
    data, headers = dialect.sign_in(kept, form)
    who = dialect.broker
    try:
        response = await client.post(dialect.token, data=data, headers=headers)
        body = response.json()
    except (httpx.HTTPError, ValueError) as e:
        raise WireDownError(f"{who} gives no tokens ({type(e).__name__}).") from e
    if response.status_code in (httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED):
        raise SignInEndedError(f"{who} no longer takes the leave it gave: authorise the desk on the Brokers page.")
    if not response.is_success or not isinstance(body, dict) or not body.get("access_token"):
        raise WireDownError(f"{who} gives no tokens (status {response.status_code}).")
    return body


class SchwabLeave:
    """The page on which a person lets the desk in."""

    def __init__(
        self, plumbing: Plumbing, page: str, opened: Callable[[], httpx.AsyncClient], dialect: Dialect
    ) -> None:
        self._plumbing = plumbing
        self._page = page
        self._opened = opened
        self._dialect = dialect

    async def begin(self, callback_url: str) -> Leave:
        """Return the broker's page. `callback_url` must be registered there, https and by number (127.0.0.1)."""
        kept = await self._plumbing.secrets.read()
        callback = str(self._plumbing.settings.get("callback_url") or callback_url)
        state = secrets.token_urlsafe(16)
        await self._plumbing.secrets.renew({"state": state, "callback_url": callback}, expires_at=None)
        client_id = self._dialect.client_id(kept)
        query = urlencode({"response_type": "code", "client_id": client_id, "redirect_uri": callback, "state": state})
        return Leave(f"{self._page}?{query}", state, needs_code=False)

    async def finish(self, answer: Mapping[str, str]) -> datetime | None:
        """Change the code for tokens and keep the refresh token; return when the leave ends.

        Raises:
            WrongAnswerError: it does not carry the state that was sent.
            SignInEndedError: the broker does not take the code (it lives for half a minute).
        """
        kept = await self._plumbing.secrets.read()
        if not hmac.compare_digest(answer.get("state", ""), kept.get("state", "?")):
            raise WrongAnswerError("The broker's answer is not to the question that the desk asked; begin again.")
        form = {
            "grant_type": "authorization_code",
            "code": answer.get("code", ""),
            "redirect_uri": kept.get("callback_url", ""),
        }
        async with self._opened() as client:
            body = await granted(client, self._dialect, kept, form)
        if not body.get("refresh_token"):
            raise WireDownError(f"{self._dialect.broker} gives a token without the leave to renew it; begin again.")
        ends = self._plumbing.clock() + self._dialect.leave_lasts
        await self._plumbing.secrets.renew({"refresh_token": str(body["refresh_token"])}, expires_at=ends)
        return ends
