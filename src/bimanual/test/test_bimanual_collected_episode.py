"""An episode collected in process, as its readers find it: topics, stamps, pictures, frames; the same by any worker."""

import json
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader
from rosbags.rosbag2 import Reader

from bimanual.cli import main
from bimanual.collecting.job import CollectJob, expert_collector
from bimanual.collecting.settings import CollectSettings
from bimanual_core.contract import POINTS, Kind, Qos, endpoints
from bimanual_core.rates import PHYSICS_HZ, ns_to_tick, tick_to_ns
from bimanual_core.se3 import make_T
from bimanual_data import episode_recorder
from bimanual_data.image_codec import decode_jpeg, encode_jpeg
from bimanual_data.image_messages import COLOUR_SUFFIX, COMPRESSED_IMAGE, DEPTH_SUFFIX
from bimanual_data.readers import EpisodeReader, header_ns
from bimanual_description import load

pytestmark = pytest.mark.sim
ROBOT = load("cobot_magic")
TASK, SEED, CAMERAS = "handover_block", 2, ("head", "left_wrist")
#: What only a graph has: somebody to say it, or somebody to say it to.
ONLY_ON_A_GRAPH = ("sim/status", "control/owners", "safety/state", "/diagnostics", "policy/action_chunk", "agent/")


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """Folder, result and camera frames by (camera, stamp) of one episode."""
    folder, frames = tmp_path_factory.mktemp("collected") / f"episode_{SEED:06d}", {}
    record = episode_recorder.EpisodeRecorder.frame

    def frame(self, picture):
        frames[picture.name, picture.stamp_ns] = picture
        record(self, picture)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(episode_recorder.EpisodeRecorder, "frame", frame)
        with expert_collector(CollectSettings(cameras=CAMERAS)) as collect:
            result = collect(CollectJob(TASK, SEED, str(folder)))
    return folder, result, frames


def recorded_over_the_graph():
    """Type by topic of what the recorder node takes from the contract, with these cameras."""
    skipped = tuple(f"{c.name}_camera/" for c in ROBOT.cameras if c.name not in CAMERAS)
    found = {}
    for entry in endpoints(ROBOT):
        wanted = entry.kind is Kind.TOPIC and entry.qos is not Qos.ALIVE
        wanted = wanted and not entry.name.endswith(("/markers", POINTS, "/joint_trajectory"))
        if not wanted or entry.name.startswith((*skipped, *ONLY_ON_A_GRAPH)):
            continue
        name, type_name = f"/{entry.name.lstrip('/')}", entry.type
        if type_name == "sensor_msgs/msg/Image":
            name += DEPTH_SUFFIX if "depth" in name else COLOUR_SUFFIX
            type_name = COMPRESSED_IMAGE
        found[name] = type_name
    return found


def test_three_readers_find_the_contract_s_topics(collected):
    folder, result, _ = collected
    assert result.success
    reader = EpisodeReader(folder)
    assert reader.complete
    assert reader.topics() == recorded_over_the_graph()
    meta = reader.meta
    assert (meta.task, meta.seed, meta.robot, meta.success, meta.reason) == (TASK, SEED, ROBOT.name, True, "")
    assert meta.instruction == result.instruction
    assert meta.topics == reader.topics()
    with Reader(folder) as bag:
        assert {c.topic: c.msgcount for c in bag.connections} == meta.counts
        assert bag.message_count == sum(1 for _ in bag.messages())
    with (folder / f"{folder.name}_0.mcap").open("rb") as stream:
        summary = make_reader(stream).get_summary()
    assert summary.statistics.message_count == sum(meta.counts.values())


