"""Markers of the live graph: there for those who listen, at their rate, and gone when the work is done."""

from collections.abc import Iterator

import numpy as np
import pytest
from visualization_msgs.msg import Marker, MarkerArray

from bimanual.graph.session import GraphSession
from bimanual_core.scene import SceneObject, SceneSpec
from bimanual_core.se3 import make_T
from bimanual_core.skill import Skill
from bimanual_ros.conversions.basics import pose_of, stamp_ns

pytestmark = [pytest.mark.graph, pytest.mark.sim]
SCENE = SceneSpec((SceneObject("cube", "cube", "red", make_T((0.2, 0.0, 0.77))),), seed=3)


@pytest.fixture(scope="module")
def session() -> Iterator[GraphSession]:
    with GraphSession() as running:
        running.world.load_scene(SCENE)
        yield running


def listen(session: GraphSession, topic: str) -> list[MarkerArray]:
    """What comes on ``topic`` from now on; the first message is waited for."""
    heard: list[MarkerArray] = []
    feed = session.world.feed
    session.world.endpoints.subscription(topic, feed.hears("", heard.append))
    return heard


def test_the_scene_is_shown_also_to_who_comes_while_it_rests(session: GraphSession) -> None:
    world = session.world
    heard = listen(session, "scene/markers")
    world.feed.until(lambda: heard, "scene/markers", "sim_bridge")
    cube = next(m for m in heard[-1].markers if m.ns == "objects")
    assert np.allclose(pose_of(cube.pose), world.objects().objects["cube"].T_world_object)
    assert cube.scale.x == pytest.approx(0.05)
    assert {m.ns for m in heard[-1].markers} >= {"table", "objects", "names"}
    before = len(heard)
    world.wait(1.0)
    world.feed.until(lambda: len(heard) >= before + 10, "markers of a second", "sim_bridge")
    stamps = sorted({stamp_ns(m.markers[0].header.stamp) for m in heard[before:]})
    assert np.diff(stamps)[:8] == pytest.approx(1e8, abs=2)


def test_goals_are_shown_while_skills_are_at_work_and_cleared_after(session: GraphSession) -> None:
    heard = listen(session, "planner/markers")
    start = session.skills.arm_pose("left")
    report = session.skills.execute([Skill("move_by_displacement", displacement=(0.0, 0.0, 0.05))], [])
    assert report.success, report.error_msg
    session.world.feed.until(
        lambda: len(heard) >= 2 and heard[-1].markers[-1].action == Marker.DELETEALL, "planner/markers", "planner"
    )
    goal = next(m for m in heard[-2].markers if m.ns == "left_goal")
    assert pose_of(goal.pose)[:3, 3] == pytest.approx(start[:3, 3] + [0.0, 0.0, 0.05], abs=1e-3)
    assert any(m.ns == "left_name" and m.text == "left move_by_displacement" for m in heard[-2].markers)
    assert any(m.ns == "left_path" and len(m.points) > 2 for m in heard[-2].markers)
    late = listen(session, "planner/markers")
    session.world.feed.until(lambda: late, "the latched planner/markers", "planner")
    assert [m.action for m in late[-1].markers] == [Marker.DELETEALL]
