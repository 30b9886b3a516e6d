"""Adding connections and accounts, their credentials, and the leave that a person gives at the broker."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from allcore import live
from allcore.audit.services import record
from allcore.kernel.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError
from allcore.vault import services as vault
from brokers import registry
from brokers.models import Account, Connection
from brokers.selectors.connections import row_of
from brokers.selectors.credentials import owner_of
from brokers.services.connections import wake


class TakenError(ConflictError):
    """There is one of that name or number already."""

    code = "TAKEN"


class NoLeaveNeededError(RefusedError):
    """The broker is not one that a person gives leave to by a page of its own."""

    code = "NO_AUTHORISATION"


def add_connection(
    name: str, *, broker: str, environment: str, settings: Mapping[str, object], actor: str, now: datetime
) -> Connection:
    """Add a connection, paused: nothing speaks to the broker before somebody resumes it.

    Raises:
        UnknownBrokerError: no adapter has that name.
        TakenError: there is a connection of that name.
    """
    registry.broker_named(broker)
    if environment not in Connection.Environment.values:
        raise InvalidInputError(f"The environment is PAPER or LIVE, was {environment!r}.", environment=environment)
    try:
        with transaction.atomic():
            connection = Connection.objects.create(
                name=name, broker=broker, environment=environment, settings=dict(settings), is_paused=True
            )
            payload = {"broker": broker, "environment": environment, "settings": dict(settings)}
            record("connection.added", f"connection:{name}", payload, actor=actor, at=now)
            live.publish_on_commit("system", "connection", row_of(connection))
    except IntegrityError as e:
        raise TakenError(f"There is a connection {name!r} already; nothing was added.", connection=name) from e
    return connection


def add_account(  # noqa: PLR0913 an account has these columns
    code: str,
    *,
    connection: str,
    name: str,
    tier: str,
    broker_account: str,
    baseline: Decimal,
    actor: str,
    now: datetime,
) -> Account:
    """Add an account that the broker keeps, disabled until somebody enables it.

    Raises:
        NotFoundError: there is no such connection.
        TakenError: the code, or the broker's number, is in use.
    """
    if tier not in Account.Tier.values:
        raise InvalidInputError(f"A tier is one of {', '.join(Account.Tier.values)}, was {tier!r}.", tier=tier)
    try:
        with transaction.atomic():
            account = Account.objects.create(
                code=code,
                name=name,
                tier=tier,
                connection=_connection(connection),
                broker_account=broker_account,
                baseline=baseline,
                position_order=Account.objects.count(),
            )
            payload = {"tier": tier, "broker_account": broker_account, "connection": connection}
            record("account.opened", f"account:{code}", payload, actor=actor, at=now, account=code)
    except IntegrityError as e:
        raise TakenError(f"{code} or {broker_account} is in use already; nothing was added.", account=code) from e
    return account


def keep_credentials(name: str, values: Mapping[str, str], *, actor: str, now: datetime) -> list[str]:
    """Seal the credentials that a person entered and return the names of all that are kept.

    Raises:
        InvalidInputError: the adapter asks for no such credential.
    """
    known = registry.broker_named(_connection(name).broker).secrets
    if strange := sorted(set(values) - set(known)):
        raise InvalidInputError(
            f"{', '.join(strange)}: not what this broker asks for ({', '.join(known) or 'nothing'}); nothing was kept.",
            connection=name,
        )
    return list(vault.keep(owner_of(name), values, actor=actor, now=now).names)


def revoke_credentials(name: str, *, actor: str, now: datetime) -> None:
    """Destroy the connection's credentials."""
    vault.revoke(owner_of(_connection(name).name), actor=actor, now=now)


def begin_authorisation(name: str, callback_url: str, *, actor: str, now: datetime) -> dict[str, object]:
    """Return where a person gives the desk leave (`url`), and whether they bring back a code (`needs_code`).

    Raises:
        NoLeaveNeededError: the broker has no such page.
    """
    connection = _connection(name)
    broker = registry.broker_named(connection.broker)
    if broker.authorise is None:
        raise NoLeaveNeededError(f"{broker.name} is not authorised by a page of its own.", connection=name)
    leave = asyncio.run(broker.authorise(registry.plumbing(registry.spec_of(connection))).begin(callback_url))
    record("connection.authorisation_begun", f"connection:{name}", {}, actor=actor, at=now)
    return {"url": leave.url, "needs_code": leave.needs_code}


def finish_authorisation(name: str, answer: Mapping[str, str], *, actor: str, now: datetime) -> datetime | None:
    """Turn the broker's answer into kept tokens, and return when they end.

    Raises:
        NoLeaveNeededError: the broker has no such page.
        RefusedError: the broker says no, or the answer is to another question.
    """
    connection = _connection(name)
    broker = registry.broker_named(connection.broker)
    if broker.authorise is None:
        raise NoLeaveNeededError(f"{broker.name} is not authorised by a page of its own.", connection=name)
    ends = asyncio.run(broker.authorise(registry.plumbing(registry.spec_of(connection))).finish(answer))
    payload = {"until": None if ends is None else ends.isoformat()}
    record("connection.authorised", f"connection:{name}", payload, actor=actor, at=now)
    wake(name, now=now)
    live.publish("system", "connection", row_of(connection))
    return ends


def _connection(name: str) -> Connection:
    connection = Connection.objects.filter(name=name).first()
    if connection is None:
        raise NotFoundError(f"There is no connection {name!r}.", connection=name)
    return connection
