"""The hook lets a good subject pass and says what is wrong with another."""

import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT


def judge(message: str, directory: Path) -> subprocess.CompletedProcess[str]:
    file = directory / "message"
    file.write_text(message)
    return subprocess.run([str(ROOT / "scripts/commit-msg"), str(file)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("message", ["Add a gate", "Add a gate\n\nIt fails closed.", 'Revert "feat: x."', "A" * 60])
def test_a_good_message_passes(message: str, tmp_path: Path) -> None:
    assert judge(message, tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("add a gate", "capital"),
        ("Add a gate.", "full stop"),
        ("Fix: a gate", "prefix"),
        ("Fix(risk): a gate", "prefix"),
        ("A" * 61, "at most 60"),
        ("Add a gate\nIt fails closed.", "empty line"),
    ],
)
def test_another_is_told_why(message: str, why: str, tmp_path: Path) -> None:
    verdict = judge(message, tmp_path)

    assert verdict.returncode == 1
    assert why in verdict.stderr
