"""Write the README's table of brokers from what the adapters say of themselves."""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from brokers import registry
from brokers.selectors.words import in_words

BEGIN, END = "<!-- brokers: begin -->", "<!-- brokers: end -->"
COLUMNS = (
    *("broker", "order types", "time in force", "legs", "replace", "same id twice", "preview"),
    *("watches itself", "algorithms", "sign-in"),
)
HEAD = (f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}")


def table() -> str:
    """Return the table as Markdown."""
    return "\n".join((*HEAD, *(_row(broker) for broker in registry.BROKERS.values())))


def _row(broker: registry.Broker) -> str:
    return f"| {' | '.join((broker.name, *in_words(broker.capabilities).values()))} |"


def inserted(text: str) -> str:
    """Return the README with its table as it should be."""
    if BEGIN not in text or END not in text:
        raise CommandError(f"The README has no {BEGIN} and {END}.")
    return text.partition(BEGIN)[0] + f"{BEGIN}\n{table()}\n{END}" + text.partition(END)[2]


class Command(BaseCommand):
    """Print the table, or write it into the README."""

    help = "Print the table of brokers, or write it into the README with --write."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whether to write."""
        parser.add_argument("--write", action="store_true")

    def handle(self, *args: object, **options: object) -> None:
        """Print or write."""
        if not options["write"]:
            self.stdout.write(table())
            return
        readme = Path(settings.BASE_DIR) / "README.md"
        readme.write_text(inserted(readme.read_text(encoding="utf-8")), encoding="utf-8")
