"""The desk refuses to start with a sentence, never with a traceback."""

import os
import socket
from pathlib import Path

import pytest

from allcore.embedded import preflight
from allcore.embedded.local import port_setting
from allcore.embedded.preflight import StartRefusedError


@pytest.mark.parametrize("theirs", ["0.1.0", "0.0.9"])
def test_data_of_this_version_or_an_older_one_is_taken_and_signed(tmp_path: Path, theirs: str) -> None:
    (tmp_path / "VERSION").write_text(theirs)

    preflight.check_version(tmp_path, "0.1.0")

    assert (tmp_path / "VERSION").read_text() == "0.1.0\n"


@pytest.mark.parametrize("theirs", ["0.1.1", "0.10.0", "1.0.0"])
def test_data_of_a_newer_version_is_left_alone(tmp_path: Path, theirs: str) -> None:
    (tmp_path / "VERSION").write_text(theirs)

    with pytest.raises(StartRefusedError, match=f"written by version {theirs}"):
        preflight.check_version(tmp_path, "0.1.0")

    assert (tmp_path / "VERSION").read_text() == theirs


def test_a_version_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "VERSION").write_text("yesterday")

    with pytest.raises(StartRefusedError, match="no version"):
        preflight.check_version(tmp_path, "0.1.0")


def test_a_taken_port_is_named_with_the_setting_that_chooses_another() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(StartRefusedError, match=rf"Port {port} of 127.0.0.1 is taken .* PORT={port + 10}"):
            preflight.check_port("127.0.0.1", port, "PORT")


def test_a_full_disk_is_said_before_a_database_is_started_on_it(tmp_path: Path) -> None:
    with pytest.raises(StartRefusedError, match="MB are free"):
        preflight.check_disk(tmp_path, needed=10**18)

    preflight.check_disk(tmp_path, needed=1)


def test_a_second_desk_on_the_same_data_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    with preflight.take(tmp_path), pytest.raises(StartRefusedError, match="already runs"):
        preflight.take(tmp_path)

    preflight.take(tmp_path).close()


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StartRefusedError, match="cannot be written"):
        preflight.take(tmp_path / "file" / "var")


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1"])
def test_what_is_no_port_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", text)

    with pytest.raises(StartRefusedError, match="PORT is a port"):
        port_setting("PORT", 8000)


@pytest.mark.parametrize(("text", "port"), [("", 8000), ("1", 1), ("65535", 65535)])
def test_an_empty_port_is_the_default(text: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", text)

    assert port_setting("PORT", 8000) == port


def test_a_setting_that_no_process_could_start_with_is_said_before_any_is_started() -> None:
    told = {**os.environ, "TRADING_MODE": "lively"}

    with pytest.raises(StartRefusedError, match=r"^Setting TRADING_MODE is one of paper, live, was 'lively'"):
        preflight.check_settings(told)

    preflight.check_settings(told | {"TRADING_MODE": "paper"})


def test_a_redis_that_is_there_is_taken() -> None:
    preflight.check_redis(os.environ["REDIS_URL"])


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "nonsense", "http://127.0.0.1/"])
def test_a_redis_that_is_not_there_is_said_with_the_setting_that_names_it(url: str) -> None:
    with pytest.raises(StartRefusedError, match=r"Redis does not let the desk in: .* REDIS_URL="):
        preflight.check_redis(url)
