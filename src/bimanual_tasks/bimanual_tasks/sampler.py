"""A seeded scene of a task. The only samples ever dropped are the task's own rejections, and they are counted.

A scene that turns out to be no use (see ``scenes``) is drawn again as another ``attempt`` of the same seed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError
from bimanual_core.scene import SceneObject, SceneSpec, TableSpec
from bimanual_core.se3 import from_rotation, rotation_about
from bimanual_tasks.assets import find_asset, find_ids
from bimanual_tasks.geometry import AssetLookup, rest_height
from bimanual_tasks.objects import ObjectRange, Rejection
from bimanual_tasks.seeds import generator, is_for_evaluation
from bimanual_tasks.task import Task

Array = NDArray[np.float64]

#: Draws of one object before its ranges count as impossible.
MOST_TRIES = 10_000
#: Objects start this far above the table [m], so that no contact begins with overlap.
CLEARANCE = 0.0005
#: An object that comes to rest further than this from where it was put [m] was not where the task wants it.
SETTLE_LIMIT = 0.005


@dataclass(frozen=True, eq=False)
class Sample:
    """A scene, the task with its tags drawn, and how many draws the task's own rules rejected on the way to it;
    ``attempt`` counts the scenes of this seed that were given up before."""

    task: Task
    seed: int
    scene: SceneSpec
    rejected: int
    attempt: int = 0


@dataclass(frozen=True)
class _What:
    """What was drawn for one object beside its place."""

    class_name: str
    asset_id: str
    pose: str


@dataclass
class _Drawn:
    """Positions (2,) of the objects drawn so far and the number of rejected draws."""

    xy: dict[str, Array] = field(default_factory=dict)
    rejected: int = 0


def sample_scene(task: Task, seed: int, assets: AssetLookup = find_asset, attempt: int = 0) -> Sample:
    """The scene of ``seed``. Raises BimanualError for a negative seed or ranges that leave no room."""
    again = f"/{attempt}" if attempt else ""
    places = generator(task.name, seed, f"scene{again}")
    # What varies beside places has a stream of its own: a task that gains a tag or a shape keeps its places.
    whats = generator(task.name, seed, f"kinds{again}")
    task = drawn_task(task, seed)
    drawn, table = _Drawn(), TableSpec()
    objects = []
    for wanted in (item.under(task.drawn) for item in task.objects):
        what = _draw_what(whats, wanted, is_for_evaluation(seed))
        objects.append(_place(places, wanted, what, drawn, table, assets))
    return Sample(task, seed, SceneSpec(tuple(objects), table, seed, SETTLE_LIMIT), drawn.rejected, attempt)


def drawn_task(task: Task, seed: int) -> Task:
    """The task with its tags drawn, as it is in the episode of ``seed``."""
    rng = generator(task.name, seed, "tags")
    return task.with_drawn({tag: str(rng.choice(values)) for tag, values in task.tags.items()})


def _draw_what(rng: np.random.Generator, wanted: ObjectRange, evaluation: bool) -> _What:
    kind = wanted.choices[int(rng.integers(len(wanted.choices)))]
    ids = kind.ids or find_ids(kind.class_name, evaluation)
    pose = str(rng.choice(wanted.poses)) if wanted.poses else ""
    return _What(kind.class_name, ids[int(rng.integers(len(ids)))], pose)


def _place(
    rng: np.random.Generator, wanted: ObjectRange, what: _What, drawn: _Drawn, table: TableSpec, assets: AssetLookup
) -> SceneObject:
    for _ in range(MOST_TRIES):
        xy, yaw = _draw(rng, wanted, drawn)
        if _allowed(xy, wanted.reject, drawn):
            drawn.xy[wanted.name] = xy
            asset = assets(what.class_name, what.asset_id, wanted.scale)
            tilt = asset.stable_pose(what.pose).T_surface_object[:3, :3] if what.pose else np.eye(3)
            z = table.top_z + rest_height(asset, tilt) + (0.0 if wanted.fixed else CLEARANCE)
            T_world_object = from_rotation(rotation_about((0, 0, 1), yaw) @ tilt, (*xy, z))
            return SceneObject(
                wanted.name, what.class_name, what.asset_id, T_world_object, wanted.scale, fixed=wanted.fixed
            )
        drawn.rejected += 1
    raise BimanualError(f"object {wanted.name!r}: no place left after {MOST_TRIES} draws in x {wanted.x}, y {wanted.y}")


def _draw(rng: np.random.Generator, wanted: ObjectRange, drawn: _Drawn) -> tuple[Array, float]:
    x, y = rng.uniform(*wanted.x), rng.uniform(*wanted.y)
    middle = wanted.near_middle
    if middle is not None and abs(x) < middle.abs_x and y > middle.y_max:
        y = rng.uniform(wanted.y[0], middle.y_max)
    return np.array([x * _mirror(wanted, drawn), y]), float(rng.uniform(*wanted.yaw))


def _mirror(wanted: ObjectRange, drawn: _Drawn) -> float:
    """-1 where the x range, given for the right half, is to be mirrored."""
    if wanted.same_side_as:
        return 1.0 if drawn.xy[wanted.same_side_as][0] > 0 else -1.0
    if wanted.other_side_of:
        return -1.0 if drawn.xy[wanted.other_side_of][0] > 0 else 1.0
    return 1.0


def _allowed(xy: Array, rule: Rejection, drawn: _Drawn) -> bool:
    if abs(xy[0]) < rule.abs_x_below:
        return False
    if np.linalg.norm(xy - rule.clear_xy) < rule.clear_radius:
        return False
    return all(np.linalg.norm(xy - other) >= rule.apart for other in drawn.xy.values())
