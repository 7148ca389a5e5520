"""Skills in a world: look ahead along both lists, then do index by index, planned anew from what is measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bimanual_core import se3
from bimanual_core.errors import BimanualError, ErrorCode, Point, SilentNodeError
from bimanual_core.motion import Motion
from bimanual_core.protocols import World
from bimanual_core.skill import SYNC_MODES, Skill, SkillReport, hold
from bimanual_kinematics.model import RobotModel
from bimanual_planner.ahead import Ahead
from bimanual_planner.config import PlannerConfig
from bimanual_planner.lookahead import Lookahead, Plan
from bimanual_planner.motions import motion_of
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import Held, PlanState
from bimanual_planner.steps import Step, zipped

Array = NDArray[np.float64]

#: Told the index, both skills' names and the phase (planning, moving).
Progress = Callable[[int, str, str, str], None]
#: Told by side which skill is about to move and the joints (N, n) its arm will pass; arms that stay are left out.
Preview = Callable[[dict[str, str], dict[str, Array]], None]


class SkillFailure(BimanualError):
    """What ends a list of skills: the layer and side of the first failure."""

    def __init__(
        self,
        layer: str,
        side: str,
        code: ErrorCode,
        text: str,
        index: int | None = None,
        places: Mapping[str, Point] | None = None,
    ) -> None:
        super().__init__(text, code, places)
        self.layer = layer
        self.side = side
        self.index = index  # in the lists; None: the one in progress


#: A delay can be cancelled this often [s], a multiple of 1/30 s.
LONGEST_WAIT_S = 0.5


class LocalSkills:
    """``Skills`` over any ``World``. Remembers what each hand took until the scene is another one."""

    def __init__(self, world: World, config: PlannerConfig | None = None, model: RobotModel | None = None) -> None:
        self.world = world
        self.config = config or PlannerConfig()
        self.model = model or RobotModel.of(world.robot)
        self._scene: PlanningScene | None = None
        self._held: dict[str, Held] = {}
        self.ahead = Ahead()

    def arm_pose(self, side: str) -> Array:
        """Pose (4, 4) of the tcp in the world; raises UnknownNameError for an arm the robot lacks."""
        self.world.robot.arm(side)
        return self.world.observe().T_world_tcp[side]

    def execute(
        self,
        left: Sequence[Skill],
        right: Sequence[Skill],
        sync: str = "proportional",
        ahead: int = 0,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
        preview: Preview | None = None,
    ) -> SkillReport:
        """Run both lists but for the last ``ahead`` indices, which only stay possible; ``progress`` hears of each
        index, ``preview`` of the ways chosen for it, ``cancelled`` is asked before each motion and every LONGEST_WAIT_S
        of a delay.

        Refusals and failures are in the report; only SilentNodeError is raised.
        """
        asked = max(len(left), len(right))
        run = _Run(
            self, sync, progress or (lambda *_: None), cancelled or (lambda: False), preview or (lambda *_: None)
        )
        try:
            if not 0 <= ahead <= asked:
                raise BimanualError(f"ahead {ahead} is outside [0, {asked}], the number of skills in the longer list")
            run.all(self._lists(left, right, asked, sync), asked - ahead)
        except SilentNodeError:
            raise
        except SkillFailure as failure:
            return run.report(asked, failure)
        except BimanualError as error:
            return run.report(asked, SkillFailure("request", "", error.code, str(error)))
        return run.report(asked, None)

    def _lists(self, left: Sequence[Skill], right: Sequence[Skill], asked: int, sync: str) -> dict[str, list[Skill]]:
        """Lists of equal length by the robot's sides. Raises BimanualError for skills of an arm it lacks."""
        if sync not in SYNC_MODES:
            raise BimanualError(f"unknown sync {sync!r}; choices: {', '.join(SYNC_MODES)}")
        lists = {}
        for side, listed in (("left", left), ("right", right)):
            if side in self.world.robot.sides:
                lists[side] = [*listed, *[hold()] * (asked - len(listed))]
            else:
                for skill in listed:
                    if skill.name != "hold":
                        self.world.robot.arm(side)
        return lists

    def state(self) -> tuple[PlanState, PlanningScene]:
        """What is true now: commanded arms (where the next motion starts), measured grippers and objects."""
        snapshot, observation = self.world.objects(), self.world.observe()
        if self._scene is None or self._scene.scene_id != snapshot.scene_id:
            self._scene = PlanningScene(self.model, snapshot, self.config)
            self._held = {}
            self.ahead = Ahead()
        robot = self.world.robot
        q = observation.commanded.copy()
        for side in robot.sides:
            gripper = robot.joints.group(f"{side}_gripper")
            q[gripper] = observation.joints.position[gripper]
        state = PlanState(robot, q, self._scene.poses(snapshot))
        for side, held in list(self._held.items()):
            if state.opening(side) > held.width + self.config.width_tolerance:
                del self._held[side]  # somebody else opened the gripper
                continue
            T_tcp_world = se3.inverse(self.model.fk(side, state.arm_q(side)))
            self._held[side] = replace(held, T_tcp_object=T_tcp_world @ state.objects[held.name], inside={})
        state = replace(state, held=dict(self._held))
        for side, held in self._held.items():
            inside = self._scene.inside(state, held.name)
            self._held[side] = replace(held, inside={n: held.T_tcp_object @ T for n, T in inside.items()})
        return replace(state, held=dict(self._held)), self._scene

    def take(self, side: str, held: Held) -> None:
        """Remember what a hand has taken; the last hand to take an object carries it."""
        self._held.pop(side, None)
        self._held[side] = held

    def let_go(self, side: str) -> None:
        """Forget what a hand held."""
        self._held.pop(side, None)


