"""Pages say what is so."""

import re
import tomllib
from pathlib import Path

import pytest

from allcore import __version__
from brokers.management.commands.capability_table import inserted
from tests.house.tree import ROOT, name_of, tracked

PAGES = [page for page in tracked("*.md", "docs/**.md") if "design" not in page.parts]
ADRS = [page for page in tracked("docs/adr/*.md") if page.name != "README.md"]
ADR_PARTS = ("Status", "Context", "Options", "Decision", "Consequences", "Confirmation")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]

    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_make_target_is_explained() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.MULTILINE)
    text = read("README.md") + read("CONTRIBUTING.md")

    assert [target for target in targets if f"make {target}" not in text] == []


def test_every_process_is_in_the_architecture() -> None:
    processes = re.findall(r"^([a-z]+):", read("Procfile"), re.MULTILINE)
    page = read("docs/architecture.md")

    assert [name for name in processes if f"| {name}" not in page] == []


@pytest.mark.parametrize("page", ADRS, ids=name_of)
def test_a_decision_has_its_parts_and_a_test_that_keeps_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    parts = re.findall(r"^## (\w+)", text, re.MULTILINE)
    keepers = re.findall(r"`((?:tests/|\.importlinter)[\w/.]*)", text.partition("## Confirmation")[2])

    assert parts == list(ADR_PARTS)
    assert keepers
    assert [keeper for keeper in keepers if not (ROOT / keeper).exists()] == []


def test_the_list_of_decisions_is_whole() -> None:
    index = read("docs/adr/README.md")

    assert ADRS
    assert [page.name for page in ADRS if page.name not in index] == []


def test_the_version_is_one() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", read("CHANGELOG.md"), re.MULTILINE)

    assert newest is not None
    assert {__version__, project, newest[1]} == {__version__}


def test_the_table_of_brokers_is_what_the_adapters_say() -> None:
    readme = read("README.md")

    assert inserted(readme) == readme, "run make manage DO='capability_table --write'"
