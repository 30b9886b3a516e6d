"""Each error has a code of its own, and a status."""

from collections import Counter
from collections.abc import Iterator
from importlib import import_module

from allcore.api.errors import STATUS_OF_CODE, status_of
from allcore.kernel.errors import DeskError
from tests.house.tree import dotted, modules


def all_errors() -> list[type[DeskError]]:
    for path in modules():
        if "Error" in path.read_text(encoding="utf-8") and path.name not in {"asgi.py", "wsgi.py"}:
            import_module(dotted(path))
    ours = ("allcore.", "brokers.", "marketdata.", "risk.", "trading.")
    return [error for error in below(DeskError) if error.__module__.startswith(ours)]


def below(root: type[DeskError]) -> Iterator[type[DeskError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from below(kind)


def test_every_code_belongs_to_one_error() -> None:
    counts = Counter(error.code for error in set(all_errors()))

    assert {code: count for code, count in counts.items() if count > 1} == {}


def test_every_error_has_its_own_code_in_capitals() -> None:
    without = [error.__name__ for error in all_errors() if "code" not in vars(error)]
    odd = [error.code for error in all_errors() if not error.code.isupper() or " " in error.code]

    assert (without, odd) == ([], [])


def test_every_error_has_a_status_that_is_not_a_fault_of_ours() -> None:
    assert [error.__name__ for error in all_errors() if status_of(error("Said.")) == 500] == []


def test_codes_with_a_status_of_their_own_exist() -> None:
    assert set(STATUS_OF_CODE) - {error.code for error in all_errors()} == set()
