"""Where an episode may be written: a new folder, with a name that every tool can take, outside the system's own."""

from __future__ import annotations

import os
from pathlib import Path

from bimanual_core.errors import BimanualError, ErrorCode

#: Bytes of one name and of a whole path; files in the folder are named after it, with a suffix.
LONGEST_NAME, LONGEST_PATH = 200, 3000
#: Folders of the operating system, whose contents no episode belongs to.
SYSTEM = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr")


def new_folder(directory: Path | str) -> Path:
    """The absolute path of a folder that does not exist yet; nothing is made.

    Relative paths start at the process's working directory. Raises BimanualError for an empty, odd or too long path,
    one with ``..``, one in a folder of the operating system, and (DATA_WRITE_FAILED) one that exists or cannot be
    looked at.
    """
    text = os.fspath(directory)
    if not text.strip() or text == os.curdir:
        raise BimanualError("directory is empty; give the path of a new folder for the recording")
    _check_text(text)
    path = Path(text).absolute()
    try:
        exists, real = path.exists() or path.is_symlink(), path.resolve()
    except (OSError, RuntimeError) as error:
        raise BimanualError(f"{path} cannot be looked at: {error}", ErrorCode.DATA_WRITE_FAILED) from None
    _check_owner(real)
    if exists:
        raise BimanualError(f"{path} exists; a recording needs a new folder", ErrorCode.DATA_WRITE_FAILED)
    return path


def check_outside_system(directory: Path | str) -> None:
    """Raises BimanualError for an odd or too long path, and one in a folder of the operating system."""
    _check_text(os.fspath(directory))
    _check_owner(Path(directory).resolve())


def _check_owner(real: Path) -> None:
    for folder in SYSTEM:
        if real.is_relative_to(folder):
            raise BimanualError(f"{real} is in {folder}, which belongs to the operating system; record elsewhere")


def _check_text(text: str) -> None:
    shown = text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"
    if not text.isprintable():
        raise BimanualError(f"directory {shown!r} has characters that cannot be printed")
    if ".." in Path(text).parts:
        raise BimanualError(f"directory {shown!r} goes up by '..'; give the path without it")
    encoded = text.encode(errors="surrogateescape")
    if len(encoded) > LONGEST_PATH:
        raise BimanualError(f"directory has {len(encoded)} bytes; at most {LONGEST_PATH}")
    longest = max((len(part.encode(errors="surrogateescape")) for part in Path(text).parts), default=0)
    if longest > LONGEST_NAME:
        raise BimanualError(f"a name in directory {shown!r} has {longest} bytes; at most {LONGEST_NAME}")
