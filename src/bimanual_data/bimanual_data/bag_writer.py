"""Writes a rosbag2 folder of one MCAP file from serialised messages.

A killed writer leaves a readable bag: chunks reach the file at least every second, ``metadata.yaml`` is there from
the start, and ``bag_repair`` finishes the file. Not safe for use from several threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import BinaryIO

import yaml
from mcap.writer import CompressionType, Writer
from rosbags.typesys.store import Typestore

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_data.bag_metadata import BagSpan, BagTopic, write_metadata
from bimanual_data.qos import offered_qos
from bimanual_data.typestore import default_typestore, definition

FLUSH_SECONDS = 1.0
CHUNK_BYTES = 1024 * 1024
PROFILE = "ros2"


class BagWriter:
    """An open bag at ``folder``, which must not exist. Raises BimanualError (DATA_WRITE_FAILED) when it cannot be
    written, at any call."""

    def __init__(
        self, folder: Path | str, typestore: Typestore | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder = Path(folder)
        self.topics: dict[str, BagTopic] = {}
        self.span = BagSpan()
        self._types = typestore or default_typestore()
        self._clock = clock
        self._channels: dict[str, int] = {}
        self._schemas: dict[str, int] = {}
        self._flushed = clock()
        try:
            self.folder.mkdir(parents=True)
            self.path = self.folder / f"{self.folder.name}_0.mcap"
            self._stream: BinaryIO = self.path.open("wb")
            self._writer = Writer(self._stream, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD)
            self._writer.start(PROFILE, "bimanual_data")
            self._flush()
        except OSError as error:
            raise self._failed(error) from None

    def add_topic(self, name: str, type_name: str, qos: str = "state") -> None:
        """Make a topic known before its first message. Raises BimanualError for an unknown type, or a type other than
        the topic's."""
        known = self.topics.get(name)
        if known is not None:
            if known.type != type_name:
                raise BimanualError(f"topic {name} is {known.type}, not {type_name}", ErrorCode.DATA_INVALID)
            return
        text, type_hash = definition(self._types, type_name)
        profiles = offered_qos(qos)
        if type_name not in self._schemas:
            self._schemas[type_name] = self._writer.register_schema(type_name, "ros2msg", text.encode())
        self._channels[name] = self._writer.register_channel(
            name,
            "cdr",
            self._schemas[type_name],
            {"offered_qos_profiles": _text(qos), "topic_type_hash": type_hash},
        )
        self.topics[name] = BagTopic(name, type_name, type_hash, profiles)

    def write(self, name: str, type_name: str, stamp_ns: int, data: bytes) -> None:
        """Add one message (CDR bytes) of a topic, which is made known where it is new."""
        if stamp_ns < 0:
            raise BimanualError(f"topic {name}: stamp {stamp_ns} ns is below the limit 0", ErrorCode.DATA_INVALID)
        self.add_topic(name, type_name)
        try:
            self._writer.add_message(self._channels[name], stamp_ns, data, stamp_ns, self.topics[name].count)
            self.topics[name].count += 1
            self.span.add(stamp_ns)
            self.flush_if_due()
        except OSError as error:
            raise self._failed(error) from None

    def flush_if_due(self) -> None:
        """Bring everything to the file if a second has passed since the last time."""
        if self._clock() - self._flushed >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Bring everything to the file now."""
        try:
            self._flush()
        except OSError as error:
            raise self._failed(error) from None

    def close(self) -> None:
        """Finish the file and its metadata."""
        try:
            self._writer.finish()
            self._stream.close()
            write_metadata(self.folder, self.path.name, list(self.topics.values()), self.span)
        except OSError as error:
            raise self._failed(error) from None

    def abandon(self) -> None:
        """Let go of the file as it is, after a failure; ``bag_repair`` finishes it."""
        try:
            self._stream.close()
        except OSError:
            # Python still holds bytes that do not fit on the disk. The descriptor is closed all the same.
            return

    def _flush(self) -> None:
        self._writer.flush()
        self._flushed = self._clock()
        write_metadata(self.folder, self.path.name, list(self.topics.values()), self.span)

    def _failed(self, error: OSError) -> BimanualError:
        return BimanualError(
            f"cannot write the bag {self.folder}: {error.strerror or error}", ErrorCode.DATA_WRITE_FAILED
        )


@cache
def _text(qos: str) -> str:
    """The offered profiles of a preset as a channel's metadata have them."""
    return yaml.safe_dump(offered_qos(qos))
