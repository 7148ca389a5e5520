"""Programs that peers' environments run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bimanual.extras import peer_python
from bimanual_core.errors import BimanualError

#: What would lead another environment to this one's libraries and modules.
_OURS = ("LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME")
_KEEPER = Path(__file__).with_name("keeper.py")


def run_for_peer(name: str, asked: Path, answers: Path, seconds: float) -> None:
    """Let the program of peer ``name`` answer a file, in the peer's environment, made on first use.

    Raises BimanualError where it cannot be installed, crashes or is not done after ``seconds``.
    """
    program = Path(__file__).with_name(f"{name}_run.py")
    run_program(name, [str(peer_python(name)), "-I", str(program), str(asked), str(answers)], seconds)


def run_program(name: str, command: Sequence[str], seconds: float) -> None:
    """Run ``command`` to its end. Raises BimanualError with its last words where it fails, and where it is not done
    after ``seconds``; it and what it started have ended then, and also when this process is killed."""
    env = {key: value for key, value in os.environ.items() if key not in _OURS}
    stdin, held = os.pipe()
    try:
        with subprocess.Popen(
            [sys.executable, "-I", str(_KEEPER), *command],
            env=env,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            said = _said(name, process, seconds)
    finally:
        os.close(stdin)
        os.close(held)
    if process.returncode:
        last = "\n".join(said.splitlines()[-10:])
        raise BimanualError(f"{name} ended with status {process.returncode}; its last words:\n{last}")


def _said(name: str, process: subprocess.Popen[str], seconds: float) -> str:
    """All that a program said until its end."""
    try:
        said, _ = process.communicate(timeout=seconds)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise BimanualError(f"{name} was not done after {seconds:.0f} s") from None
        raise
    return said
