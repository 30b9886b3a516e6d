"""`manage.py verify_audit`: does the audit trail still say what it said?"""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from allcore.audit import selectors
from allcore.audit.chain import Anchor


class Command(BaseCommand):
    """Checks every link; with anchors kept elsewhere also that nothing was cut off or made anew."""

    help = "Verify the chain of the audit trail."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the files of anchors."""
        parser.add_argument("--anchors", type=Path, help="a file of anchors, one JSON object a line")
        parser.add_argument("--export", type=Path, help="add the chain's end to this file; keep it on another machine")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the count and the head, or what is wrong."""
        report = selectors.verify_chain(_read(options["anchors"]))
        if not report.holds:
            raise CommandError("The audit trail does not hold.\n" + "\n".join(report.faults))
        self.stdout.write(f"{report.count} entries, head {report.head}")
        if not report.anchored:
            self.stdout.write("No anchors were given: entries cut off at the end would not show (--export, --anchors).")
        if options["export"] and report.count:
            with options["export"].open("a", encoding="utf-8") as file:
                file.write(json.dumps({"seq": report.count, "hash": report.head}) + "\n")


def _read(path: Path | None) -> list[Anchor]:
    if path is None:
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [Anchor(seq=row["seq"], hash=row["hash"]) for row in map(json.loads, filter(None, lines))]
    except (OSError, ValueError, KeyError) as e:
        raise CommandError(f"{path} cannot be read as anchors: {e}") from e
