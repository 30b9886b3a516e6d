"""A session at Schwab."""

import httpx

from brokers.ports import Authoriser, Plumbing, Session
from brokers.rest.addresses import ensure_agrees
from brokers.rest.session import PolledSession
from brokers.schwab.auth import SchwabLeave
from brokers.schwab.client import SchwabClient
from brokers.schwab.terms import HOST, REAL_MONEY

TIMEOUT = httpx.Timeout(4.0, connect=2.0)  # below the five seconds within which a sending must have its answer
LINES = httpx.Limits(max_connections=8, max_keepalive_connections=4)


def open_session(plumbing: Plumbing) -> Session:
    """Return a session, not yet connected.

    Raises:
        DisagreementError: a paper connection to Schwab's own address, which has real money alone, or the reverse.
    """
    return PolledSession(plumbing, SchwabClient(plumbing, _http(plumbing)))


def authorise(plumbing: Plumbing) -> Authoriser:
    """Return how a person gives leave."""
    return SchwabLeave(plumbing, _http(plumbing))


def _http(plumbing: Plumbing) -> httpx.AsyncClient:
    base_url = str(plumbing.settings.get("base_url") or HOST)
    ensure_agrees(plumbing.environment, base_url, real_money=REAL_MONEY)
    return httpx.AsyncClient(base_url=base_url, timeout=TIMEOUT, limits=LINES)
