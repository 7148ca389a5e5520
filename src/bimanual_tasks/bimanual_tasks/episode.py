"""One episode: sample, load, let something act, judge. The same code in process and across the graph."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, fields
from typing import Any

from bimanual_core.errors import BimanualError, ErrorCode, SilentNodeError
from bimanual_core.observation import JointSample, ObjectSnapshot
from bimanual_core.protocols import SimulatedWorld
from bimanual_core.rates import OBJECTS_HZ
from bimanual_core.skill import SkillReport
from bimanual_tasks.agreement import Trace, disagreement
from bimanual_tasks.assets import find_asset
from bimanual_tasks.digest import TrajectoryDigest, scene_digest
from bimanual_tasks.failures import failure_class
from bimanual_tasks.geometry import AssetLookup
from bimanual_tasks.language import instruct
from bimanual_tasks.performer import Assignment, Performer
from bimanual_tasks.randomise import EASY
from bimanual_tasks.scenes import load_sample
from bimanual_tasks.session import Session
from bimanual_tasks.success import SuccessTracker
from bimanual_tasks.task import Task

#: After the performer has finished, the world runs on for at most this long [s] for the hold time to complete.
GRACE_SECONDS = 1.0
#: Time between two looks at the tracker meanwhile [s]: three samples.
LOOK_SECONDS = 3 / OBJECTS_HZ


@dataclass(frozen=True)
class EpisodeResult:
    """How one seed went. ``seconds`` is the world's own time to success or to the end, ``wall_seconds`` ours;
    ``done``, ``asked`` and the error repeat the performer's report: skills of an expert, actions of a policy.

    ``rejected`` counts draws that the task's rules dropped, ``resampled`` whole scenes of the seed that were of no use.
    ``stage`` is the last one reached and ``stage_score`` the share of them; ``disagreement`` is what the instruction
    says and the arms and objects did not do. ``scene`` and ``trajectory`` are fingerprints: two runs of a seed that
    have them in common were the same.
    """

    seed: int
    success: bool
    reason: str
    seconds: float
    wall_seconds: float
    rejected: int
    arm_arm_contacts: int
    arm_table_contacts: int
    instruction: str
    done: int
    asked: int
    error_code: int
    error_msg: str
    resampled: int = 0
    stage: str = ""
    stage_score: float = 0.0
    disagreement: str = ""
    layer: str = ""
    timed_out: bool = False
    scene: str = ""
    trajectory: str = ""

    @property
    def demonstrates(self) -> bool:
        """Whether the episode shows how it is done: a success that agrees with its instruction."""
        return self.success and not self.disagreement

    @property
    def unintended_contacts(self) -> int:
        return self.arm_arm_contacts + self.arm_table_contacts

    @property
    def failure(self) -> str:
        """Which of FAILURE_CLASSES it is; empty for a success."""
        return failure_class(self.success, self.error_code, self.layer, self.timed_out, self.arm_arm_contacts)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "failure": self.failure}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> EpisodeResult:
        """The result of a line of a results file. Raises BimanualError naming a missing or ill-typed value."""
        kinds = {"int": int, "bool": bool, "str": str, "float": (int, float)}
        found: dict[str, Any] = {}
        for item in fields(cls):
            value = values.get(item.name, item.default)  # later fields are missing in older files
            if not isinstance(value, kinds[str(item.type)]):  # type: ignore[arg-type]
                raise BimanualError(f"result: {item.name} is {value!r}, expected {item.type}", ErrorCode.DATA_INVALID)
            found[item.name] = value
        return cls(**found)


@dataclass(frozen=True, eq=False)
class EpisodeStart:
    """An episode whose scene is loaded and in which nothing has moved yet."""

    task: Task
    seed: int
    instruction: str
    tracker: SuccessTracker


#: What follows an episode from its start until the hold time has ended, such as a recording.
EpisodeWatch = Callable[[EpisodeStart], AbstractContextManager[object]]


def run_episode(
    session: Session,
    task: Task,
    perform: Performer,
    seed: int,
    assets: AssetLookup = find_asset,
    watch: EpisodeWatch = nullcontext,
    randomisation: str = EASY,
) -> EpisodeResult:
    """Let ``perform`` do ``task`` on the scene of ``seed``, followed by ``watch``.

    A refusal or failure of the performer is a result with its reason, not an exception, and so is a seed without a
    scene that is of use; SilentNodeError is raised, because without that node no further episode can run.
    """
    wall_start = time.monotonic()
    try:
        sample, scene_id = load_sample(session.world, task, seed, randomisation, assets)
    except BimanualError as error:
        if error.code != ErrorCode.SCENE_UNSOLVABLE:
            raise
        return _skipped(seed, error, time.monotonic() - wall_start)
    task = sample.task
    start_ns = session.world.objects().stamp_ns
    tracker = SuccessTracker(task, session.world.robot, scene_id, start_ns, sample.scene.table, assets)
    trace, moved = Trace(session.world.robot), TrajectoryDigest()
    instruction = instruct(task, sample.scene, seed, assets=assets)
    assignment = Assignment(task, seed, instruction.text, lambda: tracker.success or tracker.timed_out)

    def listen(snapshot: ObjectSnapshot, joints: JointSample) -> None:
        tracker.update(snapshot, joints)
        trace.update(snapshot, joints)
        moved.update(snapshot, joints)

    session.listen(listen)
    try:
        with watch(EpisodeStart(task, seed, instruction.text, tracker)):
            report = _run(session, perform, assignment)
            _let_hold(session.world, tracker)
    finally:
        session.listen(None)
    contacts = session.contacts()
    return EpisodeResult(
        seed=seed,
        success=tracker.success,
        reason=_reason(tracker, report),
        seconds=round(tracker.seconds, 3),
        wall_seconds=round(time.monotonic() - wall_start, 3),
        rejected=sample.rejected,
        arm_arm_contacts=contacts.arm_arm,
        arm_table_contacts=contacts.arm_table,
        instruction=instruction.text,
        done=report.done,
        asked=report.asked,
        error_code=int(report.error_code),
        error_msg=report.error_msg,
        resampled=sample.attempt,
        stage=tracker.stages.reached,
        stage_score=round(tracker.stage_score, 4),
        disagreement=disagreement(task, instruction, trace) if tracker.success else "",
        layer=report.layer,
        timed_out=tracker.timed_out,
        scene=scene_digest(sample.scene),
        trajectory=moved.digest,
    )


def _skipped(seed: int, error: BimanualError, wall_seconds: float) -> EpisodeResult:
    """The result of a seed without a scene: a failure that says so."""
    return EpisodeResult(
        seed, False, str(error), 0.0, round(wall_seconds, 3), 0, 0, 0, "", 0, 0, int(error.code), str(error)
    )


def _run(session: Session, perform: Performer, assignment: Assignment) -> SkillReport:
    try:
        return perform(session, assignment)
    except SilentNodeError:
        raise
    except BimanualError as error:
        return SkillReport(0, 0, error.code, str(error), 0, layer="request")


def _let_hold(world: SimulatedWorld, tracker: SuccessTracker) -> None:
    for _ in range(round(GRACE_SECONDS / LOOK_SECONDS)):
        if tracker.success or tracker.timed_out:
            return
        world.wait(LOOK_SECONDS)


def _reason(tracker: SuccessTracker, report: SkillReport) -> str:
    if tracker.success:
        return ""
    if report.success:
        return tracker.reason
    return f"stopped after {report.done} of {report.asked} ({report.layer}): {report.error_msg}; {tracker.reason}"