def test_rates_and_stamps(collected):
    reader = EpisodeReader(collected[0])
    expected = {"/joint_states": 100, "/tf": 100, "/clock": 100, "/scene/objects": 30}
    expected |= {f"/{part}_controller/controller_state": 50 for part in ("left_arm", "right_gripper")}
    expected |= {f"/{camera}_camera/color/image_raw{COLOUR_SUFFIX}": 15 for camera in CAMERAS}
    first = next(reader.messages("task/status")).stamp_ns
    for topic, rate in expected.items():
        stamps = [m.stamp_ns for m in reader.messages(topic, decode=False)]
        ticks = [ns_to_tick(stamp) for stamp in stamps]
        assert stamps == [tick_to_ns(tick) for tick in ticks], topic
        assert stamps[0] == first, topic
        # the last sample is of the end, whenever that is
        assert set(np.diff(ticks[:-1])) == {PHYSICS_HZ // rate}, topic
    for message in reader.messages("joint_states", "scene/objects", "head_camera/color/camera_info"):
        assert header_ns(message.decoded.header) == message.stamp_ns


def test_status_tells_how_the_task_stood(collected):
    reader = EpisodeReader(collected[0])
    told = [m.decoded for m in reader.messages("task/status")]
    assert [status.success for status in told] == [False] * (len(told) - 1) + [True]
    assert told[-1].seconds == pytest.approx(collected[1].seconds, abs=1e-3)
    assert all(status.reason for status in told[:-1])


def test_measured_and_commanded_joints(collected):
    reader = EpisodeReader(collected[0])
    joints = reader.joints()
    assert joints.names == ROBOT.joints.names
    measured = dict(zip(joints.stamps_ns.tolist(), joints.position, strict=True))
    moved = 0.0
    for side in ROBOT.sides:
        for message in reader.messages(f"{side}_arm_controller/controller_state"):
            state = message.decoded
            here = measured[message.stamp_ns][ROBOT.joints.group(f"{side}_arm")]
            assert np.array_equal(state.feedback.positions, here)
            assert np.abs(state.reference.positions - here).max() < 0.1
            moved = max(moved, np.abs(state.reference.positions - ROBOT.arm(side).home).max())
    assert moved > 0.3


def test_pictures_are_those_that_were_rendered(collected):
    folder, _, frames = collected
    reader = EpisodeReader(folder)
    for camera in CAMERAS:
        colours, depths = dict(reader.frames(camera)), dict(reader.depth_frames(camera))
        assert set(colours) == set(depths) == {stamp for name, stamp in frames if name == camera}
        for stamp in list(colours)[::40]:
            frame = frames[camera, stamp]
            assert np.array_equal(depths[stamp], frame.depth_mm)
            assert np.array_equal(colours[stamp], decode_jpeg(encode_jpeg(frame.rgb)))
        info = next(reader.messages(f"{camera}_camera/color/camera_info")).decoded
        assert np.array_equal(info.k.reshape(3, 3), frame.K)
        assert info.header.frame_id == ROBOT.camera(camera).optical_frame


def test_camera_poses_follow_from_the_frames(collected):
    folder, _, frames = collected
    reader = EpisodeReader(folder)
    fixed = transforms(next(reader.messages("/tf_static")).decoded)
    moving = {m.stamp_ns: transforms(m.decoded) for m in reader.messages("/tf")}
    looked = 0
    for (camera, stamp), frame in frames.items():
        if stamp in moving:
            T = chain({**fixed, **moving[stamp]}, ROBOT.camera(camera).optical_frame)
            assert np.allclose(T, frame.T_world_camera, atol=1e-5), (camera, stamp)
            looked += 1
    assert looked > 50


def transforms(message):
    found = {}
    for t in message.transforms:
        p, q = t.transform.translation, t.transform.rotation
        found[t.child_frame_id] = (t.header.frame_id, make_T((p.x, p.y, p.z), (q.x, q.y, q.z, q.w)))
    return found


def chain(frames, child):
    T = np.eye(4)
    while child != "world":
        child, T_parent_child = frames[child]
        T = T_parent_child @ T
    return T


def test_the_command_gives_the_same_episodes_by_two_workers(collected, tmp_path, capsys):
    out = tmp_path / "demos"
    arguments = ["collect", "--task", TASK, "--episodes", "3", "--out", str(out), "--workers", "2"]
    assert main([*arguments, "--cameras", "none", "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (report["succeeded"], report["attempted"]) == (3, 3)
    assert report["demos_per_minute"] == pytest.approx(3 * 60 / report["seconds"], rel=0.01)
    # Its worker did another seed before, and rendered nothing: neither may show.
    ours, theirs = contents(collected[0]), contents(out / TASK / f"episode_{SEED:06d}")
    assert set(theirs) == {topic for topic in ours if "camera" not in topic}
    for topic, messages in theirs.items():
        assert messages == ours[topic], topic


def contents(folder):
    """Stamp and bytes of every message, by topic."""
    found = {}
    for message in EpisodeReader(folder).messages(decode=False):
        found.setdefault(message.topic, []).append((message.stamp_ns, message.data))
    return found


def test_the_topics_are_as_documented(collected):
    page = (Path(__file__).resolve().parents[3] / "docs" / "collecting.md").read_text()
    for topic in EpisodeReader(collected[0]).topics():
        stem = topic.strip("/")
        for camera in CAMERAS:
            stem = stem.replace(f"{camera}_camera", "CAMERA_camera")
        for part in ("left_arm", "left_gripper", "right_arm", "right_gripper"):
            stem = stem.replace(f"{part}_controller", "PART_controller")
        assert f"`{stem}`" in page or f"`/{stem}`" in page, topic
