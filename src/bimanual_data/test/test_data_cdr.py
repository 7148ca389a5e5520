"""Messages encoded without ROS are byte for byte those of rclpy, and types come from the interface files."""

import importlib
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rosbags.typesys import Stores, get_typestore

from bimanual_core.contract import Kind, Qos, endpoints
from bimanual_core.errors import BimanualError
from bimanual_data.cdr import decode, encode, exact, may_be_longer
from bimanual_data.typestore import default_typestore, definition, register_packages
from bimanual_description import load

WORKSPACE = Path(__file__).resolve().parents[3]

#: Run in a process of its own: the ROS wheels set up the libraries' path by starting Python anew.
RCLPY = """
import importlib, json, sys
from rclpy.serialization import deserialize_message, serialize_message

def fill(message, values):
    for name, value in values.items():
        now = getattr(message, name)
        if isinstance(value, dict):
            fill(now, value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            kind = message.get_fields_and_field_types()[name].removeprefix("sequence<").removesuffix(">")
            setattr(message, name, [fill(new(kind.replace("/", "/msg/")), v) for v in value])
        elif isinstance(value, str) and isinstance(now, bytes):
            setattr(message, name, value.encode())
        else:
            setattr(message, name, value)
    return message

def new(kind):
    package, group, name = kind.split("/")
    return getattr(importlib.import_module(f"{package}.{group}"), name)()

for kind, (values, ours) in json.load(sys.stdin).items():
    message = fill(new(kind), values)
    same = deserialize_message(bytes.fromhex(ours), type(message)) == message
    print(kind, serialize_message(message).hex(), same)
"""

STAMP = {"sec": 12, "nanosec": 345678901}
HEADER = {"stamp": STAMP, "frame_id": "world"}
POSE = {"position": {"x": 1.0, "y": -2.0, "z": 0.5}, "orientation": {"x": 0.0, "y": 0.6, "z": 0.0, "w": 0.8}}
VALUES = {
    "rosgraph_msgs/msg/Clock": {"clock": STAMP},
    "std_msgs/msg/String": {"data": "<robot/>"},
    "sensor_msgs/msg/JointState": {
        "header": HEADER,
        "name": ["left_joint1", "left_gripper"],
        "position": [0.25, 0.07],
        "velocity": [1.0, -1.0],
        "effort": [],
    },
    "sensor_msgs/msg/Image": {
        "header": HEADER,
        "height": 2,
        "width": 3,
        "encoding": "rgb8",
        "is_bigendian": 0,
        "step": 9,
        "data": list(range(18)),
    },
    "sensor_msgs/msg/CompressedImage": {"header": HEADER, "format": "jpeg", "data": [1, 2, 3, 4, 5]},
    "sensor_msgs/msg/CameraInfo": {
        "header": HEADER,
        "height": 240,
        "width": 320,
        "distortion_model": "plumb_bob",
        "d": [0.0] * 5,
        "k": [300.0, 0.0, 160.0, 0.0, 300.0, 120.0, 0.0, 0.0, 1.0],
        "r": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        "p": [300.0, 0.0, 160.0, 0.0, 0.0, 300.0, 120.0, 0.0, 0.0, 0.0, 1.0, 0.0],
    },
    "trajectory_msgs/msg/JointTrajectory": {
        "header": HEADER,
        "joint_names": ["a", "bc"],
        "points": [
            {"positions": [1.0, 2.0], "velocities": [0.0, 0.5], "time_from_start": {"sec": 1, "nanosec": 5}},
            {"positions": [3.0, 4.0], "time_from_start": {"sec": 2, "nanosec": 0}},
        ],
    },
    "diagnostic_msgs/msg/DiagnosticArray": {
        "header": HEADER,
        "status": [{"name": "n", "message": "ok", "hardware_id": "", "values": [{"key": "k", "value": "v"}]}],
    },
}
OVERLAY = {
    "tf2_msgs/msg/TFMessage": {
        "transforms": [
            {
                "header": HEADER,
                "child_frame_id": "left_tool0",
                "transform": {"translation": POSE["position"], "rotation": POSE["orientation"]},
            }
        ]
    },
    "control_msgs/msg/JointTrajectoryControllerState": {
        "header": HEADER,
        "joint_names": ["a"],
        "reference": {"positions": [1.0]},
        "feedback": {"positions": [1.1], "velocities": [0.1]},
    },
    "bimanual_interfaces/msg/ObjectStates": {
        "header": HEADER,
        "scene_id": 7,
        "source": "truth",
        "objects": [{"name": "block", "class_name": "handover_block", "pose": POSE, "contacts": ["pad", "table"]}],
    },
    "bimanual_interfaces/msg/TaskStatus": {"header": HEADER, "task": "t", "seed": 100003, "success": True},
}


