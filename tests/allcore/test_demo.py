"""The demo desk: made once, left alone afterwards."""

from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.demo import plan
from allcore.demo.seed import new_passwords, seed
from brokers.models import Account, PaperAccount
from marketdata.domain import feeds
from risk.models import AccountGrant, Limit
from trading.domain.protocol.parameters import from_dict
from trading.models import CashBalance, LedgerEntry, ParameterSet

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def make(feed: str = "sim") -> dict[str, str]:
    spec = feeds.parse(feed)
    return seed(spec, now=NOW, exchange_at=plan.opening(spec, NOW))


def test_the_demo_has_three_accounts_with_the_same_cash_on_both_sides() -> None:
    make()

    ours = {account.code: account.cash.cash for account in Account.objects.select_related("cash")}
    theirs = {account.number.removeprefix("PAPER-"): account.cash for account in PaperAccount.objects.all()}
    assert ours == theirs == {"GEN-1": Decimal(100_000), "REV-1": Decimal(75_000), "COM-1": Decimal(75_000)}


def test_making_it_again_changes_nothing() -> None:
    def everything() -> tuple[int, ...]:
        kinds = (Account, PaperAccount, User, AccountGrant, Limit, ParameterSet, LedgerEntry, CashBalance, AuditEntry)
        return tuple(kind.objects.count() for kind in kinds)

    first, made = make(), everything()
    again = make()

    assert set(first) == {"trader", "approver", "risk", "viewer", "admin"}
    assert (again, everything()) == ({}, made)


def test_a_password_opens_the_desk_and_is_not_kept(client: Client) -> None:
    passwords = make()

    assert client.login(username="trader", password=passwords["trader"])
    assert passwords["trader"] not in str(list(User.objects.values())) + str(list(AuditEntry.objects.values()))


def test_new_passwords_replace_the_old(client: Client) -> None:
    old, new = make(), new_passwords(NOW)

    assert not client.login(username="viewer", password=old["viewer"])
    assert client.login(username="viewer", password=new["viewer"])


def test_a_replay_gets_accounts_and_a_universe_that_fit_what_was_recorded() -> None:
    make("replay:/recorded")

    parameters = from_dict(ParameterSet.objects.get(is_active=True).parameters)
    assert parameters.accounts.gen.universe == ("GOOG",)
    assert CashBalance.objects.get(account__code="GEN-1").cash == Decimal(1_000_000)
    assert LedgerEntry.objects.filter(at__year=2015).exists()


def test_a_feed_that_cannot_be_meant_is_a_sentence(settings: pytest.FixtureRequest) -> None:
    settings.FEED = "tape"  # type: ignore[attr-defined]  # pytest-django's settings

    with pytest.raises(CommandError, match="Setting FEED"):
        call_command("seed_demo", stdout=StringIO())


def test_a_database_of_a_newer_version_is_left_alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('trading', '0999_later', now())")

    with pytest.raises(CommandError, match="trading 0999_later"):
        call_command("prepare", stdout=StringIO())

    assert not Account.objects.exists()
