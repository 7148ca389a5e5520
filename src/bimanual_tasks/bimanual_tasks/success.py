"""Success of a task: conditions on a 30 Hz sample, which must hold without a break for the hold time.

A pass in transit does not count, and while the task is not done the tracker says what is missing, with values and
limits.
"""

from __future__ import annotations

from bimanual_core.observation import JointSample, ObjectSnapshot
from bimanual_core.rates import seconds_to_ns
from bimanual_core.robot import RobotSpec
from bimanual_core.scene import TableSpec
from bimanual_tasks.assets import find_asset
from bimanual_tasks.geometry import AssetLookup
from bimanual_tasks.judging import Look, missing_of
from bimanual_tasks.stages import StageTracker
from bimanual_tasks.task import Task

#: Samples further apart than this [ns] do not show that nothing happened between them: the hold starts again.
LONGEST_GAP_NS = 200_000_000


class SuccessTracker:
    """Judges one episode of a task from its samples; once held for the hold time, success stays.

    Samples of another scene than ``scene_id`` and samples that are not newer than the last one are dropped, and
    samples later than the task's time limit after ``start_ns`` no longer count.
    """

    def __init__(
        self,
        task: Task,
        robot: RobotSpec,
        scene_id: int,
        start_ns: int,
        table: TableSpec | None = None,
        assets: AssetLookup = find_asset,
    ) -> None:
        self.task = task
        self.robot = robot
        self.scene_id = scene_id
        self.start_ns = start_ns
        self.limit_ns = start_ns + seconds_to_ns(task.limit_seconds)
        self.table = table or TableSpec()
        self.samples = 0
        self.success = False
        self.success_ns: int | None = None
        self.stages = StageTracker(task.stages)
        self._assets = assets
        self._last_ns = start_ns - 1
        self._since_ns: int | None = None
        self._longest_ns = 0
        self._missing = "no sample of the scene has come yet"

    @property
    def seconds(self) -> float:
        """Time of the world from the start to success, or to the last sample [s]."""
        end = self._last_ns if self.success_ns is None else self.success_ns
        return max(0, end - self.start_ns) * 1e-9

    @property
    def timed_out(self) -> bool:
        """Whether the time limit passed without success."""
        return not self.success and self._last_ns > self.limit_ns

    @property
    def stage_score(self) -> float:
        """Share of the task's stages that are done, in [0, 1]; success is the last one."""
        return 1.0 if self.success else self.stages.done / (len(self.task.stages) + 1)

    @property
    def reason(self) -> str:
        """What is missing, with values and limits; empty after success."""
        if self.success:
            return ""
        if self.timed_out:
            return f"not done within the limit of {self.task.limit_seconds:.1f} s: {self._missing}"
        if self._since_ns is None and self._longest_ns > 0:
            return f"{self._missing} (it held for {self._longest_ns * 1e-9:.2f} s of {self.task.hold_seconds:g} s)"
        return self._missing

    def update(self, snapshot: ObjectSnapshot, joints: JointSample) -> None:
        """Judge one sample."""
        stamp = snapshot.stamp_ns
        if self.success or snapshot.scene_id != self.scene_id or stamp <= self._last_ns:
            return
        if self._since_ns is not None and stamp - self._last_ns > LONGEST_GAP_NS:
            self._since_ns = None
        self._last_ns = stamp
        self.samples += 1
        if stamp <= self.limit_ns:
            self._judge(Look(snapshot, joints, self.robot, self.table, self._assets))

    def _judge(self, look: Look) -> None:
        self.stages.update(look)
        missing = [text for condition in self.task.success if (text := missing_of(condition, look))]
        if missing:
            self._since_ns = None
            self._missing = "; ".join(missing)
            return
        now_ns = look.snapshot.stamp_ns
        if self._since_ns is None:
            self._since_ns = now_ns
        held_ns = now_ns - self._since_ns
        self._longest_ns = max(self._longest_ns, held_ns)
        self._missing = f"all conditions hold for {held_ns * 1e-9:.2f} s, {self.task.hold_seconds:g} s are needed"
        if held_ns >= seconds_to_ns(self.task.hold_seconds):
            self.success, self.success_ns = True, now_ns
