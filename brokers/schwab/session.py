"""A session at Schwab."""

from functools import partial

import httpx

from brokers.ports import Authoriser, Plumbing, Session
from brokers.rest.addresses import ensure_agrees
from brokers.rest.places import lines_to
from brokers.rest.session import PolledSession
from brokers.schwab.auth import SchwabLeave
from brokers.schwab.client import SchwabClient
from brokers.schwab.quotes import SchwabQuotes
from brokers.schwab.terms import HOST, REAL_MONEY, SCHWAB

ANSWER_SECONDS = 4.0  # below the five within which a sending must have its answer


class SchwabSession(PolledSession):
    """One login, and the quotes of its stream."""

    def __init__(self, plumbing: Plumbing, client: SchwabClient) -> None:
        super().__init__(plumbing, client)
        self._schwab = client

    def quote_feed(self) -> SchwabQuotes:
        """Return the quotes of the session's own stream, once it is connected.

        Raises:
            SessionDownError: it is not, or the login has no stream.
        """
        return self._schwab.quote_feed()


def open_session(plumbing: Plumbing) -> Session:
    """Return a session, not yet connected.

    Raises:
        DisagreementError: a paper connection to Schwab's own address, which has real money alone, or the reverse.
    """
    return SchwabSession(plumbing, SchwabClient(plumbing, _http(plumbing), SCHWAB))


def authorise(plumbing: Plumbing) -> Authoriser:
    """Return how a person gives leave."""
    return SchwabLeave(plumbing, f"{_base_url(plumbing)}{SCHWAB.authorise}", partial(_http, plumbing), SCHWAB)


def _http(plumbing: Plumbing) -> httpx.AsyncClient:
    return http_to(_base_url(plumbing), plumbing)


def http_to(base_url: str, plumbing: Plumbing) -> httpx.AsyncClient:
    """Return lines to the address."""
    seconds = float(str(plumbing.settings.get("answer_seconds") or ANSWER_SECONDS))
    return lines_to(base_url, answer_seconds=seconds)


def _base_url(plumbing: Plumbing) -> str:
    base_url = str(plumbing.settings.get("base_url") or HOST).rstrip("/")
    ensure_agrees(plumbing.environment, base_url, real_money=REAL_MONEY)
    return base_url
