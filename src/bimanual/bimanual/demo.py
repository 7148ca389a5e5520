"""The demo: one episode of a task over a graph of its own, whoever acts, recorded, judged and made into a video."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bimanual.graph.session import GraphSession, graph_session
from bimanual.graph.task_watch import TaskWatch
from bimanual.output import note
from bimanual_core.errors import BimanualError, SilentNodeError
from bimanual_core.skill import SkillReport
from bimanual_data.bag_repair import repair
from bimanual_data.video import write_poster, write_video
from bimanual_tasks.performer import Assignment, Performer
from bimanual_tasks.randomise import EASY
from bimanual_tasks.sampler import drawn_task
from bimanual_tasks.task import Task

CAMERAS = ("head", "left_wrist", "right_wrist", "third_view")
#: The world runs on for this long [s] after who acts, so that the hold time can pass.
HOLD_SECONDS = 1.0


@dataclass(frozen=True)
class DemoResult:
    """What ``demo --json`` prints. ``rtf`` is simulated over wall time of the task itself."""

    success: bool
    policy: str
    task: str
    variant: str
    seed: int
    randomisation: str
    instruction: str
    reason: str
    rtf: float
    simulated_seconds: float
    task_wall_seconds: float
    wall_seconds: float
    episode_dir: str
    video: str
    picture: str
    arm_arm_contacts: int
    arm_table_contacts: int
    messages_per_topic: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Demo:
    """One run of ``perform``, called ``policy``, on the scene of ``seed`` under ``randomisation``; everything it makes
    goes into ``folder``. ``given`` are further launch arguments."""

    def __init__(
        self,
        task: Task,
        perform: Performer,
        robot: str,
        seed: int,
        folder: Path,
        given: Mapping[str, str] | None = None,
        policy: str = "expert",
        randomisation: str = EASY,
    ) -> None:
        if seed < 0:
            raise BimanualError(f"seed {seed} is below the limit 0")
        self._task = task
        self._perform = perform
        self._policy = policy
        self._given = dict(given or {})
        self._robot = robot
        self._seed = seed
        self._randomisation = randomisation
        self._folder = folder
        self._episode = folder / "episode"
        if self._episode.exists():
            raise BimanualError(f"{self._episode} exists already; name another folder with --out")

    def run(self) -> DemoResult:
        """Bring the graph up, do the task, shut it down, make the video.

        Raises SilentNodeError naming a node that died; the bag is readable also then.
        """
        start = time.monotonic()
        note(f"bringing the graph up ({self._robot}, lockstep, cameras {', '.join(CAMERAS)}) ...")
        with graph_session(self._robot, {"cameras": ",".join(CAMERAS), **self._given}) as session:
            note(f"  up after {time.monotonic() - start:.1f} s; logs in {session.log_dir}")
            watch = TaskWatch(session, self._task.limit_seconds)
            loaded = session.request("task/load", **self._scene)
            note(f"task: {loaded.instruction}")
            with self._recording(session, loaded.instruction) as counts:
                assignment = Assignment(drawn_task(self._task, self._seed), self._seed, loaded.instruction, watch.over)
                values = {"instruction": loaded.instruction, **self._episode_on(session, assignment)}
        note("writing video and picture ...")
        video = write_video(self._episode, self._folder / "video.mp4", success=values["success"])
        picture = write_poster(self._episode, self._folder / "picture.png")
        return DemoResult(
            **values,
            episode_dir=str(self._episode),
            video=str(video),
            picture=str(picture),
            wall_seconds=round(time.monotonic() - start, 2),
            messages_per_topic=counts,
        )

    @property
    def _scene(self) -> dict[str, Any]:
        """What the scene is of, in the words of task/load."""
        return {
            "task": self._task.name,
            "variant": self._task.variant,
            "seed": self._seed,
            "randomisation": self._randomisation,
        }

    def _episode_on(self, session: GraphSession, assignment: Assignment) -> dict[str, Any]:
        wall, simulated = time.monotonic(), session.world.objects().stamp_ns
        report = self._act(session, assignment)
        session.world.wait(HOLD_SECONDS)
        seconds = (session.world.since_ns - simulated) * 1e-9
        wall = time.monotonic() - wall
        judged = session.request("task/evaluate")
        contacts = session.contacts()
        failure = "" if report.success else f"stopped ({report.layer}): {report.error_msg}"
        reason = "" if judged.task_success else "; ".join(text for text in (failure, judged.reason) if text)
        session.request("recorder/annotate", meta_json=json.dumps({"success": judged.task_success, "reason": reason}))
        return {
            "success": bool(judged.task_success),
            "policy": self._policy,
            **self._scene,
            "reason": reason,
            "rtf": round(seconds / wall, 2),
            "simulated_seconds": round(seconds, 2),
            "task_wall_seconds": round(wall, 2),
            "arm_arm_contacts": contacts.arm_arm,
            "arm_table_contacts": contacts.arm_table,
        }

    def _act(self, session: GraphSession, assignment: Assignment) -> SkillReport:
        try:
            return self._perform(session, assignment)
        except SilentNodeError:
            raise
        except BimanualError as error:
            return SkillReport(0, 0, error.code, str(error), layer="request")

    @contextmanager
    def _recording(self, session: GraphSession, instruction: str) -> Iterator[dict[str, int]]:
        """Record while the block runs; afterwards the mapping holds the messages per topic.

        If the graph breaks, what the recorder wrote is made readable before the error goes on.
        """
        meta = {
            **self._scene,
            "robot": self._robot,
            "instruction": instruction,
            "policy": self._policy,
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        session.request("recorder/start", directory=str(self._episode), meta_json=json.dumps(meta))
        counts: dict[str, int] = {}
        try:
            yield counts
            stopped = session.request("recorder/stop")
        except BaseException as error:
            self._save(session)
            if isinstance(error, SilentNodeError):
                raise SilentNodeError(f"{error}\nthe recording up to then: {self._episode}") from None
            raise
        counts.update(zip(stopped.topics, (int(n) for n in stopped.counts), strict=True))

    def _save(self, session: GraphSession) -> None:
        """End the processes, the recorder among them, and mend the bag where it was cut off."""
        session.close()
        if self._episode.is_dir():
            try:
                repair(self._episode)
            except BimanualError as error:
                note(f"the recording could not be mended: {error}")
