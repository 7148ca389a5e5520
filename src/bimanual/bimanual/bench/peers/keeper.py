"""Runs a command and ends it, with all that it started, when stdin ends: ``python keeper.py COMMAND...``.

Whoever waits for the command holds the other end of stdin, which closes with that process however it ends. The keeper
leads a session of its own; its exit status is the command's, 128 and the signal where one ended it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

STDIN = 0


def main(command: list[str]) -> int:
    """Run ``command`` to its end; its exit status."""
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    status = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    return status if status >= 0 else 128 - status


def _end_with_stdin() -> None:
    os.read(STDIN, 1)
    os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
