"""Markers say what the scene is: right sizes at right places, names, and touched objects highlighted."""

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from visualization_msgs.msg import Marker, MarkerArray

from bimanual_assets import get_asset
from bimanual_core.asset import Annotation, Asset, Shape
from bimanual_core.errors import UnknownNameError
from bimanual_core.observation import ObjectSnapshot, ObjectState
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import make_T
from bimanual_ros.conversions.basics import pose_of
from bimanual_ros.markers import TOUCHED_MARGIN, scene_markers
from bimanual_ros.plan_markers import collision_markers, no_markers, plan_markers

T_WORLD_BOTTLE = make_T((0.1, 0.2, 0.84), (0.0, np.sqrt(0.5), 0.0, np.sqrt(0.5)))
SHAPES = (Shape("cylinder", (0.03, 0.2)), Shape("sphere", (0.03,), make_T((0, 0, 0.1)), (0.0, 0.0, 1.0)))


def asset_of(state: ObjectState) -> Asset:
    if state.class_name != "bottle":
        raise UnknownNameError("asset class", state.class_name, ["bottle"])
    return Asset("bottle", "red", SHAPES, Annotation(), rgb=(0.8, 0.1, 0.1))


def snapshot(contacts: tuple[str, ...] = ("table",), class_name: str = "bottle") -> ObjectSnapshot:
    state = ObjectState("can", class_name, "red", (1.0, 1.0, 1.0), T_WORLD_BOTTLE, frozenset(contacts))
    return ObjectSnapshot(1_500_000_000, 3, {"can": state})


def by_namespace(message: MarkerArray) -> dict[str, list[Marker]]:
    found: dict[str, list[Marker]] = {}
    for marker in message.markers:
        found.setdefault(marker.ns, []).append(marker)
    return found


def size(marker: Marker) -> list[float]:
    return [marker.scale.x, marker.scale.y, marker.scale.z]


def test_shapes_have_their_sizes_places_and_colours() -> None:
    message = scene_markers(snapshot(), asset_of, TableSpec(top_z=0.75))
    found = by_namespace(message)
    body, cap = found["objects"]
    assert (body.type, cap.type) == (Marker.CYLINDER, Marker.SPHERE)
    assert size(body) == pytest.approx([0.06, 0.06, 0.2])
    assert size(cap) == pytest.approx([0.06] * 3)
    assert np.allclose(pose_of(body.pose), T_WORLD_BOTTLE)
    assert np.allclose(pose_of(cap.pose)[:3, 3], [0.2, 0.2, 0.84])  # the bottle lies along x
    assert (body.color.r, cap.color.b) == pytest.approx((0.8, 1.0))
    (table,) = found["table"]
    assert size(table) == pytest.approx([1.2, 0.7, 0.05])
    assert table.pose.position.z == pytest.approx(0.725)
    assert "contacts" not in found
    (name,) = found["names"]
    assert name.text == "can"
    assert name.pose.position.z == pytest.approx(0.84 + 0.03 + 0.03)  # above a lying bottle, not a standing one


def test_what_is_touched_is_wrapped_and_says_by_what() -> None:
    found = by_namespace(scene_markers(snapshot(("table", "left_finger2", "left_finger1")), asset_of))
    hulls = found["contacts"]
    assert [h.type for h in hulls] == [m.type for m in found["objects"]]
    assert size(hulls[0]) == pytest.approx([0.06 + TOUCHED_MARGIN] * 2 + [0.2 + TOUCHED_MARGIN])
    assert 0.0 < hulls[0].color.a < 1.0
    assert found["names"][0].text == "can\ntouches left_finger1, left_finger2"


def test_an_object_of_no_catalogue_has_its_name() -> None:
    found = by_namespace(scene_markers(snapshot(class_name="teapot"), asset_of))
    assert set(found) == {"", "names"}


