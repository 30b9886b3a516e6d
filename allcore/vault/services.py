"""Keeping, opening, replacing and revoking credentials. Each change is audited by name, never by value."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from django.views.decorators.debug import sensitive_variables

from allcore import redaction
from allcore.audit.services import record
from allcore.kernel.errors import InvalidInputError, NotFoundError
from allcore.vault.models import SealedRecord
from allcore.vault.sealing import LocalKeys, MasterKeys, Sealed, rewrap, seal, unseal

REMIND_BEFORE = timedelta(hours=24)
REMIND_EVERY = timedelta(hours=6)


class NoSecretError(NotFoundError):
    """Nothing is kept for that owner, or it was revoked."""

    code = "NO_CREDENTIALS"


@lru_cache(maxsize=1)
def master_keys() -> MasterKeys:
    """Return the master keys: of this process's environment, or of the plug-in that VAULT_PROVIDER names."""
    provider: MasterKeys = (
        import_string(settings.VAULT_PROVIDER)() if settings.VAULT_PROVIDER else LocalKeys.read(settings.VAULT_KEYS)
    )
    return provider


@sensitive_variables("values", "kept")
@transaction.atomic
def keep(
    owner: str, values: Mapping[str, str], *, actor: str, now: datetime, expires_at: datetime | None = None
) -> SealedRecord:
    """Seal the named values beside those kept; an existing name is replaced. Without an end, the old one holds."""
    if not values or not all(values.values()):
        raise InvalidInputError("Credentials are names with values, none of them empty; nothing was kept.")
    row = SealedRecord.objects.select_for_update().filter(owner=owner).first()
    kept = {} if row is None or row.revoked_at is not None else _opened(row)
    kept |= values
    redaction.remember(kept.values())
    row = row or SealedRecord(owner=owner, version=0)
    _put(row, seal(kept, owner, master_keys()))
    row.names, row.version, row.changed_at = sorted(kept), row.version + 1, now
    if expires_at is not None:
        row.expires_at, row.reminded_at = expires_at, None
    row.revoked_at = None
    row.save()
    record("vault.kept", f"secret:{owner}", {"names": sorted(values), "version": row.version}, actor=actor, at=now)
    return row


@sensitive_variables("values")
def read(owner: str) -> dict[str, str]:
    """Return the values, opened. They are hidden from every log of this process from then on.

    Raises:
        NoSecretError: nothing is kept for the owner.
        VaultSealedError: it cannot be opened.
    """
    row = SealedRecord.objects.filter(owner=owner, revoked_at=None).first()
    if row is None:
        raise NoSecretError(f"No credentials are kept for {owner}.", owner=owner)
    values = _opened(row)
    redaction.remember(values.values())
    return values


@transaction.atomic
def revoke(owner: str, *, actor: str, now: datetime) -> None:
    """Destroy the values: what is sealed is overwritten, and only the fact remains.

    Raises:
        NoSecretError: nothing is kept for the owner.
    """
    row = SealedRecord.objects.select_for_update().filter(owner=owner, revoked_at=None).first()
    if row is None:
        raise NoSecretError(f"No credentials are kept for {owner}.", owner=owner)
    _put(row, seal({}, owner, master_keys()))
    row.names, row.expires_at, row.revoked_at, row.changed_at = [], None, now, now
    row.version += 1
    row.save()
    record("vault.revoked", f"secret:{owner}", {"version": row.version}, actor=actor, at=now)


def rotate(*, actor: str, now: datetime) -> int:
    """Put every data key under the current master key, row by row; who reads meanwhile is not disturbed.

    Returns how many were still under another.
    """
    rotated = 0
    for pk in SealedRecord.objects.values_list("pk", flat=True):
        with transaction.atomic():
            row = SealedRecord.objects.select_for_update().get(pk=pk)
            was = row.master_key_id
            fresh = rewrap(_sealed(row), row.owner, master_keys())
            if fresh.master_key_id == was:
                continue
            _put(row, fresh)
            row.save(update_fields=["sealed", "wrapped_key", "master_key_id"])
            payload = {"from": was, "to": row.master_key_id}
            record("vault.rotated", f"secret:{row.owner}", payload, actor=actor, at=now)
            rotated += 1
    return rotated


@transaction.atomic
def due_reminders(now: datetime) -> list[SealedRecord]:
    """Return what expires within a day, or has, and was not said in the last six hours; note that it is said now."""
    soon = SealedRecord.objects.select_for_update().filter(revoked_at=None, expires_at__lte=now + REMIND_BEFORE)
    due = [row for row in soon if row.reminded_at is None or now - row.reminded_at >= REMIND_EVERY]
    SealedRecord.objects.filter(pk__in=[row.pk for row in due]).update(reminded_at=now)
    return due


def _opened(row: SealedRecord) -> dict[str, str]:
    return unseal(_sealed(row), row.owner, master_keys())


def _sealed(row: SealedRecord) -> Sealed:
    return Sealed(bytes(row.sealed), bytes(row.wrapped_key), row.master_key_id)


def _put(row: SealedRecord, sealed: Sealed) -> None:
    row.sealed, row.wrapped_key, row.master_key_id = sealed.sealed, sealed.wrapped_key, sealed.master_key_id
