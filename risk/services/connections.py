"""What people do to connections, if they may."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from allcore.accounts.actors import Actor
from brokers.services import connections, setup
from risk.domain.permissions import Action
from risk.selectors.permissions import require


def pause(name: str, *, actor: Actor, reason: str, now: datetime) -> None:
    """Take the connection out of use."""
    require(actor.user, Action.PAUSE_CONNECTION)
    connections.pause(name, actor=actor.name, reason=reason, now=now)


def resume(name: str, *, actor: Actor, reason: str, now: datetime) -> None:
    """Put the connection back into use, with a reason."""
    require(actor.user, Action.PAUSE_CONNECTION)
    connections.resume(name, actor=actor.name, reason=reason, now=now)


def add(
    name: str, *, broker: str, environment: str, settings: Mapping[str, object], actor: Actor, now: datetime
) -> None:
    """Add a connection, paused."""
    require(actor.user, Action.ADMINISTER)
    setup.add_connection(name, broker=broker, environment=environment, settings=settings, actor=actor.name, now=now)


def add_account(  # noqa: PLR0913 an account has these columns
    code: str,
    *,
    connection: str,
    name: str,
    tier: str,
    broker_account: str,
    baseline: Decimal,
    actor: Actor,
    now: datetime,
) -> None:
    """Add an account that the broker keeps."""
    require(actor.user, Action.ADMINISTER)
    setup.add_account(
        code,
        connection=connection,
        name=name,
        tier=tier,
        broker_account=broker_account,
        baseline=baseline,
        actor=actor.name,
        now=now,
    )


def keep_credentials(name: str, values: Mapping[str, str], *, actor: Actor, now: datetime) -> list[str]:
    """Seal what a person entered; return the names of what is kept."""
    require(actor.user, Action.ADMINISTER)
    return setup.keep_credentials(name, values, actor=actor.name, now=now)


def revoke_credentials(name: str, *, actor: Actor, now: datetime) -> None:
    """Destroy the connection's credentials."""
    require(actor.user, Action.ADMINISTER)
    setup.revoke_credentials(name, actor=actor.name, now=now)


def begin_authorisation(name: str, callback_url: str, *, actor: Actor, now: datetime) -> dict[str, object]:
    """Return the broker's page on which leave is given."""
    require(actor.user, Action.ADMINISTER)
    return setup.begin_authorisation(name, callback_url, actor=actor.name, now=now)


def finish_authorisation(name: str, answer: Mapping[str, str], *, actor: Actor, now: datetime) -> datetime | None:
    """Turn the broker's answer into kept tokens."""
    require(actor.user, Action.ADMINISTER)
    return setup.finish_authorisation(name, answer, actor=actor.name, now=now)
