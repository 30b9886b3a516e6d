"""The matrix of behaviours in the docs is the contract's, as it is now."""

import inspect

import pytest

from brokers import registry
from tests.brokers import test_paper_contract as paper
from tests.brokers.etrade import test_contract as etrade
from tests.brokers.ibkr import test_contract as ibkr
from tests.brokers.schwab import test_contract as schwab
from tests.brokers.tda import test_contract as tda
from tests.house.tree import ROOT

SUITES = {  # by their modules: a class imported here would be run here too
    "paper": paper.TestPaperInMemory,
    "ibkr": ibkr.TestVersion178,
    "schwab": schwab.TestSchwab,
    "etrade": etrade.TestEtrade,
    "tda": tda.TestTda,
}


def asked(suite: type) -> set[str]:
    return {
        name.removeprefix("test_").replace("_", " ")
        for name, _ in inspect.getmembers(suite, inspect.isfunction)
        if name.startswith("test_")
    }


def written() -> list[list[str]]:
    page = (ROOT / "docs" / "brokers.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows]


def test_every_adapter_has_its_column() -> None:
    assert written()[0] == ["behaviour", *(broker.name for broker in registry.BROKERS.values())]
    assert list(SUITES) == list(registry.BROKERS)


@pytest.mark.parametrize("broker", SUITES)
def test_what_is_asked_of_an_adapter_is_what_the_page_says_and_nothing_failed(broker: str) -> None:
    place = list(SUITES).index(broker) + 1
    answers = {row[0]: row[place] for row in written()[1:]}

    assert {name for name, answer in answers.items() if answer != "n/a"} == asked(SUITES[broker])
    assert set(answers.values()) <= {"pass", "n/a"}
