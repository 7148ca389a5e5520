"""The recorder: takes serialised messages from any thread, compresses images in workers, writes one bag.

Nothing is dropped: when writing falls behind, ``on_message`` waits. When the bag cannot be written any more, the
recording fails clearly and what was written before stays readable.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_data.bag_scan import messages
from bimanual_data.bag_writer import FLUSH_SECONDS, BagWriter
from bimanual_data.cdr import exact
from bimanual_data.episode import EpisodeMeta, load_meta, provenance
from bimanual_data.image_messages import IMAGE, Encoded, compress
from bimanual_data.new_folder import new_folder

#: Messages that may wait for the writer; with raw images of 320x240 that is at most about 30 MB.
QUEUE_LENGTH = 128
IMAGE_WORKERS = 2
#: So many of :meth:`Recorder.on_exact` go to the writer at once: waking it costs more than the writing of one.
BATCH = 64

WriterFactory = Callable[[Path], BagWriter]


@dataclass(frozen=True)
class RecordingSummary:
    """What a recording became. ``counts`` is what the bag holds; ``lost`` counts messages that it could not take, and
    ``error_*`` tell why the first of them was lost."""

    directory: Path
    counts: dict[str, int]
    seconds: float
    file_bytes: int
    lost: int = 0
    error_code: ErrorCode = ErrorCode.NONE
    error_msg: str = ""

    @property
    def success(self) -> bool:
        return self.error_code == ErrorCode.NONE


@dataclass(frozen=True)
class _Item:
    """A message on its way to the bag, in order of arrival; its encoding may still be under way."""

    stamp_ns: int
    encoded: Future[Encoded] | Encoded
    exact: bool = False  # known to be no longer than the message


@dataclass
class _Recording:
    """The running recording."""

    writer: BagWriter
    meta: EpisodeMeta
    items: queue.Queue[list[_Item] | None] = field(default_factory=lambda: queue.Queue(QUEUE_LENGTH))
    batch: list[_Item] = field(default_factory=list)
    thread: threading.Thread | None = None
    error: BimanualError | None = None  # the first
    lost: int = 0

    @property
    def broken(self) -> bool:
        """Whether the bag can no longer be written."""
        return self.error is not None and self.error.code == ErrorCode.DATA_WRITE_FAILED

    def hand_over(self) -> None:
        """Let the writer have what was taken in; waits where it is far behind."""
        if self.batch:
            self.items.put(self.batch)
            self.batch = []


class Recorder:
    """Records one episode at a time. ``on_message`` may come from any thread; start, annotate and stop from one."""

    def __init__(self, open_bag: WriterFactory = BagWriter) -> None:
        self._open_bag = open_bag
        self._recording: _Recording | None = None
        self._last: Path | None = None
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(IMAGE_WORKERS, thread_name_prefix="image")

    @property
    def directory(self) -> Path | None:
        """Folder of the running recording."""
        return self._recording.writer.folder if self._recording else None

    @property
    def counts(self) -> dict[str, int]:
        """Messages written so far, per topic of the bag."""
        return {t.name: t.count for t in list(self._recording.writer.topics.values())} if self._recording else {}

    @property
    def waiting(self) -> int:
        """Messages that wait for the writer."""
        return self._recording.items.qsize() if self._recording else 0

    @property
    def error(self) -> BimanualError | None:
        """What first went wrong in the running recording."""
        return self._recording.error if self._recording else None

    def start(
        self,
        directory: Path | str,
        meta: Mapping[str, Any] | None = None,
        topics: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        """Begin an episode in a new folder. ``topics`` maps topics to (type, QoS preset) known beforehand.

        Raises BimanualError if one is running, the folder exists, the metadata is wrong or nothing can be written.
        """
        if self._recording is not None:
            raise BimanualError(f"already recording into {self._recording.writer.folder}; stop that first")
        directory = new_folder(directory)
        started = datetime.now(UTC).isoformat(timespec="milliseconds")
        full = EpisodeMeta(started=started).merged(provenance()).merged(meta or {})
        writer = self._open_bag(directory)
        try:
            for name, (type_name, qos) in (topics or {}).items():
                writer.add_topic(name, type_name, qos)
            full.save(directory)
        except BaseException:
            writer.abandon()
            raise
        recording = _Recording(writer, full)
        recording.thread = threading.Thread(target=_write_all, args=(recording,), name="bag", daemon=True)
        recording.thread.start()
        self._recording = recording

    def on_message(self, topic: str, type_name: str, stamp_ns: int, data: bytes) -> None:
        """Take one message (CDR bytes). Returns at once unless the writer is far behind; ignored between recordings.

        Raises BimanualError (DATA_WRITE_FAILED) once the bag can no longer be written.
        """
        if type_name == IMAGE:
            self.on_picture(stamp_ns, partial(compress, topic, data))
        else:
            self._take(stamp_ns, Encoded(topic, type_name, data), exact=False)

    def on_exact(self, stamp_ns: int, message: Encoded) -> None:
        """Take one message whose bytes end where the message ends, as ``cdr.encode`` makes them; as
        :meth:`on_message`, but it may reach the bag only with the next ones, a picture, or the end."""
        self._take(stamp_ns, message, exact=True)

    def on_picture(self, stamp_ns: int, encode: Callable[[], Encoded]) -> None:
        """Take the message that ``encode`` makes in a worker thread; as :meth:`on_message`."""
        self._take(stamp_ns, encode, exact=False)

    def _take(self, stamp_ns: int, message: Encoded | Callable[[], Encoded], exact: bool) -> None:
        with self._lock:
            recording = self._recording
            if recording is None:
                return
            if recording.broken and recording.error is not None:
                recording.lost += 1
                raise recording.error
            encoded = message if isinstance(message, Encoded) else self._pool.submit(message)
            recording.batch.append(_Item(stamp_ns, encoded, exact))
            if not exact or len(recording.batch) >= BATCH:
                recording.hand_over()

    def annotate(self, values: Mapping[str, Any]) -> EpisodeMeta:
        """Merge values into the running or last episode's ``episode.json``. Raises BimanualError if there was none or a
        value does not fit."""
        if self._recording is not None:
            merged = self._recording.meta.merged(values)
            merged.save(self._recording.writer.folder)
            self._recording.meta = merged
            return merged
        if self._last is None:
            raise BimanualError("nothing was recorded yet, so there is nothing to annotate")
        meta = load_meta(self._last).merged(values)
        meta.save(self._last)
        return meta

    def stop(self) -> RecordingSummary:
        """Write what waits, finish the bag and ``episode.json``. Raises BimanualError if nothing is being recorded."""
        with self._lock:
            recording, self._recording = self._recording, None
        if recording is None or recording.thread is None:
            raise BimanualError("nothing is being recorded")
        recording.hand_over()
        recording.items.put(None)
        recording.thread.join()
        self._last = recording.writer.folder
        return _finish(recording)

    def close(self) -> None:
        """Stop what runs and end the workers."""
        if self._recording is not None:
            self.stop()
        self._pool.shutdown()


def _write_all(recording: _Recording) -> None:
    while True:
        try:
            items = recording.items.get(timeout=FLUSH_SECONDS)
        except queue.Empty:
            _flush(recording)
            continue
        if items is None:
            return
        for item in items:
            _write(recording, item)


def _write(recording: _Recording, item: _Item) -> None:
    if recording.broken:
        recording.lost += 1
        return
    try:
        encoded = item.encoded.result() if isinstance(item.encoded, Future) else item.encoded
        data = encoded.data if item.exact else exact(encoded.type, encoded.data)
        recording.writer.write(encoded.topic, encoded.type, item.stamp_ns, data)
    except BimanualError as error:
        _lost(recording, error)
    except Exception as error:  # noqa: BLE001 - the writer must live on, or senders would wait for ever
        text = f"a message cannot be encoded: {type(error).__name__}: {error}"
        _lost(recording, BimanualError(text, ErrorCode.DATA_INVALID))


def _lost(recording: _Recording, error: BimanualError) -> None:
    """Count a message that did not reach the bag. That the bag broke matters more than an earlier odd message."""
    if recording.error is None or error.code == ErrorCode.DATA_WRITE_FAILED:
        recording.error = error
    recording.lost += 1


def _flush(recording: _Recording) -> None:
    if recording.broken:
        return
    try:
        recording.writer.flush()
    except BimanualError as error:
        recording.error = error


def _finish(recording: _Recording) -> RecordingSummary:
    writer = recording.writer
    counts = _close(recording)
    seconds = writer.span.duration_ns * 1e-9
    values = {
        "topics": {topic.name: topic.type for topic in writer.topics.values()},
        "counts": counts,
        "seconds": seconds,
        "complete": recording.error is None,
    }
    try:
        recording.meta.merged(values).save(writer.folder)
    except BimanualError as error:
        recording.error = recording.error or error
    first = recording.error
    return RecordingSummary(
        directory=writer.folder,
        counts=counts,
        seconds=seconds,
        file_bytes=_size(writer.path),
        lost=recording.lost,
        error_code=first.code if first else ErrorCode.NONE,
        error_msg=str(first) if first else "",
    )


def _close(recording: _Recording) -> dict[str, int]:
    """Finish the bag, or let go of it where it is broken; returns the messages it holds, per topic."""
    writer = recording.writer
    if not recording.broken:
        try:
            writer.close()
            return {topic.name: topic.count for topic in writer.topics.values()}
        except BimanualError as error:
            recording.error = error
    writer.abandon()
    # What the writer counted may not have reached the file, and the file may be gone.
    try:
        return dict(Counter(message.channel.topic for message in messages(writer.path)))
    except (BimanualError, OSError):
        return {}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
