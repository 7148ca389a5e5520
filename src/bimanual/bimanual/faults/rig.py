"""A live graph to do harm to: motions that are under way, eyes on the joints, and an intruder."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from bimanual.graph.session import CLIENT, DOMAIN, GraphSession
from bimanual.graph.shared_memory import dds_files, mapped_files
from bimanual_core.contract import PLANNER, driver_of
from bimanual_core.errors import BimanualError
from bimanual_core.motion import JointTrajectory, Motion
from bimanual_core.skill import Skill
from bimanual_ros.intruder import Intruder
from bimanual_ros.joint_trace import JointTrace

T = TypeVar("T")
ARGUMENTS: Mapping[str, Mapping[str, str]] = {"sim": {"time_mode": "realtime"}, "real": {}}
#: The motion under way: joints (of six) that swing, how far [rad], for how long [s].
SWING = np.array([1.0, 0.2, -0.2, 0.6, 0.0, 1.0])
ANGLE, SECONDS = 0.5, 2.0
MOVING_SPEED = 0.15
#: What the planner's motion is: the hands up and down [m].
LIFT, LIFTS = 0.08, 6


class Task:
    """Work in a thread of its own; what it returns or raises stays."""

    def __init__(self, work: Callable[[], Any], trace: JointTrace) -> None:
        self.result: Any = None
        self.error: BaseException | None = None
        self.ended_ns = 0
        self.ended_at = 0.0
        self._work, self._trace = work, trace
        self._thread = threading.Thread(target=self._run, name="motion", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    @property
    def words(self) -> str:
        """What it failed with, empty for a success."""
        if self.error is not None:
            return str(self.error)
        failure = getattr(self.result, "first_failure", None)
        if failure is not None:
            return f"{failure[0]}: {failure[1].error_msg}"
        return str(getattr(self.result, "error_msg", ""))

    def _run(self) -> None:
        try:
            self.result = self._work()
        except Exception as error:  # noqa: BLE001 - kept for whoever looks at the outcome
            self.error = error
        self.ended_ns, self.ended_at = self._trace.newest_ns, time.monotonic()


class Rig:
    """A graph with a client that moves its arms. Use as a context manager."""

    def __init__(self, graph: str, given: Mapping[str, str] | None = None) -> None:
        self.graph, self.driver = graph, driver_of(graph)
        with ExitStack() as stack:
            self.session = stack.enter_context(GraphSession(given={**ARGUMENTS[graph], **(given or {})}, graph=graph))
            self.robot = self.session.world.robot
            self.trace = JointTrace(self.session.world.node, self.robot, graph)
            self.intruder = Intruder(self.robot, graph, int(self.session.environment[DOMAIN]))
            stack.callback(self.intruder.close)
            self._sign = 1.0
            self._closing = stack.pop_all()

    def __enter__(self) -> Rig:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def files(self) -> set[Path]:
        """What the processes of this graph, this one too, have in /dev/shm of Fast DDS."""
        pids = [os.getpid(), *(node.process.pid for node in self.session.supervisor.processes)]
        return mapped_files(pids) & dds_files()

    def close(self) -> None:
        """End the graph and everybody in it."""
        self._closing.close()

    # -- looking ------------------------------------------------------------------------------------------------------
    def pid(self, name: str) -> int:
        return self.session.supervisor.find(name).process.pid

    def log(self, name: str) -> Path:
        return self.session.supervisor.find(name).log_file

    def wait_for(self, look: Callable[[], T], seconds: float, every_s: float = 0.01) -> T:
        """What ``look()`` returns once that is true, or last."""
        end, never = time.monotonic() + seconds, threading.Event()
        while True:
            found = look()
            if found or time.monotonic() > end:
                return found
            never.wait(every_s)

    # -- moving -------------------------------------------------------------------------------------------------------
    def swing(self, seconds: float = SECONDS, angle: float = ANGLE) -> Motion:
        """Both arms to the other side of home, from what they are commanded now."""
        q = self.session.world.observe().commanded
        self._sign = -self._sign
        s = np.linspace(0.0, 1.0, 41)[:, None]
        share = 10 * s**3 - 15 * s**4 + 6 * s**5
        rate = (30 * s**2 - 60 * s**3 + 30 * s**4) / seconds
        arms = {}
        for arm in self.robot.arms:
            start = q[self.robot.joints.group(f"{arm.side}_arm")]
            way = np.array(arm.home) + self._sign * angle * SWING - start
            arms[arm.side] = JointTrajectory(arm.joints, s[:, 0] * seconds, start + share * way, rate * way)
        return Motion(arms, {})

    def take(self, owner: str) -> None:
        """Let ``owner`` (the client or the planner) be the one who may move."""
        other = PLANNER if owner == CLIENT else CLIENT
        self.session.request("control/release", owner=other)
        self.wait_for(lambda: other not in (self.trace.owners[-1][1].values() if self.trace.owners else ()), 3.0)

    def start(self, owner: str = CLIENT) -> Task:
        """A motion of ``owner`` under way: it moves when this returns. Raises BimanualError if it does not."""
        self.take(owner)
        work: Callable[[], Any]
        if owner == CLIENT:
            motion = self.swing()
            work = lambda: self.session.world.execute(motion)  # noqa: E731
        else:
            lifts = [Skill("move_by_displacement", displacement=(0.0, 0.0, z)) for z in (LIFT, -LIFT) * (LIFTS // 2)]
            work = lambda: self.session.skills.execute(lifts, lifts)  # noqa: E731
        task = Task(work, self.trace)
        if not self.wait_for(lambda: self.trace.speed > MOVING_SPEED or task.done, 20.0) or task.done:
            raise BimanualError(f"the motion of {owner} did not begin: {task.words or 'nothing moved'}")
        return task

    def allow_motion(self) -> None:
        """Activate the robot driver again where a fault took it out, and lift a stop. Raises BimanualError if the
        safety node sees a reason against it."""
        if self.graph == "real" and not self.intruder.driver_is_active():
            self.intruder.activate_driver()
        if self.wait_for(lambda: self.trace.stop_reason, 0.3):
            self.session.request("safety/reset")
            self.wait_for(lambda: not self.trace.stop_reason, 5.0)

    def good_motion(self) -> str:
        """Move there and back; returns why not, or an empty text."""
        try:
            self.take(CLIENT)
            report = self.session.world.execute(self.swing(0.8, 0.2))
        except BimanualError as error:
            return str(error)
        failure = report.first_failure
        return f"{failure[0]}: {failure[1].error_msg}" if failure else ""

    def good_skills(self) -> str:
        """Let the planner bring both arms home; returns why not, or an empty text."""
        try:
            self.take(PLANNER)
            report = self.session.skills.execute([Skill("back_to_origin")], [Skill("back_to_origin")])
        except BimanualError as error:
            return str(error)
        return "" if report.success else report.error_msg
