"""The page: a web server on one address, a 3-D scene and a panel, brought up to date from a GraphState."""

from __future__ import annotations

import contextlib
import io
import socket
from collections.abc import Callable
from xml.etree.ElementTree import ParseError

from viser import ViserServer

from bimanual_core.contract import DRIVERS, SIM_BRIDGE
from bimanual_core.errors import BimanualError
from bimanual_core.robot import RobotSpec
from bimanual_core.scene import TableSpec
from bimanual_viewer.object_scene import ObjectScene
from bimanual_viewer.panel import Panel
from bimanual_viewer.robot_scene import RobotScene
from bimanual_viewer.state import GraphState, Table

TITLE = "bimanual"
#: Where a browser first looks from, and at what [m, world].
EYE, LOOK_AT = (1.15, 1.15, 1.55), (0.0, -0.15, 0.85)


class PrivateServer(ViserServer):
    """Serves its own address only: viser's public relay is out of reach, also for a client that asks for it."""

    def request_share_url(self, verbose: bool = True) -> str | None:
        return None


class Page:
    """Everything a browser sees. Raises BimanualError for an address that cannot be served.

    ``on_stop`` and ``on_reset`` are called from the page's own threads.
    """

    def __init__(
        self,
        robot: RobotSpec,
        graph: str,
        on_stop: Callable[[], None],
        on_reset: Callable[[], None],
        host: str = "127.0.0.1",
        port: int = 8080,
    ) -> None:
        self._server = _serve(host, port)
        self.address = f"http://{host}:{self._server.get_port()}"
        simulated = DRIVERS.get(graph) == SIM_BRIDGE
        cameras = [c.name for c in robot.cameras if simulated or not c.simulation_only]
        parts = [f"{side}_{part}" for part in ("arm", "gripper") for side in robot.sides]
        self.panel = Panel(self._server.gui, cameras, parts, on_stop, on_reset)
        self._objects = ObjectScene(self._server.scene)
        self._robot: RobotScene | None = None
        self._urdf = ""
        self._set_stage()

    @property
    def watched(self) -> bool:
        """Whether a browser shows the page."""
        return bool(self._server.get_clients())

    @property
    def cameras(self) -> set[str]:
        """The cameras that are looked at."""
        return self.panel.cameras if self.watched else set()

    def update(self, state: GraphState, now: float) -> None:
        """Bring the page up to date; while nobody looks, only what plots need is kept."""
        self.panel.hear(state)
        if not self.watched:
            return
        with self._server.atomic():
            self._show_robot(state)
            if state.objects is not None:
                self._objects.update(state.objects)
            if state.table is not None:
                self._objects.show_table(state.table)
            self.panel.update(state, now)

    def close(self) -> None:
        """Serve no more."""
        with contextlib.redirect_stdout(io.StringIO()):
            self._server.stop()

    def _show_robot(self, state: GraphState) -> None:
        if state.urdf != self._urdf:
            self._urdf = state.urdf
            if self._robot is not None:
                self._robot.remove()
            try:
                self._robot = RobotScene(self._server.scene, state.urdf)
            except (ParseError, BimanualError, ValueError, KeyError) as error:
                self._robot = None
                state.drop("robot_description", error)
        if self._robot is not None:
            self._robot.update(state.joints)

    def _set_stage(self) -> None:
        server = self._server
        server.gui.configure_theme(show_logo=False, show_share_button=False)
        server.gui.set_panel_label(TITLE)
        server.scene.add_grid("/floor", 4.0, 4.0, cell_size=0.25, section_size=1.0)
        server.scene.configure_default_lights(cast_shadow=False)
        server.initial_camera.position, server.initial_camera.look_at = EYE, LOOK_AT
        self._objects.show_table(table_of(TableSpec()))


def table_of(table: TableSpec) -> Table:
    """The table's top as a box of the scene."""
    x, y = table.centre_xy
    return Table(table.size, (x, y, table.top_z - table.size[2] / 2), table.rgb)


def _serve(host: str, port: int) -> PrivateServer:
    """A server on exactly this address; viser itself would take the next free port without a word."""
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        raise BimanualError(f"cannot serve a page on {host}:{port}: {error.strerror}; give another --port") from None
    with contextlib.redirect_stdout(io.StringIO()):
        return PrivateServer(host, port, label=TITLE, verbose=False)
