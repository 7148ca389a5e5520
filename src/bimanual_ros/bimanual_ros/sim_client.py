"""Simulated time as a client of the graph sees it: what sim/status says, what holds, steps and rebuilds the world."""

from __future__ import annotations

from bimanual_interfaces.msg import SimStatus
from bimanual_interfaces.srv import LoadScene

from bimanual_core.contract import SIM_BRIDGE
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.scene import SceneSpec
from bimanual_ros.conversions.basics import stamp_ns
from bimanual_ros.conversions.scene import load_scene_request
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.feed import Feed, call
from simulation_interfaces.msg import Result, SimulationState
from simulation_interfaces.srv import SetSimulationState, StepSimulation

#: Building a scene takes the bridge away for a while [s].
LOADING_S = 60.0


class SimClient:
    """The simulation over ``feed``. What waits raises SilentNodeError when the bridge falls silent."""

    def __init__(self, feed: Feed, endpoints: Endpoints) -> None:
        self._feed = feed
        self._status: SimStatus | None = None
        endpoints.subscription("sim/status", feed.hears(SIM_BRIDGE, self._on_status))
        self._set_state = endpoints.client("sim/set_simulation_state")
        self._step = endpoints.client("sim/step_simulation")
        self._load = endpoints.client("sim/load_scene")

    @property
    def ready(self) -> bool:
        """Whether the services were found."""
        return all(client.service_is_ready() for client in (self._set_state, self._step, self._load))

    @property
    def status(self) -> SimStatus:
        """The newest sim/status, once the bridge is there."""
        return self._feed.until(lambda: self._status, "sim/status", SIM_BRIDGE, LOADING_S)

    @property
    def lockstep(self) -> bool:
        """Whether time advances only while something runs."""
        return self._status is not None and self._status.time_mode == "lockstep"

    @property
    def scene_id(self) -> int:
        """Of the present scene; 0 before the bridge was heard."""
        return int(self._status.scene_id) if self._status is not None else 0

    @property
    def loading(self) -> bool:
        return self._status is None or self._status.state == SimStatus.LOADING

    @property
    def rest_ns(self) -> int:
        """The stamp at which simulated time rests [ns]; -1 while it moves."""
        if self._status is None or self._status.state != SimStatus.RESTING:
            return -1
        return stamp_ns(self._status.header.stamp)

    def await_rest(self, after_ns: int, silence_s: float = LOADING_S) -> int:
        """Wait until time rests later than at ``after_ns``; returns where [ns]."""
        what = "the simulation to come to rest"
        self._feed.until(lambda: self.rest_ns > after_ns, what, SIM_BRIDGE, silence_s)
        return self.rest_ns

    def play(self, playing: bool) -> None:
        """Hold simulated time, or let it go on. Raises BimanualError in the simulator's words."""
        state = SimulationState.STATE_PLAYING if playing else SimulationState.STATE_PAUSED
        request = SetSimulationState.Request(state=SimulationState(state=state))
        result = call(self._feed, self._set_state, request, SIM_BRIDGE).result
        if result.result != SetSimulationState.Response.ALREADY_IN_TARGET_STATE:
            _require_ok(result)

    def step(self, ticks: int) -> None:
        """Let so many ticks of physics pass. Raises as :meth:`play`."""
        _require_ok(call(self._feed, self._step, StepSimulation.Request(steps=ticks), SIM_BRIDGE).result)

    def load(self, scene: SceneSpec) -> tuple[int, int]:
        """Build a scene; its scene_id and the stamp [ns] at which it is ready. Raises BimanualError."""
        request = load_scene_request(scene)
        answer: LoadScene.Response = call(self._feed, self._load, request, SIM_BRIDGE, LOADING_S)
        if not answer.success:
            raise BimanualError(answer.error_msg, ErrorCode(answer.error_code))
        return int(answer.scene_id), stamp_ns(answer.stamp)

    def _on_status(self, message: SimStatus) -> None:
        self._status = message


def _require_ok(result: Result) -> None:
    if result.result != Result.RESULT_OK:
        raise BimanualError(result.error_message or f"simulator says {result.result}", ErrorCode.SIM_NOT_READY)
