"""The panels beside the scene. Right: stop and reset, what is going on, health. Left: cameras and plots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from viser import GuiApi, Icon

from bimanual_viewer import panel_html as html
from bimanual_viewer.charts import Charts
from bimanual_viewer.state import GraphState

#: Thumbnails: how often they are sent [s], how wide they may be [px], how good the JPEG is.
PICTURE_PERIOD_S, PICTURE_WIDTH, JPEG_QUALITY = 0.12, 320, 70
STOP_LABEL, RESET_LABEL = "STOP", "RESET after a stop"
PANEL_WIDTH = 350  # [px]
BIG_BUTTONS = "<style>.mantine-Button-root{height:3.4em !important;font-size:1.05em !important}</style>"


class Panel:
    """``on_stop`` and ``on_reset`` are called from the page's own threads when their buttons are pressed."""

    def __init__(
        self,
        gui: GuiApi,
        cameras: Sequence[str],
        parts: Sequence[str],
        on_stop: Callable[[], None],
        on_reset: Callable[[], None],
    ) -> None:
        gui.add_html(BIG_BUTTONS)
        self._texts: dict[str, Any] = {"safety": gui.add_html("")}
        stop = gui.add_button(STOP_LABEL, color="red", icon=Icon.HAND_STOP, hint="stop all arms now and hold (key X)")
        stop.on_click(lambda _: on_stop())
        key = gui.add_command(STOP_LABEL, description="stop all arms now and hold", hotkey="X")
        key.on_trigger(lambda _: on_stop())
        reset = gui.add_button(RESET_LABEL, color="gray", icon=Icon.ROTATE, hint="let the arms move again")
        reset.on_click(lambda _: on_reset())
        for name in ("request", "robot"):
            self._texts[name] = gui.add_html("")
        for name in ("task", "owners", "nodes"):
            with gui.add_folder(name):
                self._texts[name] = gui.add_html("")
        gui.main_panel.dock_right()
        beside = gui.add_panel()
        with beside.add_tab("cameras and joints"):
            self._switches = {camera: gui.add_checkbox(camera, initial_value=False) for camera in cameras}
            # Made now: the first picture loads its encoder, which takes a second.
            self._pictures = {camera: _hidden_picture(gui, camera) for camera in cameras}
            self._charts = Charts(gui, tuple(parts))
        beside.dock_left()
        for panel in (beside, gui.main_panel):
            panel.set_width(PANEL_WIDTH)
        self._sent: dict[str, float] = {}
        self._seen: dict[str, NDArray[np.uint8]] = {}

    @property
    def cameras(self) -> set[str]:
        """The cameras that somebody wants to see."""
        return {camera for camera, switch in self._switches.items() if switch.value}

    def hear(self, state: GraphState) -> None:
        """Take in what plots need without a gap."""
        self._charts.add(state.tracks)

    def update(self, state: GraphState, now: float) -> None:
        """Show what has changed."""
        self._write("safety", html.safety_banner(state))
        self._write("request", html.request_line(state.request, now))
        self._write("robot", html.robot_line(state, now))
        self._write("task", html.table(state.task, "no task is loaded"))
        self._write("owners", html.table(html.owners(state), "nothing was heard on control/owners"))
        self._write("nodes", html.health(state, now))
        self._charts.update(now)
        self._show_pictures(state, now)

    def _write(self, name: str, content: str) -> None:
        if self._texts[name].content != content:
            self._texts[name].content = content

    def _show_pictures(self, state: GraphState, now: float) -> None:
        for camera, place in self._pictures.items():
            picture = state.pictures.get(camera)
            if not self._switches[camera].value or picture is None:
                if place.visible:
                    place.visible = False
            elif picture is not self._seen.get(camera) and now - self._sent.get(camera, -np.inf) >= PICTURE_PERIOD_S:
                self._seen[camera], self._sent[camera] = picture, now
                place.image = thumbnail(picture)
                if not place.visible:
                    place.visible = True


def _hidden_picture(gui: GuiApi, camera: str) -> Any:
    black = np.zeros((3, 4, 3), np.uint8)
    return gui.add_image(black, label=camera, format="jpeg", jpeg_quality=JPEG_QUALITY, visible=False)


def thumbnail(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (H, W, 3) no wider than PICTURE_WIDTH, by leaving out lines and columns."""
    step = -(-picture.shape[1] // PICTURE_WIDTH)
    return np.ascontiguousarray(picture[::step, ::step])
