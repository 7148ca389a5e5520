"""Checkpoints on disk: weights as safetensors, everything else as JSON in the same file. Nothing is ever unpickled.

Opening one checks the file before any weight is used; what does not fit is refused with words that say why.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bimanual_core.errors import BimanualError, ErrorCode

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = "bimanual-policy"
FORMAT_VERSION = 1
SUFFIX = ".safetensors"
PICKLED_SUFFIXES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin")
#: First bytes of a pickle (protocol 2 on) and of the zip archive that torch.save writes.
PICKLE_MAGIC, ZIP_MAGIC = b"\x80", b"PK"


class CheckpointError(BimanualError):
    """A checkpoint that is refused; names the file and why."""

    code = ErrorCode.POLICY_CHECKPOINT


def write(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Write a checkpoint at once: a reader sees the old file or the new one. Raises CheckpointError."""
    from safetensors.torch import save

    metadata = {"format": FORMAT, "format_version": str(FORMAT_VERSION), "about": json.dumps(about, allow_nan=False)}
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        fresh.write_bytes(save({name: t.detach().cpu().contiguous() for name, t in tensors.items()}, metadata))
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise CheckpointError(f"cannot write {path}: {error.strerror or error}", ErrorCode.DATA_WRITE_FAILED) from None


def read(path: Path | str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The weights and what is told about them. Raises CheckpointError for a pickled file, for one that is damaged or of
    another format or version, and for weights that are not finite."""
    path = Path(path)
    about = read_about(path)
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} is damaged: {error}") from None
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise CheckpointError(f"{path}: weights {name!r} hold values that are not finite")
    return tensors, about


def read_about(path: Path | str) -> dict[str, Any]:
    """What a checkpoint tells about itself, without its weights. Raises as :func:`read`."""
    path = Path(path)
    _refuse_pickles(path)
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as held:
            metadata = held.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} is no safetensors file: {error}") from None
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} has format {metadata.get('format')!r}, expected {FORMAT!r}: it was not made by ./bimanual train",
        )
    if metadata.get("format_version") != str(FORMAT_VERSION):
        raise CheckpointError(
            f"{path} has format version {metadata.get('format_version')!r}; this software reads {FORMAT_VERSION}",
        )
    return _parse(path, metadata.get("about", ""))


def _refuse_pickles(path: Path) -> None:
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {path}")
    with path.open("rb") as stream:
        start = stream.read(2)
    if path.suffix in PICKLED_SUFFIXES or start[:1] == PICKLE_MAGIC or start == ZIP_MAGIC:
        raise CheckpointError(
            f"{path} is a pickled file, which may run code when it is opened; only {SUFFIX} checkpoints are read",
        )


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        about = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: its description is no JSON: {error}") from None
    if not isinstance(about, dict):
        raise CheckpointError(f"{path}: its description is no JSON object")
    return about
