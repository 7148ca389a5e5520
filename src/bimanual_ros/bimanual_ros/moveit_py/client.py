"""The client of moveit_py that the planner's backend ``moveit`` works through.

It edits the scene of MoveIt's planning scene monitor, so that RViz shows it, and plans in copies of it. Written against
moveit_py 2.12 and newer.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from moveit.core.robot_state import RobotState
from moveit.planning import MoveItPy, PlanningComponent, PlanRequestParameters
from numpy.typing import NDArray

from bimanual_core.asset import Shape
from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.motion import JointTrajectory
from bimanual_core.robot import RobotSpec
from bimanual_ros.conversions.basics import pose_msg
from bimanual_ros.conversions.joints import trajectory_of
from bimanual_ros.moveit_py import messages

if TYPE_CHECKING:
    from moveit.core.collision_detection import AllowedCollisionMatrix
    from moveit.core.planning_scene import PlanningScene
    from moveit.planning import PlanningSceneMonitor

Array = NDArray[np.float64]

NODE_NAME = "moveit_py"
WORLD = "world"
_IK_SECONDS = 0.02


class MoveItPyClient:
    """One MoveItPy in this process, with a C++ node of its own; the methods are those of the backend's MoveItClient.

    Raises BimanualError where MoveIt does not start.
    """

    def __init__(self, robot: RobotSpec, parameter_file: str, namespace: str = "") -> None:
        self._robot = robot
        self._names = robot.joints.names
        self._components: dict[str, PlanningComponent] = {}
        # A file of its own: what MoveItPy makes of a config_dict reaches no node in a namespace.
        self._folder = tempfile.TemporaryDirectory(prefix="moveit_")
        path = Path(self._folder.name) / "moveit.params.yaml"
        path.write_text(parameter_file, encoding="utf-8")
        try:
            self._moveit = MoveItPy(
                node_name=NODE_NAME, name_space=namespace.strip("/"), launch_params_filepaths=[str(path)]
            )
            self._monitor: PlanningSceneMonitor = self._moveit.get_planning_scene_monitor()
        except RuntimeError as error:
            self._folder.cleanup()
            raise BimanualError(f"MoveIt did not start: {error}; its log says more", ErrorCode.INTERNAL) from None

    # -- the scene ----------------------------------------------------------------------------------------------------
    def clear(self) -> None:
        """Take every object out, those in hands too."""
        self._monitor.process_attached_collision_object(messages.detached(""))
        self._monitor.process_collision_object(messages.removed(""))

    def put(self, name: str, shapes: Sequence[Shape], T_world_object: Array) -> None:
        """Place an object, new or in the place of one of that name."""
        self._process("place", name, messages.added(name, shapes, WORLD, T_world_object))

    def move(self, name: str, T_world_object: Array) -> None:
        """Another pose of an object that is there."""
        self._process("move", name, messages.moved(name, WORLD, T_world_object))

    def remove(self, name: str) -> None:
        """Take an object out that no hand holds."""
        self._process("remove", name, messages.removed(name))

    def attach(
        self, name: str, shapes: Sequence[Shape], link: str, T_link_object: Array, touch_links: Sequence[str]
    ) -> None:
        """Let ``link`` carry an object; only ``touch_links`` may touch it."""
        message = messages.attached(name, shapes, link, T_link_object, touch_links)
        _require(self._monitor.process_attached_collision_object(message), "attach", name)

    def detach(self, name: str) -> None:
        """Leave a carried object in the world, where it is."""
        _require(self._monitor.process_attached_collision_object(messages.detached(name)), "detach", name)

    def set_contacts(self, pairs: Iterable[tuple[str, str]], allowed: bool) -> None:
        """Allow or forbid contact of pairs of objects."""
        pairs = list(pairs)
        if not pairs:
            return
        scene: PlanningScene
        with self._monitor.read_write() as scene:
            matrix: AllowedCollisionMatrix = scene.allowed_collision_matrix
            for a, b in pairs:
                matrix.set_entry(a, b, allowed)

    # -- kinematics and checks ----------------------------------------------------------------------------------------
    def ik(self, side: str, q: Array, T_world_tcp: Array) -> Array | None:
        """Joints (n,) of one arm that reach a tcp pose, sought from flat ``q`` (D,); None where MoveIt finds none."""
        arm = self._robot.arm(side)
        state = self._state(q)
        if not state.set_from_ik(f"{side}_arm", pose_msg(T_world_tcp), arm.tcp_frame, _IK_SECONDS):
            return None
        state.update()
        found = state.joint_positions
        return np.array([found[joint] for joint in arm.joints])

    def first_invalid(self, group: str, qs: Array) -> int | None:
        """Index of the first of joints (N, D) at which the group touches what it may not, or None."""
        state = self._state(qs[0])
        scene: PlanningScene
        with self._monitor.read_only() as scene:
            for i, q in enumerate(qs):
                self._place(state, q)
                if not scene.is_state_valid(robot_state=state, joint_model_group_name=group):
                    return i
        return None

    # -- planning -----------------------------------------------------------------------------------------------------
    def plan(
        self,
        group: str,
        q: Array,
        q_goal: Array,
        *,
        pipeline: str,
        planner: str,
        seconds: float,
        scaling: tuple[float, float],
        via: tuple[str, Array] | None = None,
    ) -> tuple[int, str, JointTrajectory | None]:
        """MoveIt's error code, its words if its version has some, and the group's timed motion where there is one."""
        component = self._component(group)
        component.set_start_state(robot_state=self._state(q))
        component.set_goal_state(robot_state=self._state(q_goal))
        constraints = messages.no_constraints() if via is None else messages.through(via[0], WORLD, via[1])
        component.set_path_constraints(path_constraints=constraints)
        response = component.plan(single_plan_parameters=self._asked(pipeline, planner, seconds, scaling))
        code = int(response.error_code.val)
        words = str(getattr(response.error_code, "message", ""))  # newer moveit_msgs have it
        if not response:
            return code, words, None
        return code, words, trajectory_of(response.trajectory.get_robot_trajectory_msg().joint_trajectory)

    def close(self) -> None:
        """End MoveIt's node; the one of rclpy goes on."""
        self._components.clear()
        self._moveit.shutdown()
        self._folder.cleanup()

    # -- helpers ------------------------------------------------------------------------------------------------------
    def _asked(self, pipeline: str, planner: str, seconds: float, scaling: tuple[float, float]) -> Any:
        asked = PlanRequestParameters(self._moveit, "")  # its place has no names; no namespace within the parameters
        asked.planning_pipeline, asked.planner_id = pipeline, planner
        asked.planning_attempts, asked.planning_time = 1, seconds
        asked.max_velocity_scaling_factor, asked.max_acceleration_scaling_factor = scaling
        return asked

    def _component(self, group: str) -> PlanningComponent:
        if group not in self._components:
            self._components[group] = self._moveit.get_planning_component(group)
        return self._components[group]

    def _state(self, q: Array) -> RobotState:
        """The scene's state with what hands carry, at rest at flat joints ``q``: a new state would carry nothing."""
        scene: PlanningScene
        with self._monitor.read_only() as scene:
            state: RobotState = copy.deepcopy(scene.current_state)
        self._place(state, q)
        return state

    def _place(self, state: RobotState, q: Array) -> None:
        state.joint_positions = dict(zip(self._names, (float(v) for v in q), strict=True))
        state.joint_velocities = dict.fromkeys(self._names, 0.0)  # Pilz refuses any other start
        state.update()

    def _process(self, what: str, name: str, message: Any) -> None:
        _require(self._monitor.process_collision_object(message), what, name)


def _require(done: bool, what: str, name: str) -> None:
    if not done:
        raise BimanualError(f"MoveIt refused to {what} object {name!r}; its log says why", ErrorCode.INTERNAL)
