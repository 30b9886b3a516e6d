"""Which broker the desk is put on."""

from pathlib import Path

import pytest

from allcore.embedded.brokers import SIMS, chosen
from allcore.embedded.local import ROOT, var_dir
from allcore.embedded.preflight import StartRefusedError
from allcore.embedded.supervisor import Program


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAR_DIR", raising=False)
    monkeypatch.delenv("BROKER", raising=False)
    monkeypatch.delenv("FEED", raising=False)


@pytest.mark.parametrize("name", ["", "paper"])
def test_paper_is_what_is_meant_unless_told_otherwise(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER", name)

    assert chosen() is None
    assert var_dir() == ROOT / "var"


@pytest.mark.parametrize("name", sorted(SIMS))
def test_a_desk_on_a_test_server_keeps_its_data_apart(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER", name)

    assert chosen() is SIMS[name]
    assert var_dir() == ROOT / "var" / name


@pytest.mark.parametrize(("broker", "directory"), [("", "replay"), ("ibkr-sim", "ibkr-sim-replay")])
def test_a_replay_keeps_its_data_apart(broker: str, directory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER", broker)
    monkeypatch.setenv("FEED", "replay:/quotes,speed=60")

    assert var_dir() == ROOT / "var" / directory


def test_a_simulated_market_named_by_hand_keeps_its_data_where_the_default_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FEED", "sim:seed=7")

    assert var_dir() == ROOT / "var"


def test_a_broker_that_is_not_there_stops_the_start_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER", "ibkr")

    with pytest.raises(StartRefusedError, match=r"BROKER is one of paper, .*ibkr-sim.*, was 'ibkr'"):
        chosen()


def test_the_server_s_command_is_words_with_a_path_that_has_a_space() -> None:
    command = SIMS["ibkr-sim"].command(Path("/my data"), 8002, "redis://:p@127.0.0.1:1/0")

    words = Program("ibkr-sim", command, {}).arguments()

    assert words[-4:] == ["--told", "/my data/broker.json", "--kept", "/my data/broker.kept"]
