"""The camera node on the graph: topics, frames, lenses, rates, diagnostics, lifecycle, and what it refuses."""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from software_camera import FPS, H, K_of, SoftwareCamera, W

from bimanual.graph.environment import graph_environment
from bimanual_core.contract import CAMERA_STREAMS, POINTS, Qos
from bimanual_core.intrinsics import pinhole
from bimanual_description import load
from bimanual_hardware.camera import link as link_module
from bimanual_hardware.camera import node as camera_node
from bimanual_hardware.camera.device import DeviceSource
from bimanual_hardware.camera.pattern import BOARD_MM, BOARD_RGB, WALL_MM
from bimanual_ros.conversions.basics import stamp_ns
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.images import depth_of, intrinsics_of, rgb_of
from bimanual_ros.lifecycle import run_managed
from bimanual_ros.points import points_of
from bimanual_ros.qos import subscription_qos
from bimanual_ros.spinning import spin_some

pytestmark = pytest.mark.graph
ROBOT = load("cobot_magic")
COLOUR, COLOUR_INFO, DEPTH, DEPTH_INFO, _ = (stream for stream, _ in CAMERA_STREAMS)


class Listener:
    """Hears cameras and diagnostics; spins only while it waits."""

    def __init__(self, context: Context) -> None:
        self.node: Node = rclpy.create_node("listener", context=context)
        self.heard: dict[str, list[Any]] = defaultdict(list)
        self.health: dict[str, Any] = {}
        self.executor = SingleThreadedExecutor(context=context)
        self.executor.add_node(self.node)
        self._endpoints = Endpoints(self.node, ROBOT, "real")
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_health, subscription_qos(Qos.STATE))

    def listen(self, camera: str, *streams: str) -> list[Any]:
        return [
            self._endpoints.subscription(f"{camera}_camera/{stream}", self.heard[f"{camera}/{stream}"].append)
            for stream in streams
        ]

    def _on_health(self, message: DiagnosticArray) -> None:
        self.health.update({status.name: status for status in message.status})

    def until(self, predicate: Callable[[], object], what: str, limit_s: float = 15.0) -> None:
        end = time.monotonic() + limit_s
        while not predicate():
            assert time.monotonic() < end, f"{what}: not within {limit_s:g} s"
            spin_some(self.executor, 0.05)

    def spin(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0.0:
            spin_some(self.executor, left)

    def close(self) -> None:
        self.executor.shutdown()
        self.node.destroy_node()


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ROS_DOMAIN_ID", raising=False)
        environ = graph_environment(False)
        for name in ("FASTDDS_DEFAULT_PROFILES_FILE", "ROS_AUTOMATIC_DISCOVERY_RANGE"):
            patch.setenv(name, environ[name])
        yield environ


@pytest.fixture(scope="module")
def listener(environment: dict[str, str]) -> Iterator[Listener]:
    context = Context()
    rclpy.init(context=context, domain_id=int(environment["ROS_DOMAIN_ID"]))
    made = Listener(context)
    yield made
    made.close()
    context.try_shutdown()


@pytest.fixture(scope="module")
def patterns(environment: dict[str, str]) -> Iterator[list[subprocess.Popen]]:
    """Two cameras as two processes: the head's as its YAML says, the front's larger."""
    command = [sys.executable, "-m", "bimanual_hardware.camera.node", "--ros-args", "-p", "source:=pattern"]
    words = {"head": [], "front": ["-p", "width:=640", "-p", "height:=480", "-p", "fps:=15"]}
    running = [
        subprocess.Popen(
            [*command, "-r", f"__node:={name}_camera", "-p", f"camera:={name}", *more],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name, more in words.items()
    ]
    yield running
    for process in running:
        process.send_signal(subprocess.signal.SIGINT)
    for process in running:
        _, said = process.communicate(timeout=15.0)
        assert process.returncode == 0, said
        assert "Traceback" not in said


@pytest.mark.usefixtures("patterns")
def test_all_streams_of_one_instant_agree(listener: Listener) -> None:
    streams = [stream for stream, _ in CAMERA_STREAMS]
    kept = listener.listen("head", *streams)
    heard = {stream: listener.heard[f"head/{stream}"] for stream in streams}

    def common() -> set[int]:
        return set.intersection(*({stamp_ns(m.header.stamp) for m in messages} for messages in heard.values()))

    listener.until(lambda: len(common()) >= 3, "all streams of the head")
    at = max(common())
    colour, info, depth, depth_info, points = (
        next(m for m in heard[stream] if stamp_ns(m.header.stamp) == at) for stream in streams
    )
    assert {m.header.frame_id for m in (colour, info, depth, depth_info, points)} == {"head_camera_color_optical_frame"}
    assert (colour.encoding, depth.encoding) == ("rgb8", "16UC1")
    assert abs(at - time.time_ns()) < 5e9
    wanted = pinhole(ROBOT.camera("head"))
    assert intrinsics_of(info).same_as(wanted)
    assert depth_info == info
    rgb, depth_mm = rgb_of(colour), depth_of(depth)
    assert rgb.shape == (240, 320, 3)
    board = np.all(rgb == BOARD_RGB, axis=2)
    assert board.sum() == 72 * 72
    assert np.array_equal(depth_mm, np.where(board, BOARD_MM, WALL_MM))
    cloud = points_of(points)
    assert len(cloud) == 240 * 320
    assert np.allclose(cloud["z"], depth_mm.reshape(-1) / 1000.0)
    for subscription in kept:
        listener.node.destroy_subscription(subscription)


@pytest.mark.usefixtures("patterns")
def test_two_cameras_keep_their_rates_sizes_and_names(listener: Listener) -> None:
    kept = [*listener.listen("head", COLOUR), *listener.listen("front", COLOUR, COLOUR_INFO)]
    head, front = listener.heard[f"head/{COLOUR}"], listener.heard[f"front/{COLOUR}"]
    head.clear()
    listener.until(lambda: len(head) > 5 and len(front) > 5, "both cameras")
    head.clear()
    front.clear()
    listener.spin(3.0)
    for messages, hz in ((head, 30.0), (front, 15.0)):
        stamps = np.array([stamp_ns(m.header.stamp) for m in messages])
        assert 0.8 * hz * 3.0 < len(stamps) < 1.1 * hz * 3.0 + 1
        assert np.diff(stamps).min() > 0
        assert np.median(np.diff(stamps)) == pytest.approx(1e9 / hz, rel=0.02)
    assert rgb_of(front[-1]).shape == (480, 640, 3)
    assert front[-1].header.frame_id == "front_camera_color_optical_frame"
    info = listener.heard[f"front/{COLOUR_INFO}"][-1]
    assert intrinsics_of(info).same_as(pinhole(ROBOT.camera("front"), 640, 480))
    for subscription in kept:
        listener.node.destroy_subscription(subscription)


@pytest.mark.usefixtures("patterns")
def test_diagnostics_say_what_it_shows_and_how_fast(listener: Listener) -> None:
    listener.until(lambda: "front_camera" in listener.health and "head_camera" in listener.health, "diagnostics")
    status = listener.health["head_camera"]
    assert status.level == b"\x00"
    assert status.message.startswith("test pattern: ")
    values = {value.key: value.value for value in status.values}
    assert {"rate_hz", "nominal_hz", "lost", "jitter_ms", "age_ms", "backward_stamps", "reconnects"} <= set(values)
    assert float(values["rate_hz"]) > 20.0


@pytest.mark.usefixtures("patterns")
def test_an_inactive_camera_sends_nothing_and_comes_back(listener: Listener) -> None:
    client = listener.node.create_client(ChangeState, "head_camera/change_state")
    kept = listener.listen("head", COLOUR)
    images = listener.heard[f"head/{COLOUR}"]
    listener.until(client.service_is_ready, "head_camera/change_state")

    def change(transition: int) -> None:
        future = client.call_async(ChangeState.Request(transition=Transition(id=transition)))
        listener.until(future.done, "the transition")
        assert future.result().success

    images.clear()
    listener.until(lambda: images, "pictures")
    change(Transition.TRANSITION_DEACTIVATE)
    listener.spin(0.3)  # what was under way
    images.clear()
    listener.spin(0.7)
    assert not images
    listener.health.clear()
    listener.until(lambda: "head_camera" in listener.health, "diagnostics")
    assert listener.health["head_camera"].message == "inactive"
    change(Transition.TRANSITION_ACTIVATE)
    listener.until(lambda: len(images) > 5, "pictures after activation")
    for subscription in kept:
        listener.node.destroy_subscription(subscription)


def test_a_device_shows_its_own_lens_and_survives_its_cable(
    environment: dict[str, str], listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node in this process, over the library's software device."""
    monkeypatch.setattr(link_module, "FIRST_PAUSE_S", 0.1)
    monkeypatch.setattr(link_module, "LONGEST_PAUSE_S", 0.2)
    monkeypatch.setattr(link_module, "SILENCE_S", 0.5)
    monkeypatch.setattr(link_module, "WARM_UP_S", 0.5)
    camera = SoftwareCamera("0123", K_colour=K_of(W, H, 61.5), coefficients=(0.1, 0.0, 0.0, 0.0, 0.0))
    bus: list[Any] = [camera.device]
    asked: list[bool] = []

    class Watched(DeviceSource):
        def next_frame(self, timeout_s: float, depth: bool = True) -> Any:
            asked.append(depth)
            return super().next_frame(timeout_s, depth)

    monkeypatch.setattr(camera_node, "DeviceSource", partial(Watched, devices=lambda: list(bus)))
    words = ["camera:=left_wrist", "serial:='0123'", f"width:={W}", f"height:={H}", f"fps:={FPS}"]
    arguments = ["--ros-args", "-r", "__node:=left_wrist_camera", *(w for word in words for w in ("-p", word))]
    rclpy.init(args=arguments, domain_id=int(environment["ROS_DOMAIN_ID"]))
    node = camera_node.RealSenseCamera()
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    name = "left_wrist_camera"

    def until(predicate: Callable[[], object], what: str) -> None:
        end = time.monotonic() + 15.0
        while not predicate():
            assert time.monotonic() < end, what
            spin_some(executor, 0.01)
            spin_some(listener.executor, 0.01)

    def told(words: str) -> Callable[[], bool]:
        return lambda: name in listener.health and words in listener.health[name].message

    try:
        node.autostart()
        infos, depths = listener.heard[f"left_wrist/{COLOUR_INFO}"], listener.heard[f"left_wrist/{DEPTH}"]
        listener.listen("left_wrist", COLOUR_INFO)
        with camera.streaming():
            until(lambda: len(infos) > 3, "camera infos")
            assert np.allclose(intrinsics_of(infos[-1]).K, K_of(W, H, 61.5))
            assert infos[-1].d[0] == pytest.approx(0.1)
            assert not any(asked), "nobody listens to depth"
            listener.listen("left_wrist", DEPTH, POINTS)
            until(lambda: len(depths) > 3 and listener.heard[f"left_wrist/{POINTS}"], "depth and points")
            assert np.all(depth_of(depths[-1]) == 1000)
            until(told("Software D435 0123: "), "a good word")
        bus.clear()
        until(told("no RealSense with serial number '0123' is connected"), "the error")
        assert listener.health[name].level == b"\x02"
        bus.append(camera.device)
        depths.clear()
        with camera.streaming():
            until(lambda: len(depths) > 3, "depth after the camera is back")
            until(told("frames per second"), "a good word again")
            assert listener.health[name].level == b"\x00"
    finally:
        node.close()
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("camera:=nose", "unknown camera of cobot_magic 'nose'; choices: front, head, left_wrist, right_wrist"),
        ("camera:=third_view", "unknown camera of cobot_magic 'third_view'"),
        ("source:=pattern", "unknown camera of cobot_magic ''"),
        ("camera:=head source:=video", "source 'video'; choices: device, pattern, the path of a .bag or .db3 file"),
        ("camera:=head source:=/nowhere/x.bag", "recording '/nowhere/x.bag' does not exist"),
        ("camera:=head width:=640", "width 640 and height 0: give both"),
        ("camera:=head fps:=500", "fps: 500 is outside [1, 120]"),
        ("camera:=head width:=-1", "width: -1 is outside [0, 4096]"),
        ("camera:=head serial:=123", "serial: expected str, got 123"),
        ("camera:=head colour:=red", "has no parameter 'colour'; parameters: autostart, camera, fps"),
        ("camera:=head robot:=nope", "unknown robot 'nope'"),
    ],
)
@pytest.mark.usefixtures("environment")
def test_what_it_refuses_it_refuses_in_words(words: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--ros-args", *(w for word in words.split() for w in ("-p", word))]
    assert run_managed(camera_node.RealSenseCamera, arguments) == 1
    assert told in capsys.readouterr().err


@pytest.mark.usefixtures("environment")
def test_without_the_library_a_device_is_refused_and_a_pattern_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)
    head = ["--ros-args", "-p", "camera:=head"]
    assert run_managed(camera_node.RealSenseCamera, head) == 1
    assert "apt-get install libusb-1.0-0" in capsys.readouterr().err
    assert run_managed(camera_node.RealSenseCamera, [*head, "-p", "source:=pattern"], spin=lambda *_: None) == 0
