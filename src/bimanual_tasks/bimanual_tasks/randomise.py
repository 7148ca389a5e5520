"""What varies beside the poses: ``hard`` changes the table, sizes, masses and friction, adds clutter, and the look.

All of it is drawn from a stream of its own, so that the poses of a seed are those of ``easy``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bimanual_core.errors import UnknownNameError
from bimanual_core.look import TEXTURE_SETS, SceneLook
from bimanual_core.scene import SceneObject, TableSpec
from bimanual_core.se3 import from_rotation
from bimanual_tasks.clutter import clutter
from bimanual_tasks.geometry import AssetLookup, rest_height
from bimanual_tasks.sampler import CLEARANCE, Sample
from bimanual_tasks.seeds import generator, is_for_evaluation

EASY, HARD = "easy", "hard"
RANDOMISATIONS = (EASY, HARD)
#: Largest change of the table's height [m]; sizes, masses and friction vary by a share, each its own.
TABLE_BIAS, SIZE_SHARE, PHYSICS_SHARE = 0.03, 0.05, 0.05
#: One scene in fifty keeps the plain surroundings.
CLEAN_SHARE = 0.02
#: Where the lamp may be [m], how bright, how far its colour is from white, and the flicker of the light.
LAMP_LOW, LAMP_HIGH = (-1.5, -1.6, 2.2), (1.5, 0.8, 3.4)
BRIGHTNESS, TINT, FLICKER = (0.6, 1.5), 0.12, 0.02
#: Shift [m] and turn [rad] of the head camera, at the most, along and about each axis.
CAMERA_SHIFT, CAMERA_TURN = 0.02, 0.03

Triple = tuple[float, float, float]


def randomised(sample: Sample, level: str, assets: AssetLookup) -> Sample:
    """``sample`` with what ``level`` varies. Raises UnknownNameError listing the levels."""
    if level not in RANDOMISATIONS:
        raise UnknownNameError("randomisation", level, RANDOMISATIONS)
    if level == EASY:
        return sample
    rng = generator(sample.task.name, sample.seed, f"hard/{sample.attempt}")
    scene = sample.scene
    table = replace(scene.table, top_z=scene.table.top_z + rng.uniform(-TABLE_BIAS, TABLE_BIAS))
    resized = {o.name: o.resize for o in sample.task.objects}
    objects = [_varied(rng, item, resized[item.name], table, assets) for item in scene.objects]
    objects += clutter(rng, sample.task, objects, table, is_for_evaluation(sample.seed), assets)
    look = _look(rng, "unseen" if is_for_evaluation(sample.seed) else "seen")
    return replace(sample, scene=replace(scene, objects=tuple(objects), table=table, look=look))


def _varied(
    rng: np.random.Generator, item: SceneObject, resize: bool, table: TableSpec, assets: AssetLookup
) -> SceneObject:
    # in whole hundredths, so that assets which were stretched once are found again
    factor = round(float(rng.uniform(1 - SIZE_SHARE, 1 + SIZE_SHARE)), 2) if resize else 1.0
    mass, friction = (float(v) for v in rng.uniform(1 - PHYSICS_SHARE, 1 + PHYSICS_SHARE, 2))
    x, y, z = item.scale
    scale = (x * factor, y * factor, z * factor)
    R = item.T_world_object[:3, :3]
    height = rest_height(assets(item.class_name, item.asset_id, scale), R) + (0.0 if item.fixed else CLEARANCE)
    T_world_object = from_rotation(R, (*item.T_world_object[:2, 3], table.top_z + height))
    return replace(item, T_world_object=T_world_object, scale=scale, mass_scale=mass, friction_scale=friction)


def _look(rng: np.random.Generator, textures: str) -> SceneLook:
    numbers = rng.integers(TEXTURE_SETS[textures], size=3)
    table, wall, floor = (f"{textures}/{number}" for number in numbers)
    if rng.uniform() < CLEAN_SHARE:
        table = wall = floor = ""
    plain = SceneLook()
    return SceneLook(
        table,
        wall,
        floor,
        lamp_xyz=_triple(rng.uniform(LAMP_LOW, LAMP_HIGH)),
        lamp_rgb=_lit(rng, plain.lamp_rgb),
        ambient_rgb=_lit(rng, plain.ambient_rgb),
        flicker=FLICKER,
        head_shift_xyz=_triple(rng.uniform(-CAMERA_SHIFT, CAMERA_SHIFT, 3)),
        head_shift_rpy=_triple(rng.uniform(-CAMERA_TURN, CAMERA_TURN, 3)),
    )


def _lit(rng: np.random.Generator, rgb: Triple) -> Triple:
    brightness, tint = rng.uniform(*BRIGHTNESS), rng.uniform(1 - TINT, 1 + TINT, 3)
    return _triple(np.asarray(rgb) * brightness * tint)


def _triple(values: np.ndarray) -> Triple:
    return float(values[0]), float(values[1]), float(values[2])
