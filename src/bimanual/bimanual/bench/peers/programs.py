"""Programs that peers' environments run."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bimanual.extras import peer_python
from bimanual_core.errors import BimanualError

#: What would lead another environment to this one's libraries and modules.
_OURS = ("LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME")


def run_for_peer(name: str, asked: Path, answers: Path, seconds: float) -> None:
    """Let the program of peer ``name`` answer a file, in the peer's environment, made on first use.

    Raises BimanualError where it cannot be installed, crashes or is not done after ``seconds``.
    """
    program = Path(__file__).with_name(f"{name}_run.py")
    run_program(name, [str(peer_python(name)), "-I", str(program), str(asked), str(answers)], seconds)


def run_program(name: str, command: Sequence[str], seconds: float) -> None:
    """Run ``command`` to its end. Raises BimanualError with its last words where it fails, and where it is not done
    after ``seconds``; it and what it started have ended then."""
    env = {key: value for key, value in os.environ.items() if key not in _OURS}
    with subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=seconds)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if isinstance(error, subprocess.TimeoutExpired):
                raise BimanualError(f"{name} was not done after {seconds:.0f} s") from None
            raise
    if process.returncode:
        last = "\n".join(said.splitlines()[-10:])
        raise BimanualError(f"{name} ended with status {process.returncode}; its last words:\n{last}")