#: Every type that the recorder may write: the topics of both graphs, and what pictures become.
CONTRACT = sorted(
    {
        entry.type
        for graph in ("sim", "real")
        for entry in endpoints(load("cobot_magic"), graph)
        if entry.kind is Kind.TOPIC and entry.qos is not Qos.ALIVE  # a sign of life has no content
    }
    | {"sensor_msgs/msg/CompressedImage"}
)
IN_WORKSPACE = ("bimanual_interfaces", "control_msgs", "tf2_msgs", "simulation_interfaces")


def filled(kind, numbers):
    """Values for every field of a type at any depth, none of them the default."""
    fields = default_typestore().fielddefs[kind][1]
    return {name: _filled(node, description, numbers) for name, (node, description) in fields}


def _filled(node, description, numbers):
    if node.name == "NAME":
        return filled(description, numbers)
    if node.name == "BASE":
        number = next(numbers)
        kinds = {"string": f"text {number}", "bool": True, "byte": chr(number % 100 + 1)}
        return kinds.get(description[0], number * 0.25 if "float" in description[0] else number % 100 + 1)
    inner, length = description
    return [_filled(*inner, numbers) for _ in range(length if node.name == "ARRAY" else 2)]


def made(kind, values):
    """The message of ``values`` with defaults elsewhere, from the types without ROS."""
    store = default_typestore()
    arguments = {}
    for name, (node, description) in store.fielddefs[kind][1]:
        arguments[name] = _value(node, description, values.get(name))
    return store.types[kind](**arguments)


def _value(node, description, value):
    if node.name == "NAME":
        return made(description, value or {})
    if node.name == "BASE":
        default = {"string": "", "bool": False}.get(description[0], 0)
        if description[0] == "byte" and value is not None:
            return ord(value)
        return default if value is None else value
    inner, length = description
    if inner[0].name == "NAME":
        return [made(inner[1], v) for v in value or []]
    base = inner[1][0]
    if base == "string":
        return list(value or [])
    return np.array([0] * length if value is None and node.name == "ARRAY" else value or [], base)


