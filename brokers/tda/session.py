"""A session at TD Ameritrade: on a test server of this machine alone, since the broker itself is gone."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

import httpx

from allcore.kernel.errors import RefusedError
from brokers.ports import Authoriser, Leave, Plumbing, Session
from brokers.rest.addresses import ensure_agrees, is_loopback
from brokers.rest.session import PolledSession
from brokers.schwab.auth import SchwabLeave
from brokers.schwab.client import SchwabClient
from brokers.schwab.session import http_to
from brokers.tda.terms import HOST, REAL_MONEY, TDA

SECRETS = ("app_key",)
WHAT_TO_DO = (
    "TD Ameritrade closed in May 2024 and its accounts are at Charles Schwab; nothing was sent. To trade on: "
    "1. At developer.schwab.com, register an app for the Trader API with the desk's callback address. "
    "2. On the Brokers page, add a connection to Charles Schwab with the app's key and secret, and authorise it. "
    "3. Let the desk's account point to that connection, under the number that Schwab gave the account. "
    "4. Reconcile before the first order: the positions that Schwab shows must be the ones you know. "
    "5. Keep the old history: manage.py import_tda_history FILE --account CODE."
)


class RetiredBrokerError(RefusedError):
    """The broker is no more."""

    code = "BROKER_RETIRED"


class TdaClient(SchwabClient):
    """One login's REST, if it is at a test server."""

    def __init__(self, plumbing: Plumbing, base_url: str) -> None:
        self._base_url = base_url
        super().__init__(plumbing, http_to(base_url, plumbing), TDA)

    async def connect(self) -> frozenset[str]:
        """Sign in.

        Raises:
            RetiredBrokerError: it is not a test server; nothing was sent.
        """
        ensure_not_gone(self._base_url)
        return await super().connect()


class TdaLeave:
    """The page on which a person let the desk in."""

    def __init__(self, plumbing: Plumbing) -> None:
        self._base_url = base_url = _base_url(plumbing)
        opened: partial[httpx.AsyncClient] = partial(http_to, base_url, plumbing)
        self._leave = SchwabLeave(plumbing, f"{base_url}{TDA.authorise}", opened, TDA)

    async def begin(self, callback_url: str) -> Leave:
        """Return the page.

        Raises:
            RetiredBrokerError: it is not a test server's.
        """
        ensure_not_gone(self._base_url)
        return await self._leave.begin(callback_url)

    async def finish(self, answer: Mapping[str, str]) -> datetime | None:
        """Change the code for tokens.

        Raises:
            RetiredBrokerError: it is not a test server's.
        """
        ensure_not_gone(self._base_url)
        return await self._leave.finish(answer)


def open_session(plumbing: Plumbing) -> Session:
    """Return a session, not yet connected.

    Raises:
        DisagreementError: a live connection to a test server.
    """
    return PolledSession(plumbing, TdaClient(plumbing, _base_url(plumbing)))


def authorise(plumbing: Plumbing) -> Authoriser:
    """Return how a person gave leave."""
    return TdaLeave(plumbing)


def ensure_not_gone(base_url: str) -> None:
    """Let only a test server of this machine be spoken to.

    Raises:
        RetiredBrokerError: with what to do instead.
    """
    if not is_loopback(base_url):
        raise RetiredBrokerError(WHAT_TO_DO)


def _base_url(plumbing: Plumbing) -> str:
    base_url = str(plumbing.settings.get("base_url") or HOST).rstrip("/")
    if is_loopback(base_url):
        ensure_agrees(plumbing.environment, base_url, real_money=REAL_MONEY)
    return base_url
