"""Which credentials a connection has, by name alone."""

from allcore.vault.models import SealedRecord


def owner_of(connection: str) -> str:
    """Return the vault's name for the connection's credentials."""
    return f"connection:{connection}"


def kept_credentials(connection: str) -> dict[str, object]:
    """Return which credentials are kept, and when what was granted ends."""
    kept = SealedRecord.objects.filter(owner=owner_of(connection)).first()
    if kept is None:
        return {"kept": [], "expires_at": None, "changed_at": None}
    return {
        "kept": kept.names,
        "expires_at": None if kept.expires_at is None else kept.expires_at.isoformat(),
        "changed_at": kept.changed_at.isoformat(),
    }
