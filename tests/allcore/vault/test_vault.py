"""The vault: sealed under keys the database never sees, rotated in peace, never repeated anywhere."""

import base64
import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from allcore import logs, redaction
from allcore.audit.models import AuditEntry
from allcore.audit.services import record
from allcore.kernel.errors import InvalidInputError
from allcore.vault import services as vault
from allcore.vault.models import SealedRecord
from allcore.vault.sealing import LocalKeys, Sealed, VaultSealedError, seal, unseal
from allcore.vault.services import NoSecretError
from brokers.services import reminders

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()
NOW = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)
REFRESH = "refresh-OaKtReEsEcReT-7781"
VALUES = {"app_key": "app-KEY-0001", "refresh_token": REFRESH}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> Iterator[Settings]:
    settings.VAULT_KEYS = OLD
    vault.master_keys.cache_clear()
    yield settings
    vault.master_keys.cache_clear()
    redaction.forget_all()


def use(settings: Settings, keys: str) -> None:
    settings.VAULT_KEYS = keys
    vault.master_keys.cache_clear()


def keep(**more: str) -> SealedRecord:
    return vault.keep("connection:one", VALUES | more, actor="alice", now=NOW, expires_at=NOW + timedelta(days=7))


def test_what_is_kept_is_read_again() -> None:
    keep()

    assert vault.read("connection:one") == VALUES


def test_one_value_is_replaced_and_the_others_stay() -> None:
    keep()

    vault.keep("connection:one", {"refresh_token": "another-token"}, actor="alice", now=NOW)

    assert vault.read("connection:one") == VALUES | {"refresh_token": "another-token"}
    assert SealedRecord.objects.get().version == 2


def test_another_value_leaves_the_end_of_the_others_alone() -> None:
    keep()

    vault.keep("connection:one", {"state": "a-state"}, actor="alice", now=NOW)

    assert SealedRecord.objects.get().expires_at == NOW + timedelta(days=7)


def test_an_empty_value_is_refused_and_nothing_changes() -> None:
    keep()

    with pytest.raises(InvalidInputError):
        vault.keep("connection:one", {"refresh_token": ""}, actor="alice", now=NOW)

    assert vault.read("connection:one") == VALUES


def test_no_byte_of_a_value_is_in_the_database() -> None:
    keep()

    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{REFRESH}%"])
            assert cursor.fetchone() == (0,), table
    raw = bytes(SealedRecord.objects.get().sealed)
    assert REFRESH.encode() not in raw


def test_a_row_moved_to_another_owner_cannot_be_opened() -> None:
    keep()
    SealedRecord.objects.update(owner="connection:two")

    with pytest.raises(VaultSealedError):
        vault.read("connection:two")


def test_a_changed_byte_is_noticed() -> None:
    document = seal(VALUES, "me", LocalKeys.read(OLD))
    spoilt = Sealed(document.sealed[:-1] + bytes([document.sealed[-1] ^ 1]), document.wrapped_key, "old")

    with pytest.raises(VaultSealedError):
        unseal(spoilt, "me", LocalKeys.read(OLD))


def test_the_same_values_never_look_the_same() -> None:
    keys = LocalKeys.read(OLD)

    assert seal(VALUES, "me", keys).sealed != seal(VALUES, "me", keys).sealed


def test_a_master_key_is_replaced_while_the_desk_reads(keys: Settings) -> None:
    keep()
    use(keys, f"{NEW},{OLD}")
    assert vault.read("connection:one") == VALUES

    assert vault.rotate(actor="admin", now=NOW) == 1

    use(keys, NEW)
    assert vault.read("connection:one") == VALUES
    assert vault.rotate(actor="admin", now=NOW) == 0


def test_without_its_master_key_a_record_stays_shut(keys: Settings) -> None:
    keep()
    use(keys, NEW)

    with pytest.raises(VaultSealedError, match="old"):
        vault.read("connection:one")


def test_without_any_master_key_nothing_is_kept(keys: Settings) -> None:
    use(keys, "")

    with pytest.raises(VaultSealedError):
        keep()

    assert not SealedRecord.objects.exists()


@pytest.mark.parametrize("text", ["nocolon", "short:" + base64.b64encode(b"x" * 16).decode(), "bad:%%%"])
def test_a_bad_master_key_is_refused_with_its_form(text: str) -> None:
    with pytest.raises(ValueError, match="id:base64"):
        LocalKeys.read(text)


def test_what_is_revoked_is_gone_and_the_fact_stays() -> None:
    keep()
    before = bytes(SealedRecord.objects.get().sealed)

    vault.revoke("connection:one", actor="alice", now=NOW)

    row = SealedRecord.objects.get()
    assert (row.names, row.revoked_at) == ([], NOW)
    assert bytes(row.sealed) != before
    with pytest.raises(NoSecretError):
        vault.read("connection:one")
    with pytest.raises(NoSecretError):
        vault.revoke("connection:one", actor="alice", now=NOW)


def test_every_change_is_audited_by_name_and_never_by_value() -> None:
    keep()
    vault.revoke("connection:one", actor="alice", now=NOW)

    entries = list(AuditEntry.objects.order_by("id").values_list("action", "payload"))
    assert [action for action, _ in entries] == ["vault.kept", "vault.revoked"]
    assert entries[0][1]["names"] == ["app_key", "refresh_token"]
    assert REFRESH not in json.dumps(entries)


def test_what_expires_soon_is_said_and_not_said_again_for_a_while() -> None:
    keep()
    end = NOW + timedelta(days=7)

    assert vault.due_reminders(end - timedelta(hours=24, seconds=1)) == []
    assert [row.owner for row in vault.due_reminders(end - timedelta(hours=24))] == ["connection:one"]
    assert vault.due_reminders(end - timedelta(hours=19)) == []
    assert len(vault.due_reminders(end - timedelta(hours=18))) == 1


def test_a_reminder_names_the_connection_and_what_to_do() -> None:
    keep()
    end = NOW + timedelta(days=7)

    assert reminders.remind(now=end - timedelta(hours=23, minutes=30)) == 1
    assert reminders.remind(now=end - timedelta(hours=23)) == 0
    assert reminders.remind(now=end) == 1

    said = [e.payload["message"] for e in AuditEntry.objects.filter(action="vault.expiring").order_by("id")]
    assert said[0] == "The leave for one ends in 23 h: authorise it again on the Brokers page."
    assert said[1].startswith("The leave for one has ended")


def raise_with_secret() -> None:
    raise RuntimeError(f"POST /token refresh_token={REFRESH} said 400")


def test_an_open_credential_is_in_no_log_line_not_even_in_a_traceback() -> None:
    keep()
    vault.read("connection:one")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logs.configure({"level": "INFO", "output": "json"})
    handler.setFormatter(logging.getLogger().handlers[0].formatter)
    log = logging.getLogger("brokers.test")
    log.addHandler(handler)

    try:
        raise_with_secret()
    except RuntimeError:
        log.exception("refresh of %s failed", REFRESH)
    log.removeHandler(handler)

    assert "said 400" in stream.getvalue()
    assert REFRESH not in stream.getvalue()


def test_an_open_credential_is_hidden_in_what_is_audited() -> None:
    keep()
    record("broker.said", "connection:one", {"text": f"bad token {REFRESH}"}, actor="desk", at=NOW)

    assert AuditEntry.objects.order_by("-id").first().payload == {"text": "bad token [hidden]"}  # type: ignore[union-attr]
