"""`manage.py` on the data of `make run`, whether the desk runs or not."""

import subprocess
import sys

from allcore.embedded.local import ROOT, environment, servers, var_dir


def main() -> None:
    """Run one command with the desk's own servers and secrets."""
    var = var_dir()
    if not (var / "VERSION").exists():
        raise SystemExit(f"There is no desk in {var} yet: make run")
    with servers(var) as addresses:
        command = [sys.executable, "manage.py", *sys.argv[1:]]
        code = subprocess.run(command, cwd=ROOT, env=environment(var, addresses), check=False).returncode  # noqa: S603
    raise SystemExit(code)


if __name__ == "__main__":
    main()
