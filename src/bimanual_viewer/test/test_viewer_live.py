"""What people look at, on a live graph: markers for those who listen, and the page of ``bimanual view graph``."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from viewer_browser import Browser
from visualization_msgs.msg import Marker, MarkerArray

from bimanual.graph.session import GraphSession
from bimanual_core.scene import SceneObject, SceneSpec
from bimanual_core.se3 import make_T
from bimanual_core.skill import Skill
from bimanual_ros.conversions.basics import pose_of, stamp_ns

pytestmark = [pytest.mark.graph, pytest.mark.sim]
SCENE = SceneSpec((SceneObject("cube", "cube", "red", make_T((0.2, 0.0, 0.77))),), seed=3)
PATIENCE_S = 20.0
VIEW = [sys.executable, "-m", "bimanual", "view", "graph", "--port", "0"]


@pytest.fixture(scope="module")
def session() -> Iterator[GraphSession]:
    with GraphSession(given={"cameras": "head"}) as running:
        running.world.load_scene(SCENE)
        yield running


def wait(session: GraphSession, predicate: Callable[[], object], what: str) -> None:
    """Until ``predicate()`` is true; what others say does not prolong it."""
    end = time.monotonic() + PATIENCE_S
    session.world.feed.until(lambda: predicate() or time.monotonic() > end, what)
    assert predicate(), f"{what} did not come within {PATIENCE_S:.0f} s"


def listen(session: GraphSession, topic: str) -> list:
    """What comes on ``topic`` from now on."""
    heard: list = []
    feed = session.world.feed
    session.world.endpoints.subscription(topic, feed.hears("", heard.append))
    return heard


@contextmanager
def viewer(session: GraphSession) -> Iterator[str]:
    """The address of a viewer's page; it must end well when interrupted."""
    with subprocess.Popen(VIEW, env=session.environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            said = ""
            for line in process.stderr:
                said += line
                found = re.search(r"shown on (http://\S+)", line)
                if found:
                    yield found[1]
                    break
            else:
                pytest.fail(f"the viewer ended: {said}")
        finally:
            process.send_signal(signal.SIGINT)
            try:
                rest = process.communicate(timeout=PATIENCE_S)[1]
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    assert process.returncode == 0, rest
    assert "Traceback" not in rest


# -- markers ----------------------------------------------------------------------------------------------------------
def test_the_scene_is_shown_also_to_who_comes_while_it_rests(session: GraphSession) -> None:
    world = session.world
    heard: list[MarkerArray] = listen(session, "scene/markers")
    wait(session, lambda: heard, "scene/markers")
    cube = next(m for m in heard[-1].markers if m.ns == "objects")
    assert np.allclose(pose_of(cube.pose), world.objects().objects["cube"].T_world_object)
    assert cube.scale.x == pytest.approx(0.05)
    assert {m.ns for m in heard[-1].markers} >= {"table", "objects", "names"}
    before = len(heard)
    world.wait(1.0)
    wait(session, lambda: len(heard) >= before + 10, "the markers of a second")
    stamps = sorted({stamp_ns(m.markers[0].header.stamp) for m in heard[before:]})
    assert np.diff(stamps)[:8] == pytest.approx(1e8, abs=2)


def test_goals_are_shown_while_skills_are_at_work_and_cleared_after(session: GraphSession) -> None:
    heard: list[MarkerArray] = listen(session, "planner/markers")
    wait(session, lambda: heard, "the latched planner/markers")
    start = session.skills.arm_pose("left")
    report = session.skills.execute([Skill("move_by_displacement", displacement=(0.0, 0.0, 0.05))], [])
    assert report.success, report.error_msg
    wait(session, lambda: len(heard) >= 3 and heard[-1].markers[-1].action == Marker.DELETEALL, "the end of the goals")
    goal = next(m for m in heard[-2].markers if m.ns == "left_goal")
    assert pose_of(goal.pose)[:3, 3] == pytest.approx(start[:3, 3] + [0.0, 0.0, 0.05], abs=1e-3)
    assert any(m.ns == "left_name" and m.text == "left move_by_displacement" for m in heard[-2].markers)
    assert any(m.ns == "left_path" and len(m.points) > 2 for m in heard[-2].markers)
    late: list[MarkerArray] = listen(session, "planner/markers")
    wait(session, lambda: late, "the latched planner/markers")
    assert [m.action for m in late[-1].markers] == [Marker.DELETEALL]


# -- the page ---------------------------------------------------------------------------------------------------------
def test_the_page_shows_the_graph_and_stops_it(session: GraphSession) -> None:
    safety = listen(session, "safety/state")
    with viewer(session) as address, Browser(address) as browser:
        browser.until(lambda: browser.shows("READY"), "that the robot may move")
        browser.until(lambda: "/objects/cube/0" in browser.nodes, "the cube")
        browser.until(lambda: browser.shows("sim_bridge"), "the health of the bridge")
        elbow = browser.until(lambda: next((n for n in browser.nodes if n.endswith("/left_link3")), ""), "the robot")
        browser.until(lambda: "wxyz" in browser.nodes[elbow], "the pose of the elbow")
        before = browser.nodes[elbow]["wxyz"]
        report = session.skills.execute([Skill("move_by_displacement", displacement=(0.0, 0.0, 0.05))], [])
        assert report.success, report.error_msg
        browser.until(lambda: browser.nodes[elbow]["wxyz"] != before, "that the robot moves")
        browser.tick("head")
        browser.until(
            lambda: any(
                e.get("label") == "head" and e.get("visible") and e.get("_data") is not None
                for e in browser.gui.values()
                if e["type"] == "GuiImageMessage"
            ),
            "the picture",
        )
        browser.press("STOP")
        wait(session, lambda: safety and safety[-1].stopped, "that safety/state says stopped")
        browser.until(lambda: browser.shows("STOPPED"), "that it is stopped")
        browser.until(lambda: browser.shows(safety[-1].reason), "the reason")
        refused = session.skills.execute([Skill("move_by_displacement", displacement=(0.0, 0.0, -0.05))], [])
        assert not refused.success
        browser.press("RESET after a stop")
        wait(session, lambda: not safety[-1].stopped, "that safety/state says go")
        browser.until(lambda: browser.shows("READY"), "that the robot may move again")


def test_without_a_graph_the_viewer_says_what_is_missing(session: GraphSession) -> None:
    command = [*VIEW, "--patience", "2", "--namespace", "elsewhere"]
    ended = subprocess.run(command, env=session.environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "joint_states of sim_bridge and robot_description of robot_state_publisher did not come" in ended.stderr
    assert "there is a graph in namespace /: give --namespace" in ended.stderr


def test_episodes_are_refused_in_words() -> None:
    command = [sys.executable, "-m", "bimanual", "view", "runs/demo/episode"]
    ended = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "the live graph only" in ended.stderr
