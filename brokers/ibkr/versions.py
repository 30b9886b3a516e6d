"""Executions and their versions: a correction repeats an execution under a higher number, a bust as one of nothing."""

from collections.abc import Iterable

from brokers.ibkr.news import FIRST, ExecutionNews


def versions_of(executions: Iterable[ExecutionNews]) -> list[list[ExecutionNews]]:
    """Return each execution's versions, oldest first, in the order in which the executions were told."""
    kept: dict[str, dict[int, ExecutionNews]] = {}
    for execution in executions:
        kept.setdefault(execution.prefix, {})[execution.version] = execution
    return [[by_number[number] for number in sorted(by_number)] for by_number in kept.values()]


def newest(executions: Iterable[ExecutionNews]) -> list[ExecutionNews]:
    """Return each execution in its newest version, in the order they were told; what was taken back is left out."""
    return [versions[-1] for versions in versions_of(executions) if versions[-1].qty > 0]


def corrections_of(executions: Iterable[ExecutionNews]) -> list[tuple[ExecutionNews, str]]:
    """Return every later version, each with the name of the one that it corrects."""
    found = []
    for versions in versions_of(executions):
        ref = versions[0].first_id
        for version in versions if versions[-1].qty > 0 else ():
            if version.exec_id != version.first_id:
                found.append((version, ref))
                ref = version.exec_id
    return found


def firsts(executions: Iterable[ExecutionNews]) -> list[ExecutionNews]:
    """Return each execution in the oldest version that is told."""
    return [versions[0] for versions in versions_of(executions)]


def busts_of(executions: Iterable[ExecutionNews]) -> list[tuple[ExecutionNews, str]]:
    """Return what was taken back, with each name that it may have been booked by."""
    gone = [versions[-1] for versions in versions_of(executions) if versions[-1].qty == 0]
    return [(e, f"{e.prefix}.{number:02d}") for e in gone for number in range(FIRST, e.version)]
