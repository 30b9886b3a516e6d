"""Write the README's table of brokers from what the adapters say of themselves."""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from allcore.kernel.orders import OrdType, TimeInForce
from brokers import registry
from brokers.ports import Login

BEGIN, END = "<!-- brokers: begin -->", "<!-- brokers: end -->"
HEAD = (
    "| broker | order types | time in force | legs | replace | same id twice | preview | sign-in |",
    "|---|---|---|---|---|---|---|---|",
)
SIGN_IN = {
    Login.NONE: "none",
    Login.GATEWAY: "the broker's own gateway",
    Login.OAUTH2: "OAuth 2, on the Brokers page",
    Login.OAUTH1: "OAuth 1, on the Brokers page",
}


def table() -> str:
    """Return the table as Markdown."""
    return "\n".join((*HEAD, *(_row(broker) for broker in registry.BROKERS.values())))


def _row(broker: registry.Broker) -> str:
    can = broker.capabilities
    cells = (
        broker.name,
        ", ".join(_words(word) for word in OrdType if word in can.ord_types),
        ", ".join(word for word in TimeInForce if word in can.times_in_force),
        str(can.max_legs),
        _words(can.replace),
        _words(can.idempotency),
        "yes" if can.preview else "no",
        SIGN_IN[can.login],
    )
    return f"| {' | '.join(cells)} |"


def _words(code: str) -> str:
    return code.replace("_", " ").lower()


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
