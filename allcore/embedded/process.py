"""`python -m allcore.embedded.process NAME`: become one process of the Procfile, under the system's own supervisor."""

import os
import sys

from honcho.environ import parse_procfile

from allcore.embedded.local import ROOT
from allcore.embedded.supervisor import Program

DEFAULTS = {"HOST": "127.0.0.1", "PORT": "8000", "SOCKET_PORT": "8001", "VAR_DIR": str(ROOT / "var")}


def main() -> None:
    """Replace this process by the named one."""
    processes = parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if name not in processes:
        raise SystemExit(f"Name a process: {', '.join(processes)}.")
    program = Program(name, processes[name], DEFAULTS | dict(os.environ))
    arguments = program.arguments()
    os.chdir(ROOT)
    os.execvp(arguments[0], arguments)  # noqa: S606 the Procfile's own command, without a shell


if __name__ == "__main__":
    main()
