"""``metadata.yaml`` of a rosbag2 folder (version 9), replaced as a whole so that it is valid at every instant."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILE_NAME = "metadata.yaml"
VERSION = 9


@dataclass
class BagTopic:
    """A topic of a bag. ``qos`` is what :func:`bimanual_data.qos.offered_qos` gives."""

    name: str
    type: str
    type_hash: str
    qos: list[dict[str, Any]]
    count: int = 0


@dataclass
class BagSpan:
    """First and last stamp [ns] of a bag; ``first_ns`` is None while it is empty."""

    first_ns: int | None = None
    last_ns: int = 0

    def add(self, stamp_ns: int) -> None:
        self.first_ns = stamp_ns if self.first_ns is None else min(self.first_ns, stamp_ns)
        self.last_ns = max(self.last_ns, stamp_ns)

    @property
    def duration_ns(self) -> int:
        return 0 if self.first_ns is None else self.last_ns - self.first_ns


def write_metadata(folder: Path, mcap_name: str, topics: Sequence[BagTopic], span: BagSpan) -> None:
    """Write ``folder/metadata.yaml`` through a temporary file. Raises OSError."""
    count = sum(topic.count for topic in topics)
    start = {"nanoseconds_since_epoch": span.first_ns or 0}
    duration = {"nanoseconds": span.duration_ns}
    info = {
        "version": VERSION,
        "storage_identifier": "mcap",
        "duration": duration,
        "starting_time": start,
        "message_count": count,
        "topics_with_message_count": [
            {
                "topic_metadata": {
                    "name": topic.name,
                    "type": topic.type,
                    "serialization_format": "cdr",
                    "offered_qos_profiles": topic.qos,
                    "type_description_hash": topic.type_hash,
                },
                "message_count": topic.count,
            }
            for topic in topics
        ],
        "compression_format": "",
        "compression_mode": "",
        "relative_file_paths": [mcap_name],
        "files": [
            {"path": mcap_name, "starting_time": dict(start), "duration": dict(duration), "message_count": count}
        ],
        "custom_data": None,
        "ros_distro": "kilted",
    }
    write_whole(folder / FILE_NAME, yaml.dump({"rosbag2_bagfile_information": info}, Dumper=_Dumper, sort_keys=False))


def write_whole(path: Path, text: str) -> None:
    """Replace a file at once: a reader sees the old text or the new one, never half. Raises OSError."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


class _Dumper(yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper):  # type: ignore[misc]
    """libyaml's where it is there: a bag's metadata are written once a second and more."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write repeated values out: rosbag2's own parser need not know anchors."""
        return True
