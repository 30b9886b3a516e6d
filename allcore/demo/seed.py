"""Makes the demo desk. What exists is left as it is, so running it again changes nothing."""

import secrets
from datetime import datetime

from django.db import transaction

from allcore.accounts.actors import desk_name
from allcore.accounts.models import User
from allcore.audit.services import record
from allcore.demo import plan
from allcore.kernel.errors import RefusedError
from allcore.vault import services as vault
from brokers.models import Account, Connection, PaperAccount
from brokers.selectors.credentials import owner_of
from marketdata.domain.feeds import FeedSpec
from risk.models import AccountGrant
from risk.services.limits import ensure_defaults
from trading.domain.protocol.defaults import DEFAULT
from trading.domain.protocol.parameters import variant
from trading.models import ParameterSet
from trading.services.fund import deposit

ACTOR = desk_name("seed")
PASSWORD_BYTES = 12


class PreparedForAnotherError(RefusedError):
    """The demo's accounts are at another broker already, and its books with them."""

    code = "PREPARED_FOR_ANOTHER"


@transaction.atomic
def seed(
    feed: FeedSpec, *, now: datetime, exchange_at: datetime, broker: plan.BrokerPlan = plan.PAPER
) -> dict[str, str]:
    """Make what is missing and return the passwords of the people made now, which nobody can read again.

    Raises:
        PreparedForAnotherError: the demo's accounts are at another broker.
    """
    connection = _connection(broker, now)
    for position, (account, number) in enumerate(zip(plan.accounts(feed), broker.numbers, strict=True)):
        _account(account, connection, number, position, now=now, exchange_at=exchange_at)
    passwords = {person.username: password for person in plan.PEOPLE if (password := _person(person, now))}
    ensure_defaults(now, scale=plan.limit_scale(feed))
    _parameters(feed, now)
    return passwords


def _connection(wanted: plan.BrokerPlan, now: datetime) -> Connection:
    codes = [account.code for account in plan.ACCOUNTS]
    others = Account.objects.filter(code__in=codes).exclude(connection__broker=wanted.broker)
    if (other := others.select_related("connection").order_by("id").first()) is not None:
        raise PreparedForAnotherError(
            f"This desk's data was made for the broker {other.connection.broker}, and its books do not move to another "
            f"({wanted.broker}): start it with the BROKER it had, or give the new one its own VAR_DIR."
        )
    connection, is_new = Connection.objects.get_or_create(
        name=wanted.broker, defaults={"broker": wanted.broker, "environment": Connection.Environment.PAPER}
    )
    if wanted.settings and connection.settings != wanted.settings:  # the test server listens elsewhere this time
        connection.settings = dict(wanted.settings)
        connection.save(update_fields=["settings"])
    if is_new and wanted.credentials:
        vault.keep(owner_of(connection.name), wanted.credentials, actor=ACTOR, now=now)
    return connection


def _account(
    wanted: plan.AccountPlan,
    connection: Connection,
    number: str,
    position: int,
    *,
    now: datetime,
    exchange_at: datetime,
) -> None:
    account, is_new = Account.objects.get_or_create(
        code=wanted.code,
        defaults={
            "name": wanted.name,
            "tier": wanted.tier,
            "connection": connection,
            "broker_account": number,
            "baseline": wanted.cash,
            "position_order": position,
        },
    )
    if is_new:
        if connection.broker == plan.PAPER.broker:
            PaperAccount.objects.get_or_create(number=number, defaults={"cash": wanted.cash})
        deposit(account, wanted.cash, exchange_at, "Opening deposit")
        payload = {"tier": wanted.tier, "cash": wanted.cash}
        record("account.opened", f"account:{wanted.code}", payload, actor=ACTOR, at=now, account=wanted.code)


def _person(wanted: plan.PersonPlan, now: datetime) -> str:
    if User.objects.filter(username=wanted.username).exists():
        return ""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    user = User.objects.create_user(
        wanted.username,
        password=password,
        first_name=wanted.first_name,
        is_staff=wanted.is_admin,
        is_superuser=wanted.is_admin,
    )
    AccountGrant.objects.bulk_create(AccountGrant(user=user, account=None, role=role) for role in wanted.roles)
    record("user.created", f"user:{user.username}", {"roles": list(wanted.roles)}, actor=ACTOR, at=now)
    return password


def _parameters(feed: FeedSpec, now: datetime) -> None:
    if ParameterSet.objects.exists():
        return
    parameters = variant(DEFAULT, plan.parameter_changes(feed))
    ParameterSet.objects.create(
        version=1,
        parameters=parameters.as_dict(),
        reason="The protocol's defaults, as the desk was set up with.",
        is_active=True,
        created_at=now,
    )
    record("parameters.activated", "parameters:1", {"version": 1}, actor=ACTOR, at=now)


@transaction.atomic
def new_passwords(now: datetime) -> dict[str, str]:
    """Give the demo's people new passwords and return them."""
    passwords = {}
    for user in User.objects.filter(username__in=[person.username for person in plan.PEOPLE]).order_by("id"):
        passwords[user.username] = secrets.token_urlsafe(PASSWORD_BYTES)
        user.set_password(passwords[user.username])
        user.save(update_fields=["password"])
        record("user.password_reset", f"user:{user.username}", {}, actor=ACTOR, at=now)
    return passwords
