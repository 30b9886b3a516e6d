"""Put every credential under the current master key."""

from django.core.management.base import BaseCommand

from allcore.accounts.actors import desk_name
from allcore.kernel.clock import utc_now
from allcore.vault.services import rotate


class Command(BaseCommand):
    """Rewrap; the desk may run meanwhile."""

    help = "Put every credential under the newest master key of VAULT_KEYS; older keys may be dropped afterwards."

    def handle(self, *args: object, **options: object) -> None:
        """Rotate, and say how many were changed."""
        count = rotate(actor=desk_name("vault"), now=utc_now())
        self.stdout.write(f"{count} record{'' if count == 1 else 's'} put under the current master key.")
