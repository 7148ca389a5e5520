"""Other planners, in environments of their own, given the benchmark's problems as files."""

from pathlib import Path


def mplib_run_file() -> Path:
    """The program that mplib's environment runs."""
    return Path(__file__).with_name("mplib_run.py")
