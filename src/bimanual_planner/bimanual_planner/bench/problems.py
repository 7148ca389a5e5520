"""Seeded problems: arms at random among clutter, tcp poses that a straight screw is known to reach."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bimanual_core.observation import ObjectSnapshot, ObjectState
from bimanual_core.scene import TableSpec
from bimanual_core.se3 import from_rotation, rotation_about
from bimanual_kinematics.model import RobotModel
from bimanual_planner.bench.reference import screws_go
from bimanual_planner.config import PlannerConfig
from bimanual_planner.detours import around
from bimanual_planner.planning_scene import PlanningScene
from bimanual_planner.state import PlanState

Array = NDArray[np.float64]
#: Boxes on the table, and their sides [m].
CLUTTER, SMALLEST, LARGEST = 4, 0.03, 0.08
#: A goal's joints are within this of the start's [rad].
SPREAD = 0.8
#: Problems drawn in one cluttered scene.
PER_SCENE = 10
#: What a long search may check.
MANY_CHECKS = 10_000_000


@dataclass(frozen=True, eq=False)
class Problem:
    """``scene`` and where everything is in it; a tcp pose (4, 4) for each arm that is to move."""

    scene: PlanningScene
    state: PlanState
    targets: dict[str, Array]


@dataclass(frozen=True, eq=False)
class BlockedProblem:
    """As :class:`Problem`, with joints (n,) for each arm, and the line to them is in the way of something."""

    scene: PlanningScene
    state: PlanState
    goals: dict[str, Array]


def cluttered(model: RobotModel, rng: np.random.Generator, config: PlannerConfig) -> tuple[PlanningScene, PlanState]:
    """The robot at home with boxes lying on the table in front of it."""
    top = TableSpec().top_z
    items = {}
    for i in range(CLUTTER):
        size = rng.uniform(SMALLEST, LARGEST, 3)
        x, y = rng.uniform(-0.4, 0.4), rng.uniform(-0.2, 0.25)
        T = from_rotation(rotation_about((0.0, 0.0, 1.0), rng.uniform(-np.pi, np.pi)), (x, y, top + size[2] / 2))
        name = f"box{i}"
        items[name] = ObjectState(name, "box", "red", (size[0], size[1], size[2]), T)
    scene = PlanningScene(model, ObjectSnapshot(0, 1, items), config)
    return scene, PlanState(model.robot, model.robot.home.copy(), {n: o.T_world_object for n, o in items.items()})


def screw_problems(
    model: RobotModel, sides: tuple[str, ...], count: int, seed: int, config: PlannerConfig | None = None
) -> Iterator[Problem]:
    """``count`` problems for ``sides`` together: the poses of collision-free joints that screws reach, all along."""
    config = config or PlannerConfig()
    rng = np.random.default_rng(seed)
    found = 0
    while found < count:
        scene, home = cluttered(model, rng, config)
        for _ in range(PER_SCENE):
            problem = _draw(scene, home, sides, rng)
            if screws_go(scene, problem.state, problem.targets):
                yield problem
                found += 1
                if found == count:
                    return


def random_problems(
    model: RobotModel, seed: int, index: int, count: int, config: PlannerConfig | None = None
) -> Iterator[Problem]:
    """``count`` problems for all arms in cluttered scene number ``index``: the poses of collision-free joints anywhere
    within the limits, from such joints, whether or not there is a way between them."""
    rng = np.random.default_rng((seed, index))
    scene, home = cluttered(model, rng, config or PlannerConfig())
    sides = model.robot.sides
    for _ in range(count):
        start, end = (_free(scene, home, {}, sides, rng) for _ in range(2))
        yield Problem(scene, start, {side: model.fk(side, end.arm_q(side)) for side in sides})


def blocked_problems(
    model: RobotModel, count: int, seed: int, long_run_s: float, config: PlannerConfig | None = None
) -> Iterator[BlockedProblem]:
    """``count`` problems for both arms: the synchronised line between two collision-free configurations, anywhere
    within the limits, touches something, and a search of ``long_run_s`` finds a way around."""
    config = config or PlannerConfig()
    rng = np.random.default_rng(seed)
    sides = model.robot.sides
    found = 0
    while found < count:
        scene, home = cluttered(model, rng, config)
        start, end = (_free(scene, home, {}, sides, rng) for _ in range(2))

        def line(shares: Array, a: Array = start.q, b: Array = end.q) -> Array:
            return a + np.asarray(shares)[:, None] * (b - a)

        goals = {side: end.arm_q(side) for side in sides}
        if scene.first_touch_of(start, {}, line) is None:
            continue
        deadline_s = time.monotonic() + long_run_s
        if around(scene, start, goals, MANY_CHECKS, seed=seed, deadline_s=deadline_s) is not None:
            yield BlockedProblem(scene, start, goals)
            found += 1


def _draw(scene: PlanningScene, home: PlanState, sides: tuple[str, ...], rng: np.random.Generator) -> Problem:
    start = _free(scene, home, {}, sides, rng)
    goal = _free(scene, home, {side: start.arm_q(side) for side in sides}, sides, rng)
    return Problem(scene, start, {side: scene.model.fk(side, goal.arm_q(side)) for side in sides})


def _free(
    scene: PlanningScene, home: PlanState, near: dict[str, Array], sides: tuple[str, ...], rng: np.random.Generator
) -> PlanState:
    """Joints of ``sides`` without a collision: anywhere within the limits, or ``near`` some."""
    while True:
        state = home
        for side in sides:
            lower, upper = scene.model.limits(side)
            if side in near:
                lower, upper = np.maximum(lower, near[side] - SPREAD), np.minimum(upper, near[side] + SPREAD)
            state = state.with_arm(side, rng.uniform(lower, upper))
        if scene.first_collision_of(state, {}, state.q[None]) is None:
            return state
