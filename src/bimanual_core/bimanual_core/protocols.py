"""The small protocols everything else is written against: JointBackend, World, SimulatedWorld, Skills, Policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from bimanual_core.motion import Motion, MotionReport, Stream
from bimanual_core.observation import JointSample, ObjectSnapshot, Observation, Setpoint
from bimanual_core.robot import RobotSpec
from bimanual_core.scene import SceneSpec
from bimanual_core.skill import Skill, SkillReport

Array = NDArray[np.float64]

#: Called with each 30 Hz sample of a world: objects and the measured joints of the same instant.
SampleListener = Callable[[ObjectSnapshot, JointSample], None]


@runtime_checkable
class JointBackend(Protocol):
    """Joints in flat order, whatever is behind them."""

    def read(self) -> JointSample:
        """The newest measured joints."""
        ...

    def write(self, setpoint: Setpoint) -> None:
        """Command positions and feed-forward velocities."""
        ...


@runtime_checkable
class World(Protocol):
    """A robot in its surroundings, simulated or real, in process or across the graph."""

    robot: RobotSpec

    def observe(self, cameras: Sequence[str] = ()) -> Observation:
        """Newest joints and tcp poses, and one frame of each named camera, all at or after the last motion."""
        ...

    def objects(self) -> ObjectSnapshot:
        """Newest object states."""
        ...

    def execute(self, motion: Motion) -> MotionReport:
        """Run a synchronised motion to its end; never raises for a motion the controllers refuse."""
        ...

    def command(self, stream: Stream) -> None:
        """Let arms and grippers follow ``stream`` from now on; returns at once, and time does not move.

        Raises BimanualError (CONTROL_*) in the controller's words if a part is refused; across the graph refusals may
        be told by the next call instead.
        """
        ...

    def wait(self, seconds: float) -> None:
        """Let ``seconds`` of the world's own time pass."""
        ...


@runtime_checkable
class SimulatedWorld(World, Protocol):
    """A world that can be rebuilt."""

    def load_scene(self, scene: SceneSpec) -> int:
        """Build a fresh scene, robot at home, settled 0.5 s; returns the new scene_id."""
        ...


@runtime_checkable
class Skills(Protocol):
    """RoboTwin's primitives, two arms' lists run together."""

    def execute(
        self, left: Sequence[Skill], right: Sequence[Skill], sync: str = "proportional", ahead: int = 0
    ) -> SkillReport:
        """Run both lists index by index; a shorter list is filled with ``hold``.

        The last ``ahead`` indices are not done: what is done is chosen such that they stay possible. With all of them
        ahead nothing moves, and the report says whether the lists can be planned from here.
        """
        ...

    def arm_pose(self, side: str) -> Array:
        """Pose (4, 4) of the tcp in the world."""
        ...


@runtime_checkable
class Policy(Protocol):
    """Maps a window of observations to a chunk of actions in flat joint order."""

    def reset(self) -> None: ...

    def infer(self, window: Sequence[Observation], instruction: str) -> Array:
        """Action chunk (T, D) at the policy's rate, joints commanded: action[0] is the command at the stamp of the
        newest observation of ``window`` (which is there already), action[k] the command k periods later."""
        ...
