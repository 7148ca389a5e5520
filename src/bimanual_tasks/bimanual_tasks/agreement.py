"""Whether an instruction and a demonstration agree: the arms and the objects that it names are those that moved."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bimanual_core.observation import JointSample, ObjectSnapshot
from bimanual_core.robot import RobotSpec
from bimanual_tasks.language import Instruction
from bimanual_tasks.task import Task

Array = NDArray[np.float64]

#: An arm has moved when a joint of it was this far from where it began [rad]; an object, when it was so far [m].
ARM_MOVED, OBJECT_MOVED = 0.1, 0.02


class Trace:
    """The farthest that each arm and each object was from where it began, from 30 Hz samples."""

    def __init__(self, robot: RobotSpec) -> None:
        self._robot = robot
        self._joints: Array | None = None
        self._places: dict[str, Array] = {}
        self._arms: dict[str, float] = dict.fromkeys(robot.sides, 0.0)
        self._objects: dict[str, float] = {}

    def update(self, snapshot: ObjectSnapshot, joints: JointSample) -> None:
        """Take in one sample; the first is the beginning."""
        places = {name: state.T_world_object[:3, 3] for name, state in snapshot.objects.items()}
        if self._joints is None:
            self._joints, self._places = joints.position.copy(), places
        for side in self._arms:
            group = self._robot.joints.group(f"{side}_arm")
            moved = float(np.max(np.abs(joints.position[group] - self._joints[group])))
            self._arms[side] = max(self._arms[side], moved)
        for name, place in places.items():
            if name in self._places:
                moved = float(np.linalg.norm(place - self._places[name]))
                self._objects[name] = max(self._objects.get(name, 0.0), moved)

    @property
    def arms(self) -> set[str]:
        """Sides of the arms that moved."""
        return {side for side, moved in self._arms.items() if moved > ARM_MOVED}

    @property
    def objects(self) -> set[str]:
        """Names of the objects that moved."""
        return {name for name, moved in self._objects.items() if moved > OBJECT_MOVED}


def disagreement(task: Task, instruction: Instruction, trace: Trace) -> str:
    """What the instruction says and the demonstration does not do, or the other way round; empty if they agree.

    Arms that the sentence names must have moved; if it names all the slots of the task, no other arm may. Objects that
    the task moves and the sentence names must have moved, and none may that the task does not move.
    """
    found = [f"the {side} arm is named and did not move" for side in _still(instruction.arms, trace.arms)]
    if task.arms and set(instruction.arms) == set(task.arms):
        others = trace.arms - set(instruction.arms.values())
        found += [f"the {side} arm moved and is not named" for side in sorted(others)]
    named = {slot: name for slot, name in instruction.objects.items() if name in task.moved}
    found += [f"{name} is named and did not move" for name in _still(named, trace.objects)]
    found += [f"{name} moved and the task does not move it" for name in sorted(trace.objects - set(task.moved))]
    return "; ".join(found)


def _still(named: Mapping[str, str], moved: set[str]) -> list[str]:
    return sorted(set(named.values()) - moved)
