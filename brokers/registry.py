"""The brokers that the desk can speak to, one line each, and the session of a connection."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import redis.asyncio as aioredis
from django.conf import settings as django_settings
from django.db import connections as databases

from allcore.kernel.clock import utc_now
from allcore.kernel.errors import InvalidInputError
from brokers import etrade, schwab, tda
from brokers.ibkr.market import IbkrMarket
from brokers.ibkr.orders import CAPABILITIES as IBKR
from brokers.ibkr.session import IbkrSession
from brokers.markets import MarketLine
from brokers.models import Connection
from brokers.paper.actions import ActionBook
from brokers.paper.quotes import CloseBook
from brokers.paper.session import CAPABILITIES as PAPER
from brokers.paper.session import PaperSession, Wiring
from brokers.paper.settings import PaperSettings
from brokers.paper.ticks import RuleOf, nobody_knows
from brokers.ports import Authoriser, Capabilities, Plumbing, Session
from brokers.services.certification import ensure_may_connect
from brokers.services.order_keys import DatabaseKeys
from brokers.services.pacing import RedisPacer
from brokers.services.paper_quotes import RedisQuotes
from brokers.services.paper_store import DatabaseStore
from brokers.services.secrets import VaultSecrets


class UnknownBrokerError(InvalidInputError):
    """No adapter has that name."""

    code = "UNKNOWN_BROKER"


class NoQuotesError(InvalidInputError):
    """The broker's quotes cannot feed the desk."""

    code = "NO_QUOTES"


@dataclass(frozen=True, slots=True)
class ConnectionSpec:
    """What a session is built from."""

    name: str
    broker: str
    environment: str
    settings: dict[str, object] = field(default_factory=dict)


def _no_close(underlying: str, day: date) -> Decimal | None:
    """Know nothing: the paper broker then settles by the closes that its own quotes showed."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the apps above know and a broker may ask: price steps, official closes, and announced corporate actions.

    All may read the database: they are asked in a thread of the session's own, never in its loop's. Without `actions`
    no corporate action befalls a paper position.
    """

    rule_of: RuleOf = nobody_knows
    closes: CloseBook = _no_close
    actions: ActionBook | None = None


DEFAULT_KNOWLEDGE = Knowledge()


@dataclass(frozen=True, slots=True)
class Broker:
    """One adapter. `secrets` are the credentials a person enters; `authorise` is how they give leave, if they must."""

    name: str
    capabilities: Capabilities
    open_session: Callable[[ConnectionSpec, Knowledge], Session]
    secrets: tuple[str, ...] = ()
    authorise: Callable[[Plumbing], Authoriser] | None = None
    open_market: Callable[[Plumbing], MarketLine] | None = None


def plumbing(spec: ConnectionSpec) -> Plumbing:
    """Return what the connection's adapter is given."""
    keys = DatabaseKeys(spec.name)
    redis = aioredis.Redis.from_url(django_settings.REDIS_URL)

    async def release() -> None:
        await keys.close()
        await redis.aclose()

    return Plumbing(
        connection=spec.name,
        environment=spec.environment,
        settings=spec.settings,
        clock=utc_now,
        keys=keys,
        secrets=VaultSecrets(spec.name),
        pacer=RedisPacer(spec.name, redis),
        release=release,
    )


def plumbed(open_session: Callable[[Plumbing], Session]) -> Callable[[ConnectionSpec, Knowledge], Session]:
    """Return how an adapter that speaks to a broker outside opens a session."""
    return lambda spec, _: open_session(plumbing(spec))


def _paper(spec: ConnectionSpec, knowledge: Knowledge) -> Session:
    return PaperSession(
        Wiring(
            connection=spec.name,
            store=DatabaseStore(spec.name),
            quotes=RedisQuotes(django_settings.REDIS_URL),
            settings=PaperSettings.read(spec.settings),
            clock=utc_now,
            rule_of=knowledge.rule_of,
            closes=knowledge.closes,
            actions=knowledge.actions,
        )
    )


BROKERS: dict[str, Broker] = {
    "paper": Broker("Paper", PAPER, _paper),
    "ibkr": Broker("Interactive Brokers", IBKR, plumbed(IbkrSession), open_market=IbkrMarket),
    "schwab": Broker(
        "Charles Schwab",
        schwab.CAPABILITIES,
        plumbed(schwab.open_session),
        secrets=schwab.SECRETS,
        authorise=schwab.authorise,
    ),
    "etrade": Broker(
        "E*TRADE",
        etrade.CAPABILITIES,
        plumbed(etrade.open_session),
        secrets=etrade.SECRETS,
        authorise=etrade.authorise,
    ),
    "tda": Broker(
        "TD Ameritrade (retired)",
        tda.CAPABILITIES,
        plumbed(tda.open_session),
        secrets=tda.SECRETS,
        authorise=tda.authorise,
    ),
}


def build(spec: ConnectionSpec, knowledge: Knowledge = DEFAULT_KNOWLEDGE) -> Session:
    """Return a session for the connection, not yet connected.

    Raises:
        UnknownBrokerError: no adapter has the broker's name.
    """
    return broker_named(spec.broker).open_session(spec, knowledge)


def broker_named(name: str) -> Broker:
    """Return the adapter.

    Raises:
        UnknownBrokerError: there is none of that name.
    """
    if name not in BROKERS:
        raise UnknownBrokerError(f"There is no adapter for {name!r}; there is {', '.join(BROKERS)}.", broker=name)
    return BROKERS[name]


def session_for(name: str, knowledge: Knowledge = DEFAULT_KNOWLEDGE) -> Session:
    """Return a session for the connection of that name. May be called where an event loop runs.

    Raises:
        NotCertifiedError: it is a live connection, and live trading is not armed or its adapter not certified for it.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:  # Django refuses its database in a loop's own thread
        return build(thread.submit(_spec_of, name).result(), knowledge)


def quote_feed_for(name: str) -> MarketLine:
    """Return a line for the quotes of the connection, not yet connected. Called where its event loop runs.

    Raises:
        NoQuotesError: its broker shows none that the desk can be fed with.
        NotCertifiedError: it is a live connection, and live trading is not armed or its adapter not certified for it.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        spec = thread.submit(_spec_of, name).result()
    open_market = broker_named(spec.broker).open_market
    if open_market is None:
        raise NoQuotesError(f"{spec.broker} has no quotes that the desk can be fed with.", connection=name)
    return open_market(plumbing(spec))


def spec_of(row: Connection) -> ConnectionSpec:
    """Return what the connection's session is built from."""
    return ConnectionSpec(row.name, row.broker, row.environment, row.settings)


def _spec_of(name: str) -> ConnectionSpec:
    try:
        row = Connection.objects.get(name=name)
        ensure_may_connect(row, now=utc_now())
        return spec_of(row)
    finally:
        databases.close_all()
