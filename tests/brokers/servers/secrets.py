"""Credentials in memory."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class MemorySecrets:
    """They outlive the sessions, as the vault does."""

    values: dict[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None

    async def read(self) -> dict[str, str]:
        return dict(self.values)

    async def renew(self, values: dict[str, str], *, expires_at: datetime | None) -> None:
        assert all(values.values()), "the vault keeps no empty value"
        self.values |= values
        self.expires_at = expires_at or self.expires_at
