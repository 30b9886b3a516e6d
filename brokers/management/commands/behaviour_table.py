"""Run the contract with every adapter, and write how each answered."""

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from brokers import registry
from brokers.certification.behaviours import behaviours
from brokers.certification.checks import Finding, Outcome
from brokers.services import certification

PAGE = Path("docs") / "brokers.md"
WORDS = {Outcome.PASS: "pass", Outcome.FAIL: "**FAIL**", Outcome.NOT_APPLICABLE: "n/a", None: "not run"}
INTRODUCTION = """# What each adapter does

One contract for every adapter, run against a test server of its broker's protocol (the paper broker is its own), and
here as it ended. What is not applicable (n/a) is asked only of brokers that replace in place, only of those that cancel
and send anew, only of those behind a line that can break, or is the paper broker's own. Written by
`make manage DO="behaviour_table --write"`, which runs it all; a test holds the rows and the
n/a to the contract as it is.

A dated report with every check of an adapter, also beyond the contract, is made by `manage.py certify BROKER --by NAME`
and shown on the Brokers page. **None of this was shown at a real broker.**
"""


def page(findings: Mapping[str, Sequence[Finding]]) -> str:
    """Return the page as Markdown."""
    names = [registry.BROKERS[broker].name for broker in findings]
    rows = [f"| {row.name} | {' | '.join(WORDS[answer] for answer in row.answers)} |" for row in behaviours(findings)]
    head = [f"| behaviour | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    return "\n".join((INTRODUCTION, *head, *rows, ""))


class Command(BaseCommand):
    """Print the page, or write it into the docs."""

    help = "Run the contract suite with every adapter and print the matrix, or write it into docs/ with --write."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whether to write."""
        parser.add_argument("--write", action="store_true")

    def handle(self, *args: object, **options: object) -> None:
        """Run, then print or write; a failure is written too, and ends in an error."""
        findings = {broker: certification.contract_suite(broker, contract_alone=True) for broker in registry.BROKERS}
        text = page(findings)
        if options["write"]:
            (Path(settings.BASE_DIR) / PAGE).write_text(text, encoding="utf-8")
        else:
            self.stdout.write(text)
        failed = [
            f"{broker}: {found.check}: {found.seen}"
            for broker, all_of_it in findings.items()
            for found in all_of_it
            if found.outcome is Outcome.FAIL
        ]
        if failed:
            raise CommandError("\n".join(("The contract does not hold.", *failed)))