class _Run:
    """One request on its way: where it is, what it has chosen, how long it planned."""

    def __init__(
        self, skills: LocalSkills, sync: str, progress: Progress, cancelled: Callable[[], bool], preview: Preview
    ) -> None:
        self._skills = skills
        self._sync = sync
        self._progress = progress
        self._cancelled = cancelled
        self._preview = preview
        self._plan_seconds = 0.0
        self._done = 0
        self._log: list[str] = []

    def all(self, lists: dict[str, list[Skill]], count: int) -> None:
        """The first ``count`` indices in turn; with 0 only look. Raises SkillFailure at the first failure."""
        self._skills.state()  # a new scene forgets what was looked ahead along in the old one
        first = self._skills.ahead.first(lists)
        if count == 0 and any(lists.values()):
            self._require_wanted()
            self._skills.ahead = Ahead.of(lists, self._look(lists, 0, first)[0].choices())
        names = {side: [skill.name for skill in listed] for side, listed in lists.items()}
        for index in range(count):
            left, right = (names.get(side, ["hold"] * (index + 1))[index] for side in ("left", "right"))
            self._require_wanted()
            self._progress(index, left, right, "planning")
            rest = {side: listed[index:] for side, listed in lists.items()}
            plan, state, scene = self._look(rest, index, first)
            first = {(i - 1, side): choice for (i, side), choice in plan.choices().items() if i > 0}
            self._skills.ahead = Ahead.of({side: listed[1:] for side, listed in rest.items()}, first)
            self._progress(index, left, right, "moving")
            row = plan.rows[0]
            paths = {side: [step.path for step in way.steps if step.path is not None] for side, way in row.items()}
            ways = {side: np.concatenate(parts) for side, parts in paths.items() if parts}
            self._preview({side: lists[side][index].name for side in ways}, ways)
            for steps in zipped(*(row[side].steps if side in row else [] for side in ("left", "right"))):
                state = self._step(state, steps, scene)
            self._done = index + 1
            self._log.append(
                f"{index}: {left} {row['left'].choice if 'left' in row else ''} | "
                f"{right} {row['right'].choice if 'right' in row else ''}"
            )

    def _look(
        self, lists: dict[str, list[Skill]], index: int, first: Mapping[tuple[int, str], Any]
    ) -> tuple[Plan, PlanState, PlanningScene]:
        """A plan from what is measured now, for the skills from ``index`` on. Raises SkillFailure."""
        state, scene = self._skills.state()
        self._require_held(state)
        start = time.monotonic()
        search = Lookahead(scene, first)
        plan = search.run(state, lists)
        self._plan_seconds += time.monotonic() - start
        if plan is None:
            failure, at = search.failure, index + search.failure.index
            text = f"index {at}: {failure.text} ({search.tried} combinations tried)"
            raise SkillFailure("plan", failure.side, failure.code, text, at, failure.places)
        return plan, state, scene

    def _step(self, state: PlanState, steps: dict[str, Step], scene: PlanningScene) -> PlanState:
        start = time.monotonic()
        try:
            motion = motion_of(state, steps, self._sync, scene)
        except BimanualError as error:
            raise SkillFailure("plan", "", error.code, str(error), None, error.places) from None
        finally:
            self._plan_seconds += time.monotonic() - start
        seconds = max((step.seconds for step in steps.values()), default=0.0)
        if motion is not None:
            self._move(motion, steps)
        self._wait(seconds)
        for side, step in steps.items():
            state = step.after(side, state, scene.model.fk)
            if step.take is not None:
                self._skills.take(side, step.take)
            if step.let_go:
                self._skills.let_go(side)
        return state

    def _move(self, motion: Motion, steps: dict[str, Step]) -> None:
        self._require_wanted()
        report = self._skills.world.execute(motion)
        failed = report.first_failure
        if failed is not None:
            part, how = failed
            raise SkillFailure("control", part.partition("_")[0], how.error_code, f"{part}: {how.error_msg}")
        for side, step in steps.items():
            if step.take is not None and f"{side}_gripper" in report.parts:
                self._require_taken(side, step.take, report.parts[f"{side}_gripper"].position)

    def _wait(self, seconds: float) -> None:
        """Wait in parts, so that it can be cancelled; they end where time rests, so the whole lasts the same."""
        while seconds > 0.0:
            self._require_wanted()
            self._skills.world.wait(min(seconds, LONGEST_WAIT_S))
            seconds -= LONGEST_WAIT_S

    def _require_wanted(self) -> None:
        if self._cancelled():
            raise SkillFailure("request", "", ErrorCode.CANCELLED, "cancelled by the client")

    def _require_taken(self, side: str, held: Held, opening: float | None) -> None:
        least = held.width - self._skills.config.width_tolerance
        if opening is not None and opening < least:
            text = (
                f"the {side} gripper closed to {1000 * opening:.1f} mm on {held.name}, which is "
                f"{1000 * held.width:.1f} mm wide: it is not between the fingers"
            )
            raise SkillFailure("grasp", side, ErrorCode.GRASP_MISSED, text)

    def _require_held(self, state: PlanState) -> None:
        for side, held in state.held.items():
            opening = state.opening(side)
            if opening < held.width - self._skills.config.width_tolerance:
                text = (
                    f"the {side} gripper is at {1000 * opening:.1f} mm but {held.name} is {1000 * held.width:.1f} mm "
                    "wide: it has slipped out"
                )
                raise SkillFailure("grasp", side, ErrorCode.GRASP_LOST, text)

    def report(self, asked: int, failure: SkillFailure | None) -> SkillReport:
        """The report of the request so far."""
        if failure is None:
            return SkillReport(asked, self._done, plan_seconds=self._plan_seconds, log=tuple(self._log))
        return SkillReport(
            asked,
            self._done,
            failure.code,
            str(failure),
            self._done if failure.index is None else failure.index,
            failure.side,
            failure.layer,
            self._plan_seconds,
            tuple(self._log),
            failure.places,
        )
