"""The curves of a training run as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def write_curves(path: Path, metrics: Sequence[dict[str, Any]]) -> None:
    """Loss and validation loss over steps as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="step", ylabel="mean squared error (normalised)", yscale="log")
    for name, label in (("loss", "training"), ("val_loss", "held-out episodes")):
        points = [(m["step"], m[name]) for m in metrics if m.get(name)]
        if points:
            axes.plot(*zip(*points, strict=True), label=label, marker="." if name == "val_loss" else "")
    if axes.lines:
        axes.legend()
    axes.grid(alpha=0.3, which="both")
    figure.savefig(path, dpi=100, format="png")
