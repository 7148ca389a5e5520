"""Plots of a part's joints: commanded against measured, and the tracking error."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from viser import GuiApi, GuiUplotHandle, uplot

from bimanual_viewer.history import History
from bimanual_viewer.state import Track

Array = NDArray[np.float64]
COLOURS = ("#d62728", "#1f77b4", "#2ca02c", "#ff7f0e", "#9467bd", "#8c564b", "#e377c2")
PERIOD_S = 0.25
HEIGHT = 190
#: Fewer samples have no width to draw over.
FEWEST = 3


class Charts:
    """A choice of parts, and two charts of the one that is chosen. A chart is a few tens of kilobytes, so that it is
    sent four times a second and only while time goes on."""

    def __init__(self, gui: GuiApi, parts: tuple[str, ...]) -> None:
        self._gui = gui
        self._histories = {part: History() for part in parts}
        self._choice = gui.add_dropdown("part", parts)
        self._legend = gui.add_html("")
        self._place = gui.add_folder("last 20 s of the world's time")
        self._charts: tuple[GuiUplotHandle, ...] = ()
        self._drawn = ("", 0)  # part and number of joints of the charts
        self._newest = -1.0
        self._sent_at = -np.inf

    def add(self, tracks: dict[str, Track]) -> None:
        """Take in the newest state of every part."""
        for part, track in tracks.items():
            if part in self._histories:
                self._histories[part].add(track)

    def update(self, now: float) -> None:
        """Show the part that is chosen, if there is something new."""
        part = self._choice.value
        history = self._histories[part]
        if now - self._sent_at < PERIOD_S or len(history) < FEWEST:
            return
        seconds, measured, error = history.seconds, history.measured, history.error
        drawn = (part, measured.shape[1])
        if drawn == self._drawn and seconds[-1] == self._newest:
            return
        self._sent_at, self._newest = now, float(seconds[-1])
        self._legend.content = _legend(part, error)
        ago = seconds - seconds[-1]
        lines = ((ago, *_columns(measured), *_columns(history.commanded)), (ago, *_columns(error)))
        if drawn == self._drawn:
            for chart, data in zip(self._charts, lines, strict=True):
                chart.data = data
        else:
            self._draw(*lines)
            self._drawn = drawn

    def _draw(self, positions: tuple[Array, ...], errors: tuple[Array, ...]) -> None:
        """Charts anew: a chart cannot change the number of its lines."""
        for chart in self._charts:
            chart.remove()
        count = len(errors) - 1
        with self._place:
            self._charts = (
                self._chart(positions, _solid(count) + _dashed(count), "position: measured solid, commanded dashed"),
                self._chart(errors, _solid(count), "tracking error"),
            )

    def _chart(self, data: tuple[Array, ...], lines: tuple[Any, ...], title: str) -> GuiUplotHandle:
        return self._gui.add_uplot(
            data,
            (uplot.Series(label="s"), *lines),
            title=title,
            height=HEIGHT,
            legend={"show": False},
            scales={"x": {"time": False}},
        )


def _columns(values: Array) -> list[Array]:
    """One array (N,) a joint of values (N, n)."""
    return [np.ascontiguousarray(column) for column in values.T]


def _solid(count: int) -> tuple[Any, ...]:
    colours = itertools.islice(itertools.cycle(COLOURS), count)
    return tuple(
        uplot.Series(label=f"joint {i}", stroke=c, width=1, points={"show": False}) for i, c in enumerate(colours)
    )


def _dashed(count: int) -> tuple[Any, ...]:
    return tuple(uplot.Series(**{**line, "dash": (6, 4)}) for line in _solid(count))


def _legend(part: str, error: Array) -> str:
    """Colours of the joints, and how large the error is."""
    unit, size = ("mm", "m") if part.endswith("_gripper") else ("mrad", "rad")
    marks = zip(range(1, error.shape[1] + 1), itertools.cycle(COLOURS), strict=False)
    joints = " ".join(f'<b style="color:{colour}">{i}</b>' for i, colour in marks)
    rms, worst = float(np.sqrt(np.mean(error**2))), float(np.max(np.abs(error)))
    words = f"joints {joints} [{size}]; error RMS {rms:.2f} {unit}, largest {worst:.2f} {unit}"
    return f'<div style="font-size:0.8em;padding:0 0.8em">{words}</div>'