def through_rclpy(values, overlay):
    """Per type: its name, rclpy's bytes, and whether rclpy reads ours as the same message."""
    environment = dict(os.environ)
    if overlay:
        installed = [p for p in (WORKSPACE / "install").glob("*") if (p / "share").is_dir()]
        environment["AMENT_PREFIX_PATH"] = os.pathsep.join(
            [*map(str, installed), environment.get("AMENT_PREFIX_PATH", "")]
        )
        folders = [str(q) for p in installed for q in p.glob("lib/python3*/site-packages")]
        libraries = [str(p / "lib") for p in installed]
        environment["PYTHONPATH"] = os.pathsep.join([*folders, environment.get("PYTHONPATH", "")])
        environment["LD_LIBRARY_PATH"] = os.pathsep.join([*libraries, environment.get("LD_LIBRARY_PATH", "")])
    run = subprocess.run(
        [sys.executable, "-c", RCLPY],
        input=json.dumps(values),
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return [line.split() for line in run.stdout.splitlines()]


def check(values, overlay):
    ours = {kind: encode(kind, made(kind, v)) for kind, v in values.items()}
    answers = through_rclpy({kind: (v, ours[kind].hex()) for kind, v in values.items()}, overlay)
    assert {kind for kind, _, _ in answers} == set(values)
    for kind, text, same in answers:
        theirs = bytes.fromhex(text)
        assert same == "True", kind
        assert encode(kind, decode(kind, theirs)) == ours[kind], kind
        # rclpy leaves whatever was in memory between aligned fields, where ours has zeros.
        assert len(exact(kind, theirs)) == len(ours[kind]), kind
        assert may_be_longer(kind) or len(theirs) - len(ours[kind]) <= 3, kind
        padding = [i for i, (a, b) in enumerate(zip(ours[kind], theirs, strict=False)) if a != b]
        assert all(ours[kind][i] == 0 for i in padding), kind


@pytest.fixture
def rclpy():
    if importlib.util.find_spec("rclpy") is None:
        pytest.skip("rclpy is not installed")


@pytest.mark.usefixtures("rclpy")
def test_bytes_equal_rclpys_for_upstream_types():
    check(VALUES, overlay=False)


@pytest.mark.usefixtures("rclpy")
def test_bytes_equal_rclpys_for_the_workspaces_types():
    for name in ("tf2_msgs", "control_msgs", "bimanual_interfaces"):
        if not (WORKSPACE / "install" / name / "share").is_dir() and importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not built")
    check(OVERLAY, overlay=True)


@pytest.mark.usefixtures("rclpy")
@pytest.mark.parametrize("overlay", [False, True], ids=["upstream", "workspace"])
def test_bytes_equal_rclpys_for_every_type_of_the_contract(overlay):
    types = [kind for kind in CONTRACT if kind.startswith(IN_WORKSPACE) == overlay]
    for name in {kind.split("/")[0] for kind in types}:
        if overlay and not (WORKSPACE / "install" / name / "share").is_dir() and not importlib.util.find_spec(name):
            pytest.skip(f"{name} is not built")
    assert len(types) > 5
    check({kind: filled(kind, itertools.count(1)) for kind in types}, overlay)


def test_interface_files_agree_with_upstream_where_both_exist():
    upstream = get_typestore(Stores.ROS2_KILTED)
    ours = get_typestore(Stores.EMPTY)
    for name in ("builtin_interfaces", "std_msgs", "geometry_msgs"):
        ours.fielddefs.update({k: v for k, v in upstream.fielddefs.items() if k.startswith(name + "/")})
    register_packages(ours, [WORKSPACE / "src" / "overlay" / "tf2_msgs"])
    kind = "tf2_msgs/msg/TFMessage"
    assert ours.hash_rihs01(kind) == upstream.hash_rihs01(kind)


def test_actions_are_known_and_unknown_types_are_refused(tmp_path):
    assert "bimanual_interfaces/action/ExecuteSkill_Goal" in default_typestore().fielddefs
    text, type_hash = definition(default_typestore(), "bimanual_interfaces/msg/ObjectStates")
    assert "MSG: bimanual_interfaces/ObjectState" in text
    assert type_hash.startswith("RIHS01_")
    with pytest.raises(BimanualError, match="neither in the source tree nor on AMENT_PREFIX_PATH"):
        definition(default_typestore(), "other_msgs/msg/Thing")
    with pytest.raises(BimanualError, match=r"are no sensor_msgs/msg/JointState"):
        decode("sensor_msgs/msg/JointState", b"\x00\x01\x00\x00\xff")
    (tmp_path / "odd_msgs" / "msg").mkdir(parents=True)
    (tmp_path / "odd_msgs" / "msg" / "Odd.msg").write_text("float64[ x\n")
    with pytest.raises(BimanualError, match=r"Odd\.msg"):
        register_packages(get_typestore(Stores.EMPTY), [tmp_path / "odd_msgs"])
