"""An episode: a rosbag2 folder with ``episode.json`` beside ``metadata.yaml``."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_data.bag_metadata import write_whole

FILE_NAME = "episode.json"
FORMAT_VERSION = 1
#: What a request may set; the other fields are the recorder's own.
SETTABLE = ("task", "variant", "seed", "robot", "instruction", "success", "reason", "extra")
#: Characters of one request's JSON, and of the whole file: annotations add up.
LONGEST_JSON, LONGEST_FILE = 100_000, 4_000_000
DEEPEST_JSON = 50
#: Distributions whose versions an episode carries.
VERSIONED = ("bimanual_core", "sapien", "pin", "coal", "rosbags", "mcap", "numpy")


class EpisodeMeta(BaseModel):
    """What ``episode.json`` says. ``success`` is None as long as nobody has judged; ``topics`` maps a topic to its type
    and ``counts`` to its number of messages; ``extra`` takes what annotations add."""

    model_config = ConfigDict(extra="forbid")

    format_version: int = FORMAT_VERSION
    task: str = ""
    variant: str = ""
    seed: int | None = None
    robot: str = ""
    instruction: str = ""
    success: bool | None = None
    reason: str = ""
    started: str = ""  # wall clock, ISO 8601 with zone
    seconds: float = Field(default=0.0, ge=0.0)  # between the first and the last stamp
    complete: bool = False  # the recorder ended by itself
    versions: dict[str, str] = Field(default_factory=dict)
    git_revision: str = ""
    topics: dict[str, str] = Field(default_factory=dict)
    counts: dict[str, int] = Field(default_factory=dict)
    extra: dict[str, Any] = Field(default_factory=dict)

    def merged(self, values: Mapping[str, Any]) -> EpisodeMeta:
        """A copy with ``values`` set; names that are no field go to ``extra``. Raises BimanualError naming an ill-typed
        value."""
        known = {k: v for k, v in values.items() if k in type(self).model_fields and k != "extra"}
        more = {k: v for k, v in values.items() if k not in type(self).model_fields}
        given = values.get("extra", {})
        if not isinstance(given, Mapping):
            raise BimanualError(f"extra is {given!r}, expected a JSON object", ErrorCode.DATA_INVALID)
        return parse_meta({**self.model_dump(), **known, "extra": {**self.extra, **given, **more}}, "episode meta")

    def save(self, folder: Path) -> None:
        """Write ``folder/episode.json`` at once. Raises BimanualError (DATA_WRITE_FAILED; DATA_INVALID if it is too
        long)."""
        text = json.dumps(self.model_dump(), indent=2) + "\n"
        if len(text) > LONGEST_FILE:
            raise BimanualError(
                f"{FILE_NAME} has {len(text)} characters; at most {LONGEST_FILE}", ErrorCode.DATA_INVALID
            )
        try:
            write_whole(folder / FILE_NAME, text)
        except OSError as error:
            raise BimanualError(f"cannot write {folder / FILE_NAME}: {error}", ErrorCode.DATA_WRITE_FAILED) from None


def parse_meta(values: object, where: str) -> EpisodeMeta:
    """The metadata in ``values``. Raises BimanualError naming ``where``, the key and what is wrong."""
    try:
        return EpisodeMeta.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BimanualError(f"{where}: {key}: {first['msg']}", ErrorCode.DATA_INVALID) from None


def parse_meta_json(text: str) -> dict[str, Any]:
    """The JSON object in ``text`` (empty: no values), with which a request describes an episode.

    Raises BimanualError for what is no JSON, is too long or too deep, or sets what only the recorder knows.
    """
    if not text.strip():
        return {}
    if len(text) > LONGEST_JSON:
        raise BimanualError(f"meta_json has {len(text)} characters; at most {LONGEST_JSON}", ErrorCode.DATA_INVALID)
    deep = f"meta_json is nested too deeply; at most {DEEPEST_JSON} levels"
    try:
        values = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise BimanualError(deep, ErrorCode.DATA_INVALID) from None
    except ValueError as error:
        raise BimanualError(f"meta_json is no JSON: {error}", ErrorCode.DATA_INVALID) from None
    if not isinstance(values, dict):
        raise BimanualError(f"meta_json is {type(values).__name__}, expected an object", ErrorCode.DATA_INVALID)
    if not _within(values, DEEPEST_JSON):
        raise BimanualError(deep, ErrorCode.DATA_INVALID)
    known = set(EpisodeMeta.model_fields)
    for name in values:
        if name in known - set(SETTABLE):
            choices = ", ".join(SETTABLE)
            raise BimanualError(
                f"meta_json: {name} is filled in by the recorder; settable: {choices} and names of your own",
                ErrorCode.DATA_INVALID,
            )
    return values


def _within(value: object, levels: int) -> bool:
    """Whether ``value`` is nested at most ``levels`` deep."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels >= 0 and all(_within(item, levels - 1) for item in inner)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def load_meta(folder: Path | str) -> EpisodeMeta:
    """The metadata of the episode in ``folder``. Raises BimanualError naming the file."""
    path = Path(folder) / FILE_NAME
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BimanualError(f"cannot read {path}: {error}", ErrorCode.DATA_INVALID) from None
    return parse_meta(values, str(path))


def find_episodes(folder: Path | str) -> list[Path]:
    """Folders at or below ``folder`` that hold an episode, sorted."""
    return sorted(path.parent for path in Path(folder).rglob(FILE_NAME))


def provenance() -> dict[str, Any]:
    """``versions`` and ``git_revision`` of the software that runs."""
    return {"versions": _versions(), "git_revision": _git_revision()}


def _versions() -> dict[str, str]:
    found = {}
    for name in VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def _git_revision() -> str:
    """Revision of the source tree, with ``+`` where it is changed; empty outside a checkout."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+"],
            cwd=Path(__file__).resolve().parent,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()
