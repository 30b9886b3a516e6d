"""The credentials of one connection, out of the vault, for a session that lives in an asyncio loop."""

import asyncio
from datetime import datetime

from django.db import close_old_connections
from django.db import connections as databases

from allcore.accounts.actors import desk_name
from allcore.kernel.clock import utc_now
from allcore.vault import services as vault
from brokers.selectors.credentials import owner_of

ACTOR = desk_name("broker-worker")


class VaultSecrets:
    """Reads and renews them in a thread, each time from the vault: a rotation or revocation holds at once."""

    def __init__(self, connection: str) -> None:
        self._owner = owner_of(connection)

    async def read(self) -> dict[str, str]:
        """Return them, opened."""
        return await asyncio.to_thread(self._read)

    async def renew(self, values: dict[str, str], *, expires_at: datetime | None) -> None:
        """Replace the named values, such as a refreshed token."""
        await asyncio.to_thread(self._renew, values, expires_at)

    def _read(self) -> dict[str, str]:
        try:
            return vault.read(self._owner)
        finally:
            databases.close_all()

    def _renew(self, values: dict[str, str], expires_at: datetime | None) -> None:
        close_old_connections()
        try:
            vault.keep(self._owner, values, actor=ACTOR, now=utc_now(), expires_at=expires_at)
        finally:
            databases.close_all()
