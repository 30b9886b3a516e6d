"""The matrix of behaviours: what the contract asks, and how each adapter answered. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from brokers.certification.checks import Finding, Outcome

CONTRACT = "contract"
WORST_FIRST = (Outcome.FAIL, Outcome.PASS, Outcome.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One behaviour and each adapter's answer to it; None of an adapter that was not asked anything."""

    name: str
    answers: tuple[Outcome | None, ...]


def behaviours(findings: Mapping[str, Sequence[Finding] | None]) -> tuple[Behaviour, ...]:
    """Return a row for each behaviour of the contract, what is asked of all first; the answers in the adapters' order.

    An adapter that was tried several times (two versions of a protocol, several cases) is as good as its worst try;
    what the contract asks of other kinds of brokers only is not applicable.
    """
    answered = {broker: None if found is None else _answers(found) for broker, found in findings.items()}
    names = {name for answers in answered.values() for name in answers or ()}
    rows = [
        Behaviour(
            name.replace("_", " "),
            tuple(
                None if answers is None else answers.get(name, Outcome.NOT_APPLICABLE) for answers in answered.values()
            ),
        )
        for name in names
    ]
    return tuple(sorted(rows, key=lambda row: (Outcome.NOT_APPLICABLE in row.answers, row.name)))


def _answers(findings: Sequence[Finding]) -> dict[str, Outcome]:
    answers: dict[str, Outcome] = {}
    for finding in findings:
        suite, _, name = finding.check.partition(": ")
        if suite == CONTRACT:
            outcome = Outcome(finding.outcome)
            plain = name.partition("[")[0]  # without the case that it was tried with
            answers[plain] = min(outcome, answers.get(plain, outcome), key=WORST_FIRST.index)
    return answers
