"""A session at E*TRADE."""

from functools import partial

import httpx

from brokers.etrade.auth import EtradeLeave
from brokers.etrade.client import EtradeClient
from brokers.etrade.terms import AUTHORISE, HOST, REAL_MONEY, SANDBOX
from brokers.ports import Authoriser, Plumbing, Session
from brokers.rest.addresses import ensure_agrees, is_loopback
from brokers.rest.places import lines_to
from brokers.rest.session import PolledSession

ANSWER_SECONDS = 2.2  # for each of preview and place: both must be through in the five seconds that a sending has


def open_session(plumbing: Plumbing) -> Session:
    """Return a session, not yet connected.

    Raises:
        DisagreementError: a paper connection to the address of real money, or the reverse.
    """
    return PolledSession(plumbing, EtradeClient(plumbing, _http(plumbing), _oauth_url(plumbing)))


def authorise(plumbing: Plumbing) -> Authoriser:
    """Return how a person gives leave."""
    base_url = _base_url(plumbing)
    page = f"{base_url}/e/t/etws/authorize" if is_loopback(base_url) else AUTHORISE
    return EtradeLeave(plumbing, (_oauth_url(plumbing), page), partial(_http, plumbing))


def _http(plumbing: Plumbing) -> httpx.AsyncClient:
    base_url = _base_url(plumbing)
    seconds = float(str(plumbing.settings.get("answer_seconds") or ANSWER_SECONDS))
    return lines_to(base_url, answer_seconds=seconds)


def _oauth_url(plumbing: Plumbing) -> str:
    """Return where tokens are got: one place for the sandbox and for real money; nothing can be ordered there."""
    base_url = _base_url(plumbing)
    return base_url if is_loopback(base_url) else HOST


def _base_url(plumbing: Plumbing) -> str:
    own = HOST if plumbing.environment == "LIVE" else SANDBOX
    base_url = str(plumbing.settings.get("base_url") or own).rstrip("/")
    ensure_agrees(plumbing.environment, base_url, real_money=REAL_MONEY)
    return base_url
