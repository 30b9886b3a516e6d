"""`manage.py new_passwords`: for who has lost those of the first start."""

from typing import Any

from django.core.management.base import BaseCommand

from allcore.demo.management import passwords
from allcore.demo.seed import new_passwords
from allcore.kernel.clock import utc_now


class Command(BaseCommand):
    """Gives the demo's people new passwords."""

    help = "Make and print new passwords for the demo's people."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print them."""
        passwords.show(self.stdout, new_passwords(utc_now()))
