"""One machine's desk: where its data lies, its own servers, and what its processes are told."""

import base64
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

from allcore.embedded import brokers, postgres, valkey
from allcore.embedded.preflight import StartRefusedError

ROOT = Path(__file__).resolve().parents[2]
REPLAY = "replay:"
SERVERS: Mapping[str, ModuleType] = {"DATABASE_URL": postgres, "REDIS_URL": valkey}


def var_dir() -> Path:
    """Return the directory of everything that is kept.

    A desk on a broker's test server has one of its own, and so has a replay: its exchange stands in another year, where
    the books of a simulated market lie in the future.
    """
    sim = brokers.chosen()
    replay = (os.environ.get("FEED") or "").startswith(REPLAY)
    apart = "-".join([*([] if sim is None else [sim.name]), *(["replay"] if replay else [])])
    return Path(os.environ.get("VAR_DIR") or ROOT / "var" / apart).absolute()


def port_setting(name: str, default: int) -> int:
    """Return a port."""
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise StartRefusedError(f"{name} is a port between 1 and 65535, was {text!r}.")
    return int(text)


@contextmanager
def servers(var: Path) -> Iterator[dict[str, str]]:
    """Start PostgreSQL and Valkey where no address names another and none runs, and stop again what was started."""
    addresses = {name: os.environ[name] for name in SERVERS if os.environ.get(name)}
    started: list[ModuleType] = []
    try:
        for name, server in SERVERS.items():
            if name not in addresses:
                if server.running_port(_home(server, var)) is None:
                    started.append(server)
                addresses[name] = _start(name, server, var)
        yield addresses
    finally:
        for server in reversed(started):
            server.stop(var)


def revive(var: Path, addresses: Mapping[str, str]) -> list[str]:
    """Start again, where they were, those of our own servers that are gone; return their names."""
    revived = []
    for name, server in SERVERS.items():
        if not os.environ.get(name) and server.running_port(_home(server, var)) is None:
            server.start(var, port=urlsplit(addresses[name]).port)
            revived.append(_home(server, var).name)
    return revived


def _home(server: ModuleType, var: Path) -> Path:
    return var / server.__name__.rpartition(".")[2]


def _start(name: str, server: ModuleType, var: Path) -> str:
    try:
        return str(server.start(var))
    except (OSError, subprocess.SubprocessError) as e:
        raise StartRefusedError(
            f"The embedded server did not start ({e}). Its log is {_home(server, var) / 'log'}; "
            f"or name a server of your own: {name}=..."
        ) from e


def environment(var: Path, addresses: Mapping[str, str]) -> dict[str, str]:
    """Return what every process of the desk is told; an empty variable, as in `make run FEED=`, means the default."""
    ours = {
        "VAR_DIR": str(var),
        "STATIC_FROM_SOURCE": "on",
        "DJANGO_SETTINGS_MODULE": "allcore.settings",
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
    if not (os.environ.get("SECRET_KEY") or os.environ.get("SECRET_KEY_FILE")):
        ours["SECRET_KEY"] = _secret_key(var / "secret_key")
    if not any(os.environ.get(name) for name in ("VAULT_KEYS", "VAULT_KEYS_FILE", "VAULT_PROVIDER")):
        ours["VAULT_KEYS"] = _vault_key(var / "vault_key")
    (var / "static").mkdir(exist_ok=True)
    return {name: value for name, value in os.environ.items() if value} | ours | dict(addresses)


def _secret_key(file: Path) -> str:
    return _kept(file, secrets.token_urlsafe(48))


def _vault_key(file: Path) -> str:
    """Return the master key of this machine's vault; whoever loses the file loses the credentials, not the books."""
    return _kept(file, f"local:{base64.b64encode(secrets.token_bytes(32)).decode()}")


def _kept(file: Path, fresh: str) -> str:
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(fresh, encoding="ascii")
    return file.read_text(encoding="ascii")
