"""Keep the history of an account from its time at TD Ameritrade."""

from argparse import ArgumentParser
from getpass import getuser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from allcore.kernel.clock import utc_now
from allcore.kernel.errors import DeskError
from brokers.services.history import import_tda


class Command(BaseCommand):
    """Import one file; a second time changes nothing."""

    help = "Import TD Ameritrade's transactions: the API's JSON, or the CSV export of its site."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file and the account."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--account", required=True, help="the desk's code of the account")

    def handle(self, *args: object, **options: object) -> None:
        """Import and say what was new."""
        file = Path(str(options["file"]))
        try:
            done = import_tda(
                account_code=str(options["account"]),
                text=file.read_text(encoding="utf-8"),
                file_name=file.name,
                actor=f"shell:{getuser()}",
                now=utc_now(),
            )
        except (OSError, UnicodeDecodeError) as e:
            raise CommandError(f"{file} cannot be read: {e}") from e
        except DeskError as e:
            raise CommandError(e.message) from e
        self.stdout.write(f"{done.found} transactions, {done.added} of them new, of {done.amount:f} dollars in all.")
