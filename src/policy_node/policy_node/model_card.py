"""The model card beside a checkpoint: what it is, where it comes from, what it needs, what it cannot."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_node.dp3.checkpoint import Dp3About

TEXT = """# {task}: DP3 for {robot}

A small DP3 policy: the point cloud of camera `{camera}` and the measured joints condition a diffusion over the next
joint commands. It was trained by `./bimanual train dp3` from demonstrations of the task's expert.

    ./bimanual eval --policy {file} --task {task} --episodes 50

## What it needs
{contract}
The point cloud is taken in the world frame, cropped to x [{x0}, {x1}], y [{y0}, {y1}], z [{z0}, {z1}] m, and thinned
out to {points} points by farthest point sampling. Actions are commanded joints in flat order, radians and metres.

## Where it comes from
{training}
## What it cannot
It knows one task, one robot and the camera's place it was trained with, and reads no instruction. Objects, positions
or table heights unlike those of its demonstrations are outside of what it learned. It has no notion of safety: run it
behind the controllers, whose limits hold for it as for everyone.
"""


def write_card(path: Path, file: str, about: Dp3About) -> None:
    """Write the card of checkpoint ``file``."""
    contract, cloud = about.contract, about.config.cloud
    cameras = ", ".join(f"{name} ({w} x {h} px, depth)" for name, (w, h) in contract.cameras.items())
    needs = {
        "robot": contract.robot,
        "joints": ", ".join(contract.joint_names),
        "cameras": cameras,
        "rate": f"{contract.rate_hz} Hz",
        "observations": str(contract.observations),
        "actions": f"{contract.actions} of {contract.max_actions}",
        "task variant": contract.variant,
    }
    (x0, y0, z0), (x1, y1, z1) = cloud.crop.lower, cloud.crop.upper
    text = TEXT.format(
        task=contract.task,
        robot=contract.robot,
        camera=cloud.camera,
        file=file,
        contract=_table(needs.items()),
        training=_table(about.training.items()),
        points=cloud.points,
        x0=x0,
        x1=x1,
        y0=y0,
        y1=y1,
        z0=z0,
        z1=z1,
    )
    path.write_text(text, encoding="utf-8")


def _table(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(["| | |\n|---|---|\n", *(f"| {name.replace('_', ' ')} | {value} |\n" for name, value in rows)])
