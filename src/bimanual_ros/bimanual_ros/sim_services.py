"""The services of simulation_interfaces and sim/load_scene over any simulator that offers :class:`Simulator`."""

from __future__ import annotations

from typing import Any

from bimanual_interfaces.srv import LoadScene

from bimanual_core.errors import BimanualError
from bimanual_ros.conversions.basics import time_msg
from bimanual_ros.conversions.scene import scene_of
from bimanual_ros.endpoints import Endpoints
from bimanual_ros.entity_states import entities_states
from bimanual_ros.sim_stepping import SimStepping
from bimanual_ros.simulator import Simulator
from simulation_interfaces.msg import Result, SimulationState, SimulatorFeatures
from simulation_interfaces.srv import (
    GetEntitiesStates,
    GetSimulationState,
    GetSimulatorFeatures,
    ResetSimulation,
    SetSimulationState,
)

_FEATURES = (
    SimulatorFeatures.ENTITY_STATE_GETTING,
    SimulatorFeatures.SIMULATION_RESET,
    SimulatorFeatures.SIMULATION_RESET_STATE,
    SimulatorFeatures.SIMULATION_RESET_SPAWNED,
    SimulatorFeatures.SIMULATION_STATE_GETTING,
    SimulatorFeatures.SIMULATION_STATE_SETTING,
    SimulatorFeatures.SIMULATION_STATE_PAUSE,
    SimulatorFeatures.STEP_SIMULATION_SINGLE,
    SimulatorFeatures.STEP_SIMULATION_MULTIPLE,
    SimulatorFeatures.STEP_SIMULATION_ACTION,
    SimulatorFeatures.ENTITY_CATEGORIES,
)
_SETTABLE = (SimulationState.STATE_PLAYING, SimulationState.STATE_PAUSED)
_INFO = (
    "scenes are built by sim/load_scene; a step is a tick of 1/300 s, and time rests on whole 1/30 s: steps are "
    "rounded up to them; state and spawned entities are reset together; filters of entities: names and categories"
)


class SimServices:
    """Serves ``simulator`` under ``sim/``."""

    def __init__(self, endpoints: Endpoints, simulator: Simulator) -> None:
        self._sim = simulator
        endpoints.service("sim/get_simulator_features", self._features)
        endpoints.service("sim/get_simulation_state", self._get_state)
        endpoints.service("sim/set_simulation_state", self._set_state)
        self._stepping = SimStepping(endpoints, simulator)
        endpoints.service("sim/reset_simulation", self._reset)
        endpoints.service("sim/get_entities_states", self._entities)
        endpoints.service("sim/load_scene", self._load_scene)

    def publish_feedback(self) -> None:
        """Feedback of what takes time; call this about 20 times a second."""
        self._stepping.publish_feedback()

    def _features(self, _: Any, response: GetSimulatorFeatures.Response) -> GetSimulatorFeatures.Response:
        response.features.features = list(_FEATURES)
        response.features.custom_info = _INFO
        return response

    def _get_state(self, _: Any, response: GetSimulationState.Response) -> GetSimulationState.Response:
        playing, paused = SimulationState.STATE_PLAYING, SimulationState.STATE_PAUSED
        response.state.state = playing if self._sim.playing else paused
        response.result.result = Result.RESULT_OK
        return response

    def _set_state(
        self, request: SetSimulationState.Request, response: SetSimulationState.Response
    ) -> SetSimulationState.Response:
        wanted = request.state.state
        if wanted not in _SETTABLE:
            known = wanted in (SimulationState.STATE_STOPPED, SimulationState.STATE_QUITTING)
            code = Result.RESULT_FEATURE_UNSUPPORTED if known else Result.RESULT_OPERATION_FAILED
            text = f"state {wanted} cannot be set; choices: 1 (playing), 2 (paused)"
            response.result = Result(result=code, error_message=text)
            return response
        playing = wanted == SimulationState.STATE_PLAYING
        if playing == self._sim.playing:
            text = f"the simulation is {'playing' if playing else 'paused'} already"
            already = SetSimulationState.Response.ALREADY_IN_TARGET_STATE
            response.result = Result(result=already, error_message=text)
            return response
        self._sim.set_playing(playing)
        response.result.result = Result.RESULT_OK
        return response

    def _reset(self, request: ResetSimulation.Request, response: ResetSimulation.Response) -> ResetSimulation.Response:
        scopes = ResetSimulation.Request
        known = scopes.SCOPE_TIME | scopes.SCOPE_STATE | scopes.SCOPE_SPAWNED
        everything = request.scope == scopes.SCOPE_ALL
        if request.scope & ~known and not everything:
            text = f"scope {request.scope} is unknown; choices: 0 (default), 2 (state), 4 (spawned), 6, 255 (all)"
            response.result = Result(result=Result.RESULT_OPERATION_FAILED, error_message=text)
        elif request.scope & scopes.SCOPE_TIME and not everything:
            text = "time never goes back here; reset the state instead"
            response.result = Result(result=Result.RESULT_FEATURE_UNSUPPORTED, error_message=text)
        else:
            self._sim.reload()
            response.result.result = Result.RESULT_OK
            response.result.error_message = "all was reset but time, which goes on" if everything else ""
        return response

    def _entities(self, request: GetEntitiesStates.Request, response: GetEntitiesStates.Response) -> Any:
        return entities_states(self._sim, response, request.filters)

    def _load_scene(self, request: LoadScene.Request, response: LoadScene.Response) -> LoadScene.Response:
        try:
            response.scene_id, ready_ns = self._sim.load_scene(scene_of(request))
            response.stamp = time_msg(ready_ns)
            response.success = True
        except BimanualError as error:
            response.error_code, response.error_msg = int(error.code), str(error)
        return response
