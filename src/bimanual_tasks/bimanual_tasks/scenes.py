"""The scene that an episode of a seed is about: the first that is in reach and stays as it was put."""

from __future__ import annotations

from collections.abc import Iterator

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.protocols import SimulatedWorld
from bimanual_core.robot import RobotSpec
from bimanual_tasks.assets import find_asset
from bimanual_tasks.geometry import AssetLookup
from bimanual_tasks.randomise import EASY, randomised
from bimanual_tasks.reach import out_of_reach
from bimanual_tasks.sampler import Sample, sample_scene
from bimanual_tasks.task import Task

#: Scenes of one seed that are drawn before it is given up.
MOST_ATTEMPTS = 20


def scenes_in_reach(
    task: Task, seed: int, robot: RobotSpec, randomisation: str = EASY, assets: AssetLookup = find_asset
) -> Iterator[Sample]:
    """Samples of ``seed`` whose first grasps are in reach, in the order in which they are to be tried. Raises
    BimanualError (SCENE_UNSOLVABLE) after MOST_ATTEMPTS, and as :func:`sample_scene` and :func:`randomised`."""
    reason = "none of its scenes stays as it is put"
    for attempt in range(MOST_ATTEMPTS):
        sample = randomised(sample_scene(task, seed, assets, attempt), randomisation, assets)
        missing = out_of_reach(sample.task, sample.scene, robot, assets)
        if missing:
            reason = missing
        else:
            yield sample
    raise BimanualError(
        f"{task.name} ({task.variant}) seed {seed} is skipped: {MOST_ATTEMPTS} scenes were no use, the last because "
        f"{reason}",
        ErrorCode.SCENE_UNSOLVABLE,
    )


def load_sample(
    world: SimulatedWorld, task: Task, seed: int, randomisation: str = EASY, assets: AssetLookup = find_asset
) -> tuple[Sample, int]:
    """Load the first scene of ``seed`` that is of use; the sample and its scene_id. Raises as
    :func:`scenes_in_reach` and ``load_scene``."""
    samples = scenes_in_reach(task, seed, world.robot, randomisation, assets)
    while True:
        sample = next(samples)
        try:
            return sample, world.load_scene(sample.scene)
        except BimanualError as error:
            if error.code != ErrorCode.SCENE_UNSTABLE:
                raise
