"""A bag as the MCAP tools see it: what ``mcap doctor`` checks, with the reader of the format's own Python package."""

import importlib
import sys
import zlib
from collections import Counter
from pathlib import Path

import pytest
from mcap.reader import NonSeekingReader, make_reader
from mcap.records import (
    AttachmentIndex,
    Channel,
    Chunk,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    Message,
    MessageIndex,
    Schema,
    Statistics,
    SummaryOffset,
)
from mcap.stream_reader import MAGIC_SIZE, StreamReader

from bimanual_data.bag_repair import repair
from bimanual_data.recorder import Recorder

sys.path.insert(0, str(Path(__file__).parent))
data = importlib.import_module("data_messages")
FOOTER_BYTES = 1 + 8 + 8 + 8 + 4 + MAGIC_SIZE  # opcode, length, two offsets, CRC, magic


@pytest.fixture(scope="module")
def bag(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mcap") / "episode"
    recorder = Recorder()
    recorder.start(folder, {"task": "handover_block"})
    data.feed(recorder)
    assert recorder.stop().success
    recorder.close()
    return folder / "episode_0.mcap"


def records(path, chunks=False):
    with path.open("rb") as stream:
        return list(StreamReader(stream, emit_chunks=chunks, validate_crcs=True).records)


def of(kind, found):
    return [record for record in found if isinstance(record, kind)]


def test_the_header_says_which_tools_read_it(bag):
    first, *rest = records(bag)
    assert isinstance(first, Header)
    assert first.profile == "ros2"
    assert not of(Header, rest)


def test_every_record_is_known_and_refers_to_earlier_ones(bag):
    schemas, channels = {}, {}
    for record in records(bag):
        if isinstance(record, Schema):
            assert record.encoding == "ros2msg"
            assert schemas.setdefault(record.id, record) == record
        elif isinstance(record, Channel):
            assert record.schema_id in schemas
            assert record.message_encoding == "cdr"
            assert {"offered_qos_profiles", "topic_type_hash"} <= set(record.metadata)
            assert channels.setdefault(record.id, record) == record
        elif isinstance(record, Message):
            assert record.channel_id in channels
        else:
            known = (Header, DataEnd, Footer, Statistics, ChunkIndex, SummaryOffset, AttachmentIndex, MessageIndex)
            assert isinstance(record, known)


def test_chunks_and_their_indexes_agree(bag):
    found = records(bag, chunks=True)
    chunks, indexes = of(Chunk, found), of(ChunkIndex, found)
    assert len(chunks) == len(indexes) > 0
    for chunk, index in zip(chunks, indexes, strict=True):
        assert chunk.compression == index.compression == "zstd"
        assert chunk.uncompressed_crc != 0
        assert (index.message_start_time, index.message_end_time) == (chunk.message_start_time, chunk.message_end_time)
        assert index.uncompressed_size == chunk.uncompressed_size
        assert index.message_index_offsets


def test_checksums_of_data_and_summary_hold(bag):
    content = bag.read_bytes()
    (footer,) = of(Footer, records(bag))
    # The checksum covers the summary and the footer up to itself.
    covered = content[footer.summary_start : len(content) - MAGIC_SIZE - 4]
    assert footer.summary_crc == zlib.crc32(covered) != 0
    assert content.endswith(content[:MAGIC_SIZE])
    assert footer.summary_start < len(content) - FOOTER_BYTES


def test_the_summary_counts_what_is_there(bag):
    found = records(bag)
    (statistics,) = of(Statistics, found)
    counts = Counter(m.channel_id for m in of(Message, found))
    stamps = [m.log_time for m in of(Message, found)]
    assert statistics.channel_message_counts == counts
    assert statistics.message_count == sum(counts.values())
    assert (statistics.message_start_time, statistics.message_end_time) == (min(stamps), max(stamps))
    with bag.open("rb") as stream:
        summary = make_reader(stream, validate_crcs=True).get_summary()
    assert {c.topic for c in summary.channels.values()} >= {"/joint_states", "/task/status"}
    assert summary.statistics.message_count == statistics.message_count


def test_both_readers_find_the_same_also_by_topic_and_time(bag):
    with bag.open("rb") as stream:
        indexed = [(c.topic, m.log_time) for _, c, m in make_reader(stream, validate_crcs=True).iter_messages()]
    with bag.open("rb") as stream:
        streamed = [(c.topic, m.log_time) for _, c, m in NonSeekingReader(stream, validate_crcs=True).iter_messages()]
    assert sorted(indexed) == sorted(streamed)
    assert [t for _, t in indexed] == sorted(t for _, t in indexed)
    first, last = indexed[0][1], indexed[-1][1]
    half = (first + last) // 2
    with bag.open("rb") as stream:
        part = list(make_reader(stream).iter_messages(topics=["/joint_states"], starting_at=first, ending_before=half))
    assert len(part) == len([1 for topic, at in indexed if topic == "/joint_states" and at < half])


def test_a_repaired_bag_passes_the_same_checks(bag, tmp_path):
    folder = tmp_path / "cut"
    folder.mkdir()
    content = bag.read_bytes()
    (footer,) = of(Footer, records(bag))
    cut = folder / "cut_0.mcap"
    cut.write_bytes(content[: footer.summary_start - 40])
    assert repair(folder).messages > 0
    for check in (
        test_every_record_is_known_and_refers_to_earlier_ones,
        test_chunks_and_their_indexes_agree,
        test_checksums_of_data_and_summary_hold,
        test_the_summary_counts_what_is_there,
        test_both_readers_find_the_same_also_by_topic_and_time,
    ):
        check(cut)


def test_the_summary_comes_after_the_data_and_the_footer_last(bag):
    kinds = [type(record) for record in records(bag)]
    assert kinds.index(DataEnd) < kinds.index(Statistics)
    assert kinds[-1] is Footer
