"""The audit trail: written with what it records, chained at commit, closed to change, and loud when tampered with."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from allcore.audit import selectors
from allcore.audit.models import AuditEntry, AuditLink
from allcore.audit.services import record
from allcore.logs import bound_trace

NOW = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


def write(*actions: str) -> None:
    for action in actions:
        record(action, "order:1", {"limit": Decimal("4.350")}, actor="user:alice", at=NOW, account="GEN-1")


@contextmanager
def triggers_off() -> Iterator[None]:
    """What a tamperer with the database's highest rights can do."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            cursor.execute("SET session_replication_role = origin")


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_an_entry_keeps_its_decimals_as_text_and_its_trace() -> None:
    with bound_trace("trace-0001"):
        write("order.staged")

    entry = AuditEntry.objects.get()
    assert (entry.payload, entry.trace_id) == ({"limit": "4.350"}, "trace-0001")


def test_entries_are_linked_without_gaps_in_the_order_of_commit() -> None:
    write("order.staged", "order.sent", "order.filled")

    links = list(AuditLink.objects.order_by("seq").select_related("entry"))
    assert [link.seq for link in links] == [1, 2, 3]
    assert [link.prev_hash for link in links[1:]] == [link.hash for link in links[:-1]]
    assert selectors.verify_chain().holds


def test_a_transaction_rolled_back_leaves_no_entry_and_no_gap() -> None:
    write("order.staged")
    with transaction.atomic():
        write("order.sent")
        transaction.set_rollback(True)
    write("order.filled")

    assert list(AuditLink.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2]


def test_writers_at_once_make_one_chain() -> None:
    start = threading.Barrier(4)

    def worker() -> None:
        start.wait()
        for _ in range(10):
            with transaction.atomic():
                write("order.staged", "order.sent")
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    report = selectors.verify_chain()
    assert (report.count, report.faults) == (80, ())


@pytest.mark.parametrize("table", ["audit_entry", "audit_link"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET {} = {}", "TRUNCATE {} CASCADE"])
def test_the_database_refuses_every_change(table: str, change: str) -> None:
    write("order.staged")
    column = "hash" if table == "audit_link" else "actor"
    if change.startswith("TRUNCATE"):
        run(f"ALTER TABLE {table} ENABLE TRIGGER {table}_no_truncate")

    try:
        with pytest.raises(DatabaseError, match="append-only"):
            run(change.format(table, column, column))
    finally:
        run(f"ALTER TABLE {table} DISABLE TRIGGER {table}_no_truncate")

    assert AuditLink.objects.count() == 1


def edit() -> None:
    run("UPDATE audit_entry SET actor = 'user:mallory' WHERE id = (SELECT entry_id FROM audit_link WHERE seq = 2)")


def edit_the_payload() -> None:
    run("UPDATE audit_entry SET payload = '{}' WHERE id = (SELECT entry_id FROM audit_link WHERE seq = 2)")


def delete() -> None:
    run("DELETE FROM audit_link WHERE seq = 2")
    run("DELETE FROM audit_entry WHERE id NOT IN (SELECT entry_id FROM audit_link)")


def delete_the_entry_alone() -> None:
    run("DELETE FROM audit_entry WHERE id = (SELECT entry_id FROM audit_link WHERE seq = 2)")


def insert() -> None:
    write("order.forged")


def reorder() -> None:
    run("UPDATE audit_link SET entry_id = -entry_id")
    run("UPDATE audit_link a SET entry_id = -b.entry_id FROM audit_link b WHERE a.seq + b.seq = 4")


def reorder_and_renumber() -> None:
    run("UPDATE audit_link SET seq = 9 WHERE seq = 1")
    run("UPDATE audit_link SET seq = 1 WHERE seq = 2")
    run("UPDATE audit_link SET seq = 2 WHERE seq = 9")


@pytest.mark.parametrize(
    "tamper", [edit, edit_the_payload, delete, delete_the_entry_alone, insert, reorder, reorder_and_renumber]
)
def test_tampering_around_the_triggers_shows(tamper: Callable[[], None]) -> None:
    write("order.staged", "order.sent", "order.filled")

    with triggers_off():
        tamper()

    assert not selectors.verify_chain().holds
    with pytest.raises(CommandError, match="does not hold"):
        call_command("verify_audit")


def cut_off() -> None:
    run("DELETE FROM audit_link WHERE seq = 3")
    run("DELETE FROM audit_entry WHERE id NOT IN (SELECT entry_id FROM audit_link)")


def test_a_cut_end_shows_against_an_anchor_kept_elsewhere(tmp_path: Path) -> None:
    write("order.staged", "order.sent", "order.filled")
    anchors = tmp_path / "anchors"
    call_command("verify_audit", export=anchors)

    with triggers_off():
        cut_off()

    assert selectors.verify_chain().holds  # without the anchor it cannot be seen
    with pytest.raises(CommandError, match="cut off"):
        call_command("verify_audit", anchors=anchors)


def test_a_chain_made_anew_shows_against_an_anchor(tmp_path: Path) -> None:
    write("order.staged", "order.sent", "order.filled")
    anchors = tmp_path / "anchors"
    call_command("verify_audit", export=anchors)

    with triggers_off():
        run("DELETE FROM audit_link")
        run("DELETE FROM audit_entry")
    write("order.staged", "order.other", "order.filled")

    assert selectors.verify_chain().holds
    with pytest.raises(CommandError, match="made anew"):
        call_command("verify_audit", anchors=anchors)


def test_an_anchor_holds_while_the_chain_grows(tmp_path: Path) -> None:
    write("order.staged")
    anchors = tmp_path / "anchors"
    call_command("verify_audit", export=anchors)
    write("order.sent")

    call_command("verify_audit", anchors=anchors)


def test_entries_are_found_by_noun_and_account() -> None:
    write("order.staged", "limit.changed")
    record("order.staged", "order:2", {}, actor="user:bob", at=NOW, account="REV-1")

    found = selectors.entries(selectors.Filter(action="order", accounts=("GEN-1",)))
    assert [entry.subject for entry in found] == ["order:1"]
