"""History is kept once, whole or not at all, written into the trail, and shown to who may see the account."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.test import Client

from allcore.audit.models import AuditEntry
from allcore.kernel.errors import NotFoundError
from brokers.models import HistoryEntry
from brokers.services.history import Imported, UnreadableHistoryError, import_tda
from tests.brokers.tda.test_history_files import DIVIDEND, OPTION, csv_of, traded
from tests.builders.orders import make_account

NOW = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def keep(text: str, account: str = "gen") -> Imported:
    return import_tda(account_code=account, text=text, file_name="tda.csv", actor="shell:ann", now=NOW)


def test_a_second_time_changes_nothing() -> None:
    make_account()

    first, second = keep(csv_of(OPTION, DIVIDEND)), keep(csv_of(OPTION, DIVIDEND))

    assert (first.added, second.added) == (2, 0)
    assert HistoryEntry.objects.count() == 2
    assert HistoryEntry.objects.aggregate(total=Sum("amount"))["total"] == Decimal("849.70")
    assert AuditEntry.objects.filter(action="history.imported", actor="shell:ann", account="gen").count() == 1


def test_the_apis_file_after_the_sites_adds_what_is_new() -> None:
    make_account()
    keep(csv_of(OPTION))

    done = keep(json.dumps([traded(), traded(transactionId=103, netAmount=5)]))

    assert (done.found, done.added, done.amount) == (2, 1, 5)


def test_one_line_that_cannot_be_read_keeps_the_whole_file_out() -> None:
    make_account()

    with pytest.raises(UnreadableHistoryError, match="line 3") as raised:
        keep(csv_of(OPTION, "06/10/2022,103,cut short"))

    assert raised.value.context["lines"] == [3]
    assert HistoryEntry.objects.count() == 0
    assert not AuditEntry.objects.filter(action="history.imported").exists()


def test_a_transaction_that_is_kept_otherwise_keeps_the_whole_file_out() -> None:
    make_account()
    keep(csv_of(OPTION))

    with pytest.raises(UnreadableHistoryError, match=r"101 is kept with 818\.66"):
        keep(csv_of(OPTION.replace("818.66", "818.67"), DIVIDEND))

    assert HistoryEntry.objects.count() == 1


def test_two_accounts_may_have_the_same_transactions_number() -> None:
    make_account()
    make_account("rev")

    assert [keep(csv_of(OPTION), code).added for code in ("gen", "rev")] == [1, 1]


def test_history_needs_an_account() -> None:
    with pytest.raises(NotFoundError):
        keep(csv_of(OPTION))


def test_the_command_says_what_was_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_account()
    file = tmp_path / "transactions.csv"
    file.write_text(csv_of(OPTION, DIVIDEND), encoding="utf-8")

    call_command("import_tda_history", str(file), account="gen")

    assert "2 transactions, 2 of them new, of 849.7" in capsys.readouterr().out


def test_the_command_names_what_it_cannot_read(tmp_path: Path) -> None:
    make_account()
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_tda_history", str(tmp_path / "none.csv"), account="gen")


def test_nobody_sees_history_without_signing_in(client: Client) -> None:
    assert client.get("/api/v1/accounts/gen/history/").status_code == 401
