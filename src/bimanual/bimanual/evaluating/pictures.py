"""A picture per task: the scene of its first seed, before anything moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from bimanual.output import note
from bimanual_core.errors import BimanualError
from bimanual_core.robot import RobotSpec, load_robot
from bimanual_data.image_codec import encode_jpeg
from bimanual_description.files import robot_path
from bimanual_tasks.registry import get_task
from bimanual_tasks.scenes import load_sample

#: Cameras that show most of the table, the best first.
PREFERRED = ("third_view", "head", "front")
QUALITY = 80


def first_scenes(reports: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """A JPEG by task, of the first seed in its report that has a scene. Tasks that no picture can be made of are left
    out, and it is said why."""
    from bimanual.process_session import ProcessSession

    found: dict[str, bytes] = {}
    for report in reports:
        seed = next((entry["seed"] for entry in report["per_seed"] if entry["instruction"]), None)
        if seed is None:
            continue
        try:
            camera = overview_camera(load_robot(robot_path(report["robot"])))
            with closing(ProcessSession(report["robot"], (camera,))) as session:
                task = get_task(report["task"], report["variant"])
                load_sample(session.world, task, seed, report["randomisation"])
                found[report["task"]] = encode_jpeg(session.world.observe((camera,)).cameras[camera].rgb, QUALITY)
        except BimanualError as error:
            note(f"no picture of {report['task']}: {error}")
    return found


def overview_camera(robot: RobotSpec) -> str:
    """The camera of a robot that shows most of the table. Raises BimanualError for a robot without cameras."""
    names = [camera.name for camera in robot.cameras]
    if not names:
        raise BimanualError(f"robot {robot.name!r} has no camera")
    return next((name for name in PREFERRED if name in names), names[0])
