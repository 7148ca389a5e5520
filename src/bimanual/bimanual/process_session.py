"""A simulated world with skills in this process, without ROS: what collection and evaluation at speed run on."""

from __future__ import annotations

from collections.abc import Sequence

from bimanual_core.protocols import SampleListener
from bimanual_core.robot import load_robot
from bimanual_description.files import robot_path
from bimanual_planner.config import PlannerConfig
from bimanual_planner.skills import LocalSkills
from bimanual_sim_bridge.world import SapienWorld
from bimanual_tasks.session import ContactCounts


class ProcessSession:
    """A ``Session`` over ``SapienWorld`` and ``LocalSkills``. ``cameras`` names what may be rendered (none by default),
    ``config`` is the planner's.

    Raises UnknownNameError for a robot or camera that does not exist.
    """

    def __init__(
        self, robot: str = "cobot_magic", cameras: Sequence[str] = (), config: PlannerConfig | None = None
    ) -> None:
        self.world = SapienWorld(load_robot(robot_path(robot)), cameras=cameras)
        self.skills = LocalSkills(self.world, config)
        self._listener: SampleListener | None = None

    def listen(self, listener: SampleListener | None) -> None:
        """Send each 30 Hz sample to ``listener``, and to no other; None ends it."""
        if self._listener is not None:
            self.world.remove_listener(self._listener)
        self._listener = listener
        if listener is not None:
            self.world.add_listener(listener)

    def contacts(self) -> ContactCounts:
        """The simulator's counters since the last ``load_scene``."""
        counters = self.world.counters
        return ContactCounts(counters.arm_arm, counters.arm_table)

    def close(self) -> None:
        """Let go of the scene."""
        self.world.close()
