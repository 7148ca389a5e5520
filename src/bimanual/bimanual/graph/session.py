"""A session with a graph of its own: its processes, and this process as a client of them.

What waits for the graph is told at once when one of its processes dies, and by name.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bimanual.graph.description import graph_nodes, resolve
from bimanual.graph.environment import graph_environment, release_domain
from bimanual.graph.shared_memory import lacks_room
from bimanual.graph.supervisor import Supervisor
from bimanual.output import note
from bimanual.runs import new_run_folder
from bimanual_core.contract import PLANNER, driver_of
from bimanual_core.errors import BimanualError, SilentNodeError
from bimanual_core.protocols import SampleListener
from bimanual_description import load
from bimanual_kinematics.model import RobotModel
from bimanual_ros.graph_client import GraphClient
from bimanual_ros.graph_health import GraphHealth
from bimanual_ros.graph_skills import GraphSkills
from bimanual_ros.graph_world import GraphWorld
from bimanual_tasks.session import ContactCounts

CLIENT = "bimanual_client"
DOMAIN = "ROS_DOMAIN_ID"
#: A node gets this long [s] to come up again.
START_S = 60.0
DEFAULTS = {
    "sim": {"time_mode": "lockstep", "cameras": "none"},
    "real": {"use_mock_hardware": "true", "cameras": "none"},
}


class GraphSession:
    """A running graph. Implements ``bimanual_tasks.session.Session``; use as a context manager, or :meth:`close` it.

    ``given`` are launch arguments as text; by default no camera runs, simulated time is lockstep and the ``real`` graph
    has the loopback robot. Raises BimanualError for an argument that does not fit, and SilentNodeError naming a node
    that dies or never appears.
    """

    def __init__(self, robot: str = "cobot_magic", given: Mapping[str, str] | None = None, graph: str = "sim") -> None:
        self.graph = graph
        self.arguments = resolve({"robot": robot, **DEFAULTS[graph], **(given or {})}, graph)
        spec = load(robot)
        self.log_dir: Path = new_run_folder("graph") / "log"
        if lacks_room():
            note(f"warning: {lacks_room()}")
        self.environment = graph_environment(bool(self.arguments["network"]))
        # This process takes part in the graph too, so it needs the same transport. The domain is the session's alone.
        os.environ.update({k: v for k, v in self.environment.items() if k != DOMAIN})
        self._listener: SampleListener | None = None
        with ExitStack() as stack:
            stack.callback(release_domain, int(self.environment[DOMAIN]))
            self.supervisor = stack.enter_context(
                Supervisor(graph_nodes(graph, self.arguments, spec), self.arguments, self.environment, self.log_dir)
            )
            namespace = str(self.arguments["namespace"])
            self._client = GraphClient(
                CLIENT,
                spec,
                RobotModel.of(spec),
                self.supervisor.check,
                namespace,
                int(self.environment[DOMAIN]),
                graph,
            )
            stack.callback(self._client.close)
            self.health = GraphHealth(self._client.node, [node.spec.name for node in self.supervisor.processes])
            twice = self.health.twice()
            if twice:
                raise BimanualError("\n".join(twice.values()))
            self._closing = stack.pop_all()

    def __enter__(self) -> GraphSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def world(self) -> GraphWorld:
        return self._client.world

    @property
    def skills(self) -> GraphSkills:
        return self._client.skills

    def listen(self, listener: SampleListener | None) -> None:
        """Send each 30 Hz sample to ``listener``, and to no other; None ends it."""
        if self._listener is not None:
            self.world.remove_listener(self._listener)
        self._listener = listener
        if listener is not None:
            self.world.add_listener(listener)

    def contacts(self) -> ContactCounts:
        """The simulator's counters since the last scene was loaded. Raises BimanualError where nothing is simulated."""
        status = self.world.status
        return ContactCounts(int(status.arm_arm_contacts), int(status.arm_table_contacts))

    def request(self, name: str, **fields: Any) -> Any:
        """The answer of the service ``name`` of the contract; raises as :meth:`GraphClient.request`."""
        return self._client.request(name, **fields)

    def restart(self, name: str) -> None:
        """Start the node ``name`` anew, whether it lives or not, and wait until it is at work. Raises SilentNodeError
        if it dies or does not come up, UnknownNameError for another name.

        A driver goes on with the time of the world, in a fresh scene: what was on the table is gone.
        """
        self.supervisor.restart(name)
        self.health.restarted(name)
        begin = time.monotonic()
        feed, limit = self.world.feed, begin + START_S
        feed.until(lambda: self.health.heard_since(name, begin) or time.monotonic() > limit, f"{name} to come up")
        if not self.health.heard_since(name, begin):
            raise SilentNodeError(f"node {name} did not come up again within {START_S:.0f} s")
        if name == driver_of(self.graph):
            # While DDS has not missed the dead one, the new one takes it for another driver and takes no goals.
            feed.until(lambda: not self.health.driver_twice() or time.monotonic() > limit, f"{name} to be alone")
            self.world.wait_ready()
        if name == PLANNER:
            self.skills.wait_ready()

    def close(self) -> None:
        """Leave the graph and end its processes."""
        self._closing.close()


def graph_session(robot: str = "cobot_magic", given: Mapping[str, str] | None = None) -> GraphSession:
    """A session with a fresh simulated graph of ``robot``; ``given`` are launch arguments as text."""
    return GraphSession(robot, given)
