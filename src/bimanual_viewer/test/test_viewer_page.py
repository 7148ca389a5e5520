"""The page itself, served without a graph and looked at through its websocket."""

import re
import socket
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from viewer_browser import Browser

from bimanual_core.errors import BimanualError
from bimanual_core.observation import ObjectSnapshot, ObjectState
from bimanual_core.se3 import make_T
from bimanual_description import load, urdf
from bimanual_viewer.page import Page
from bimanual_viewer.state import GraphState
from bimanual_viewer.urdf_visuals import visuals

ROBOT = load("cobot_magic")
URDF = urdf(ROBOT)


@dataclass
class Served:
    page: Page
    state: GraphState
    pressed: list[str] = field(default_factory=list)
    now: float = 0.0

    def update(self) -> None:
        self.now += 1.0
        self.page.update(self.state, self.now)


@pytest.fixture
def served() -> Iterator[Served]:
    pressed: list[str] = []
    page = Page(ROBOT, "sim", lambda: pressed.append("stop"), lambda: pressed.append("reset"), port=0)
    state = GraphState(urdf=URDF)
    state.take_joints(ROBOT.joints.names, ROBOT.home, 0.0)
    yield Served(page, state, pressed)
    page.close()


def looking(served: Served) -> Browser:
    browser = Browser(served.page.address)
    browser.until(lambda: served.page.watched, "that somebody looks")
    served.update()
    return browser


def test_the_page_is_whole_in_itself(served: Served) -> None:
    with urllib.request.urlopen(served.page.address) as answer:
        text = answer.read().decode()
    assert "<html" in text
    assert not re.findall(r"(?:src|href)=\"https?://", text)
    assert served.page._server.request_share_url() is None  # no relay to the outside


def test_the_robot_is_there_and_moves(served: Served) -> None:
    with looking(served) as browser:
        wanted = sum(1 for visual in visuals(URDF) if visual.file is not None)
        meshes = lambda: [n for n in browser.nodes.values() if "glb_data" in n.get("props", {})]  # noqa: E731
        browser.until(lambda: len(meshes()) == wanted, f"{wanted} meshes")
        elbow = next(name for name in browser.nodes if name.endswith("/left_link3"))
        before = dict(browser.nodes[elbow])
        moved = np.array(ROBOT.home)
        moved[ROBOT.joints.index("left_joint3")] += 0.4
        served.state.take_joints(ROBOT.joints.names, moved, 0.0)
        served.update()
        browser.until(lambda: browser.nodes[elbow].get("wxyz") != before.get("wxyz"), "that the elbow bends")


def test_objects_come_change_and_go(served: Served) -> None:
    def snapshot(*names: str, contacts: frozenset[str] = frozenset()) -> ObjectSnapshot:
        place = make_T((0.1, 0.2, 0.77))
        objects = {n: ObjectState(n, n, "red", (1.0, 1.0, 1.0), place, contacts) for n in names}
        return ObjectSnapshot(0, 1, objects)

    with looking(served) as browser:
        served.state.objects = snapshot("cube", "teapot")
        served.update()
        browser.until(lambda: {"/objects/cube/0", "/objects/teapot"} <= browser.nodes.keys(), "the objects")
        assert not any(name.startswith("/objects/teapot/0") for name in browser.nodes)  # in no catalogue: a frame only
        served.state.objects = snapshot("cube", contacts=frozenset({"table", "left_finger1"}))
        served.update()
        browser.until(lambda: "/objects/teapot" not in browser.nodes, "that the teapot is gone")
        label = browser.nodes["/objects/cube/name"]
        browser.until(lambda: "touches left_finger1" in str(label), "what the cube touches")


def test_buttons_do_what_they_say(served: Served) -> None:
    with looking(served) as browser:
        browser.until(lambda: browser.element("STOP"), "the stop button")
        browser.press("STOP")
        browser.until(lambda: served.pressed == ["stop"], "the stop")
        browser.press("RESET after a stop")
        browser.until(lambda: served.pressed == ["stop", "reset"], "the reset")


def test_cameras_are_wanted_only_while_they_are_looked_at(served: Served) -> None:
    gone = threading.Event()
    served.page._server.on_client_disconnect(lambda _: gone.set())
    with looking(served) as browser:
        browser.until(lambda: browser.element("head"), "the camera's box")
        assert served.page.cameras == set()
        browser.tick("head")
        browser.until(lambda: served.page.cameras == {"head"}, "that the camera is wanted")
        served.state.take_picture("head", "rgb8", 480, 640, bytes(480 * 640 * 3))
        served.update()
        images = lambda: [e for e in browser.gui.values() if e.get("visible") and e.get("_data")]  # noqa: E731
        browser.until(images, "the picture")
    assert gone.wait(10.0)
    assert served.page.cameras == set()  # the box is ticked still, but nobody looks


def test_plots_show_what_is_commanded_and_measured(served: Served) -> None:
    with looking(served) as browser:
        for i in range(5):
            served.state.take_track("left_arm", ROBOT.arms[0].joints, i * 50_000_000, np.ones(6), np.zeros(6))
            served.update()
        charts = lambda: [e for e in browser.gui.values() if e.get("type") == "GuiUplotMessage"]  # noqa: E731
        browser.until(lambda: len(charts()) == 2, "two charts")
        assert [len(chart["series"]) for chart in charts()] == [13, 7]
        browser.until(lambda: browser.shows("error RMS 1000.00 mrad"), "the error")


def test_a_description_that_is_none_is_told_and_mended(served: Served) -> None:
    with looking(served) as browser:
        served.state.urdf = "<robot"
        served.update()
        browser.until(lambda: browser.shows("robot_description"), "the bad description")
        served.state.urdf = URDF
        served.update()
        browser.until(lambda: any(name.endswith("left_link1") for name in browser.nodes), "the robot again")


def test_an_address_in_use_is_refused_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BimanualError, match=f"cannot serve a page on 127.0.0.1:{port}: .*--port"):
            Page(ROBOT, "sim", lambda: None, lambda: None, port=port)
