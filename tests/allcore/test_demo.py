"""The demo desk: made once, left alone afterwards."""

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from allcore import redaction
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.demo import plan, sims
from allcore.demo.seed import PreparedForAnotherError, new_passwords, seed
from allcore.embedded.brokers import SIMS
from allcore.vault import services as vault
from brokers.models import Account, Connection, PaperAccount
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


@pytest.mark.parametrize(("feed", "soft"), [("sim", 100_000), ("replay:/recorded", 1_000_000)])
def test_limits_in_dollars_grow_with_the_accounts_and_ratios_do_not(feed: str, soft: int) -> None:
    make(feed)

    assert Limit.objects.get(code="order_notional_paper").soft == soft
    assert Limit.objects.get(code="deployment").hard == Decimal("0.95")


def test_on_a_test_server_the_accounts_have_its_numbers_and_its_cash(tmp_path: Path) -> None:
    feed, told = feeds.parse("sim"), tmp_path / "broker.json"
    broker = sims.at(SIMS["ibkr-sim"], feed, port=4100, file=told)

    seed(feed, now=NOW, exchange_at=plan.opening(feed, NOW), broker=broker)

    connection = Connection.objects.get()
    ours = {a.broker_account: str(a.cash.cash) for a in Account.objects.select_related("cash")}
    assert (connection.name, connection.settings) == ("ibkr", {"port": 4100, "simulated": True})
    assert {number: Decimal(cash) for number, cash in json.loads(told.read_text())["accounts"].items()} == {
        number: Decimal(cash) for number, cash in ours.items()
    }
    assert not PaperAccount.objects.exists()


def test_the_login_at_a_test_server_is_in_the_vault_and_stays_when_the_port_changes(
    tmp_path: Path, settings: Settings
) -> None:
    settings.VAULT_KEYS = "k:" + base64.b64encode(b"k" * 32).decode()
    vault.master_keys.cache_clear()
    feed, told = feeds.parse("sim"), tmp_path / "broker.json"
    for port in (4100, 4200):
        broker = sims.at(SIMS["schwab-sim"], feed, port=port, file=told)
        seed(feed, now=NOW, exchange_at=plan.opening(feed, NOW), broker=broker)

    kept = vault.read("connection:schwab")
    vault.master_keys.cache_clear()
    redaction.forget_all()
    assert kept == json.loads(told.read_text())["credentials"]
    assert Connection.objects.get().settings == {"base_url": "http://127.0.0.1:4200"}
    assert AuditEntry.objects.filter(action="vault.kept").count() == 1


def test_a_desk_made_for_one_broker_does_not_become_another_s(tmp_path: Path) -> None:
    make()
    feed = feeds.parse("sim")
    broker = sims.at(SIMS["ibkr-sim"], feed, port=4100, file=tmp_path / "broker.json")

    with pytest.raises(PreparedForAnotherError, match="made for the broker paper"):
        seed(feed, now=NOW, exchange_at=plan.opening(feed, NOW), broker=broker)

    assert not Connection.objects.exclude(broker="paper").exists()


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


def test_a_recording_that_is_not_there_is_said_before_anything_is_started(settings: Settings, tmp_path: Path) -> None:
    settings.FEED = f"replay:{tmp_path / 'nowhere'}"

    with pytest.raises(CommandError, match=r"^Setting FEED replays '.*/nowhere', which is no directory"):
        call_command("seed_demo", stdout=StringIO())

    assert not User.objects.exists()
