"""`manage.py rebuild_books`: the books made again from executions and book events, or compared with them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from allcore.kernel.clock import utc_now
from allcore.kernel.errors import NotFoundError
from trading.services import rebuild


class Command(BaseCommand):
    """Rebuilds lots, positions and cash of one account or of all."""

    help = "Rebuild lots, positions and cash from executions and book events; --check only compares."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what may be asked for."""
        parser.add_argument("--account", default="", help="the account's code; all accounts if left out")
        parser.add_argument("--check", action="store_true", help="change nothing; fail if the books differ")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare or rebuild, and say what differed."""
        try:
            found = rebuild.books(options["account"], check=options["check"], now=utc_now())
        except NotFoundError as e:
            raise CommandError(e.message) from e
        for difference in found:
            self.stdout.write(
                f"{difference.account} {difference.subject}: stored {difference.stored}, rebuilt {difference.rebuilt}"
            )
        if found and options["check"]:
            raise CommandError(f"The books differ from what happened in {len(found)} places.")
        self.stdout.write("The books agree with what happened." if not found else "The books are made again.")