def test_every_message_stands_for_itself() -> None:
    for message in (
        scene_markers(snapshot(("hand",)), asset_of, TableSpec()),
        plan_markers(7, {"left": np.eye(4)[None], "right": np.eye(4)[None]}, {}),
        collision_markers(7, {"a overlaps b (1.0 mm)": (0.1, 0.2, 0.8), "a overlaps c (2.0 mm)": (0.1, 0.2, 0.8)}),
    ):
        first, *rest = message.markers
        assert first.action == Marker.DELETEALL
        assert all(m.action == Marker.ADD and m.header.frame_id == "world" for m in rest)
        assert len({(m.ns, m.id) for m in message.markers}) == len(message.markers)
        stamps = {(m.header.stamp.sec, m.header.stamp.nanosec) for m in message.markers}
        assert len(stamps) == 1
        again = deserialize_message(serialize_message(message), MarkerArray)
        assert len(again.markers) == len(message.markers)


def test_goals_are_axes_at_the_end_of_the_way() -> None:
    way = np.array([make_T((0.0, 0.0, z)) for z in (0.8, 0.9, 1.0)])
    found = by_namespace(plan_markers(0, {"right": way}, {"right": "grasp_actor"}))
    (axes,), (path,), (name,) = found["right_goal"], found["right_path"], found["right_name"]
    assert np.allclose(pose_of(axes.pose), way[-1])
    assert len(axes.points) == len(axes.colors) == 6
    assert [p.z for p in path.points] == [0.8, 0.9, 1.0]
    assert name.text == "right grasp_actor"
    assert not any(ns.startswith("left") for ns in found)


def test_what_stopped_a_plan_is_red_where_it_is_and_says_what() -> None:
    places = {"left_finger1 overlaps table (4.0 mm)": (0.1, 0.2, 0.74), "b": (0.1, 0.2, 0.74)}
    found = by_namespace(collision_markers(0, places))
    for ball, arrow, text, words in zip(
        found["collision"], found["collision_arrow"], found["collision_text"], places, strict=True
    ):
        assert (ball.type, arrow.type, text.text) == (Marker.SPHERE, Marker.ARROW, words)
        assert pose_of(ball.pose)[:3, 3] == pytest.approx(places[words])
        assert (ball.color.r > 0.8, ball.color.g < 0.1) == (True, True)
        tail, head = arrow.points
        assert (head.x, head.y, head.z) == places[words]
        assert tail.z > head.z
        assert text.pose.position.z > tail.z
    first, second = (text.pose.position.z for text in found["collision_text"])
    assert second > first + 0.025
    assert set(by_namespace(collision_markers(0, {}))) == {""}


def test_nothing_is_left_at_the_end() -> None:
    assert [m.action for m in no_markers(0).markers] == [Marker.DELETEALL]


def test_meshes_are_triangles_at_their_places_and_a_drawer_is_shown_where_it_is() -> None:
    T = make_T((0.1, 0.2, 0.8))
    state = ObjectState(
        "thing", "cabinet", "0", (1.0, 1.0, 1.0), T, frozenset(("left_finger1",)), joints={"drawer": 0.1}
    )
    shown = ObjectSnapshot(0, 1, {"thing": state})
    found = by_namespace(scene_markers(shown, lambda item: get_asset(item.class_name, item.asset_id, item.scale)))
    drawer, closed = found["objects"][-1], get_asset("cabinet").shapes[-1].T_object_shape
    assert drawer.pose.position.x == pytest.approx(0.1 + closed[0, 3] + 0.1)
    mug = ObjectState("thing", "mug", "0", (1.0, 1.0, 1.0), T, frozenset(("left_finger1",)))
    found = by_namespace(scene_markers(ObjectSnapshot(0, 1, {"thing": mug}), lambda item: get_asset("mug", "0")))
    shape = get_asset("mug", "0").shapes[0]
    vertices, faces = shape.polyhedron
    foot, wrapped = found["objects"][0], found["contacts"][0]
    assert (foot.type, len(foot.points)) == (Marker.TRIANGLE_LIST, 3 * len(faces))
    first = np.array([foot.points[0].x, foot.points[0].y, foot.points[0].z])
    np.testing.assert_allclose(first, vertices[faces[0, 0]], atol=1e-9)
    assert max(p.x for p in wrapped.points) == pytest.approx(vertices[:, 0].max() + 0.003)
