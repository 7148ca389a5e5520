"""The video of one seed: the episode is done in this process, recorded with cameras, and made into a video."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bimanual.collecting.settings import CAMERA_RATES, CollectSettings
from bimanual_core.errors import BimanualError
from bimanual_core.robot import load_robot
from bimanual_data.video import CAMERAS as SHOWN
from bimanual_data.video import write_video
from bimanual_description.files import robot_path
from bimanual_tasks.episode import EpisodeResult, run_episode
from bimanual_tasks.performer import Performer
from bimanual_tasks.registry import get_task
from bimanual_tasks.results import Evaluation


def film(
    evaluation: Evaluation, seed: int, perform: Performer, path: Path | str, seen: Sequence[str] = ()
) -> EpisodeResult:
    """Do ``seed`` as ``evaluation`` does and write its video to ``path``; ``seen`` are the cameras that ``perform``
    needs. Raises BimanualError for a seed without a scene and for a video that cannot be written."""
    from bimanual.collecting.tap import EpisodeTap
    from bimanual.process_session import ProcessSession

    robot = load_robot(robot_path(evaluation.robot))
    shown = [camera.name for camera in robot.cameras if camera.name in SHOWN] or [c.name for c in robot.cameras[:1]]
    cameras = tuple(dict.fromkeys((*shown, *seen)))
    settings = CollectSettings(
        evaluation.robot, evaluation.variant, evaluation.randomisation, cameras, max(CAMERA_RATES)
    )
    target = Path(path).absolute()
    with tempfile.TemporaryDirectory(prefix="bimanual-video-") as folder:
        episode = Path(folder) / "episode"
        with (
            closing(ProcessSession(evaluation.robot, cameras)) as session,
            closing(EpisodeTap(session.world, settings)) as tap,
        ):
            result = run_episode(
                session,
                get_task(evaluation.task, evaluation.variant),
                perform,
                seed,
                watch=lambda start: tap.recorded(start, episode, {"policy": evaluation.policy}),
                randomisation=evaluation.randomisation,
            )
        if not episode.is_dir():
            raise BimanualError(f"there is nothing to film: {result.reason}")
        target.parent.mkdir(parents=True, exist_ok=True)
        write_video(episode, target, shown, success=result.success)
    return result
