"""Plots of a part's joints: commanded against measured, and the tracking error."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from viser import GuiApi, uplot

from bimanual_viewer.history import History
from bimanual_viewer.state import Track

Array = NDArray[np.float64]
COLOURS = ("#d62728", "#1f77b4", "#2ca02c", "#ff7f0e", "#9467bd", "#8c564b", "#e377c2")
PERIOD_S = 0.25
HEIGHT = 190
NOTHING = (np.zeros(1), np.zeros(1))


class Charts:
    """A choice of parts, and two charts of the one that is chosen. A chart is a few tens of kilobytes, so that it is
    sent four times a second and only while something moves."""

    def __init__(self, gui: GuiApi, parts: tuple[str, ...]) -> None:
        self._histories = {part: History() for part in parts}
        self._choice = gui.add_dropdown("part", parts)
        self._legend = gui.add_html("")
        empty: dict[str, Any] = {"series": _series((), ""), "height": HEIGHT, "legend": {"show": False}}
        scales = {"x": {"time": False}, "y": {"auto": True}}
        self._positions = gui.add_uplot(NOTHING, title="position: measured —, commanded - -", scales=scales, **empty)
        self._errors = gui.add_uplot(NOTHING, title="tracking error", scales=scales, **empty)
        self._summary = gui.add_html("")
        self._joints: tuple[str, ...] = ()
        self._shown: tuple[str, float] = ("", -1.0)
        self._shown_at = -np.inf

    def add(self, tracks: dict[str, Track]) -> None:
        """Take in the newest state of every part."""
        for part, track in tracks.items():
            if part in self._histories:
                self._histories[part].add(track)

    def update(self, now: float) -> None:
        """Show the part that is chosen, if there is something new."""
        part = self._choice.value
        history = self._histories[part]
        if now - self._shown_at < PERIOD_S or not len(history):
            return
        seconds = history.seconds
        if (part, seconds[-1]) == self._shown:
            return
        self._shown_at, self._shown = now, (part, float(seconds[-1]))
        measured, error = history.measured, history.error
        joints = tuple(f"{part}_{i + 1}" for i in range(measured.shape[1]))
        if joints != self._joints:
            self._joints = joints
            self._legend.content = _legend(measured.shape[1])
            self._positions.series = _series(joints, "measured") + _series(joints, "commanded")[1:]
            self._errors.series = _series(joints, "error")
        time = seconds - seconds[-1]
        self._positions.data = (time, *measured.T.copy(), *history.commanded.T.copy())
        self._errors.data = (time, *error.T.copy())
        unit = "mm" if part.endswith("_gripper") else "mrad"
        rms, worst = float(np.sqrt(np.mean(error**2))), float(np.max(np.abs(error)))
        self._summary.content = _small(f"error over {-time[0]:.0f} s: RMS {rms:.2f} {unit}, largest {worst:.2f} {unit}")


def _series(joints: tuple[str, ...], what: str) -> tuple[Any, ...]:
    """The time axis and one line a joint; what is commanded is dashed."""
    lines: list[Any] = [uplot.Series(label="s")]
    for joint, colour in zip(joints, itertools.cycle(COLOURS), strict=False):
        line = uplot.Series(label=f"{joint} {what}", stroke=colour, width=1, points={"show": False})
        if what == "commanded":
            line["dash"] = (6, 4)
        lines.append(line)
    return tuple(lines) if joints else (lines[0], uplot.Series(label="", stroke=COLOURS[0]))


def _legend(count: int) -> str:
    marks = zip(range(1, count + 1), itertools.cycle(COLOURS), strict=False)
    return _small(" ".join(f'<b style="color:{colour}">joint {i}</b>' for i, colour in marks))


def _small(words: str) -> str:
    return f'<div style="font-size:0.8em;padding:0 0.8em">{words}</div>'
