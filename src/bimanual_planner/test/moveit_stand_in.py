"""A stand-in for moveit_py and MoveIt's messages, as far as the client uses them; names and parameters are theirs.

What it plans in is the project's own kinematics and collision scene, built from nothing but the messages it was sent
and the parameter file it was started with, so that a wrong message shows. It knows no ROS.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from copy import deepcopy
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import numpy as np
import yaml
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, Slerp

import bimanual_description
from bimanual_core.asset import Annotation, Asset, Shape
from bimanual_core.motion import JointTrajectory
from bimanual_kinematics import RobotModel
from bimanual_kinematics.collision import CollisionScene, arm_of_links
from bimanual_kinematics.ik import follow, ik_solutions
from bimanual_ros.conversions.basics import pose_of
from bimanual_ros.conversions.joints import trajectory_msg


class Message:
    """Fields with their defaults; any other name is refused."""

    fields: ClassVar[dict] = {}

    def __init__(self, **values):
        for name, default in self.fields.items():
            object.__setattr__(self, name, default() if callable(default) else default)
        for name, value in values.items():
            setattr(self, name, value)

    def __setattr__(self, name, value):
        if name not in self.fields:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        object.__setattr__(self, name, value)


class SolidPrimitive(Message):
    BOX, SPHERE, CYLINDER, CONE = 1, 2, 3, 4
    fields: ClassVar[dict] = {"type": 0, "dimensions": list, "polygon": object}


class MeshTriangle(Message):
    fields: ClassVar[dict] = {"vertex_indices": list}


class Mesh(Message):
    fields: ClassVar[dict] = {"triangles": list, "vertices": list}


class CollisionObject(Message):
    ADD, REMOVE, APPEND, MOVE = b"\x00", b"\x01", b"\x02", b"\x03"
    fields: ClassVar[dict] = {"header": object, "pose": object, "id": "", "type": object, "operation": b"\x00"} | {
        name: list
        for kind in ("primitive", "mesh", "plane")
        for name in (f"{kind}_poses", "meshes" if kind == "mesh" else f"{kind}s")
    }
    fields |= {"subframe_names": list, "subframe_poses": list}


class AttachedCollisionObject(Message):
    fields: ClassVar[dict] = {
        "link_name": "",
        "object": CollisionObject,
        "touch_links": list,
        "detach_posture": object,
        "weight": 0.0,
    }


class BoundingVolume(Message):
    fields: ClassVar[dict] = {"primitives": list, "primitive_poses": list, "meshes": list, "mesh_poses": list}


class PositionConstraint(Message):
    fields: ClassVar[dict] = {
        "header": object,
        "link_name": "",
        "target_point_offset": object,
        "constraint_region": BoundingVolume,
        "weight": 0.0,
    }


class Constraints(Message):
    fields: ClassVar[dict] = {
        "name": "",
        "joint_constraints": list,
        "position_constraints": list,
        "orientation_constraints": list,
        "visibility_constraints": list,
    }


class RobotState:
    """Joints by name, and what hands carry: name -> (link, shapes, T_link_object, touch links)."""

    def __init__(self, robot_model):
        self._model = robot_model
        self._positions = dict.fromkeys(robot_model.robot.joints.names, 0.0)
        self._velocities = dict.fromkeys(robot_model.robot.joints.names, 0.0)
        self.attached = {}

    def __deepcopy__(self, memo):
        other = RobotState(self._model)
        other._positions, other._velocities = dict(self._positions), dict(self._velocities)
        other.attached = dict(self.attached)
        return other

    @property
    def joint_positions(self):
        return dict(self._positions)

    @joint_positions.setter
    def joint_positions(self, values):
        self._positions |= {name: float(values[name]) for name in values}

    @property
    def joint_velocities(self):
        return dict(self._velocities)

    @joint_velocities.setter
    def joint_velocities(self, values):
        self._velocities |= values

    def update(self, force=False, type="all"):
        if type not in ("all", "links_only", "collisions_only"):
            raise ValueError("Invalid category")

    def set_from_ik(self, joint_model_group_name, geometry_pose, tip_name, timeout=0.0):
        side = joint_model_group_name.removesuffix("_arm")
        arm = self._model.robot.arm(side)
        if tip_name != arm.tcp_frame:
            return False
        found = ik_solutions(self._model, side, pose_of(geometry_pose), self.arm_q(side))
        if found:
            self.joint_positions = dict(zip(arm.joints, found[0], strict=True))
        return bool(found)

    @property
    def flat(self):
        return np.array([self._positions[name] for name in self._model.robot.joints.names])

    def arm_q(self, side):
        return self.flat[self._model.robot.joints.group(f"{side}_arm")]


class AllowedCollisionMatrix:
    def __init__(self, names=(), default_entry=False):
        self.allowed = set()

    def set_entry(self, name1, name2, allowed):
        (self.allowed.add if allowed else self.allowed.discard)(frozenset((name1, name2)))


class PlanningScene:
    """``world`` holds name -> (shapes, T_world_object)."""

    def __init__(self, robot_model, world=None):
        self.model = robot_model
        self.world = {}
        self.current_state = RobotState(robot_model)
        self.allowed_collision_matrix = AllowedCollisionMatrix()
        self._arms = arm_of_links(robot_model)
        self._made = None

    def is_state_valid(self, robot_state, joint_model_group_name, verbose=False):
        checker, carriers = self._checker(robot_state.attached)
        arms, sides = self._arms | carriers, sides_of(joint_model_group_name)
        hits = checker.collisions(robot_state.flat)
        return not any(arms.get(hit.a) in sides or arms.get(hit.b) in sides for hit in hits)

    def _checker(self, attached):
        """The project's collision scene of what was sent, and the side that carries each attached object."""
        allowed = self.allowed_collision_matrix.allowed
        key = (_key(self.world), _key(attached), frozenset(allowed))
        if self._made is None or self._made[0] != key:
            self._made = (key, *self._collision_scene(attached, allowed))
        return self._made[1:]

    def _collision_scene(self, attached, allowed):
        scene, carriers = CollisionScene(self.model), {}
        for name, (shapes, T) in self.world.items():
            scene.set_object(known(name), asset_of(name, shapes), T)
        for name, (link, shapes, T_link_object, touch_links) in attached.items():
            side = next(s for s in self.model.robot.sides if self.model.robot.arm(s).tcp_frame == link)
            scene.set_object(name, asset_of(name, shapes), np.eye(4))
            scene.attach(side, name, T_link_object)
            fingers = self.model.robot.arm(side).gripper.finger_links
            for finger in set(fingers) - set(touch_links):
                scene.forbid(finger, name)
            for finger in set(touch_links) - set(fingers):
                scene.allow(finger, name)
            carriers[name] = side
        for pair in allowed:
            scene.allow(*(known(name) for name in pair))
        return scene, carriers


class PlanningSceneMonitor:
    def __init__(self, scene):
        self._scene = scene

    def read_only(self):
        return Locked(self._scene)

    def read_write(self):
        return Locked(self._scene)

    def process_collision_object(self, collision_object_msg, color_msg=None):
        message, scene = collision_object_msg, self._scene
        if message.operation == CollisionObject.REMOVE:
            if not message.id:
                scene.world.clear()
                return True
            return scene.world.pop(message.id, None) is not None
        if message.header.frame_id != "world":
            return False
        if message.operation == CollisionObject.MOVE:
            if message.id not in scene.world:
                return False
            scene.world[message.id] = (scene.world[message.id][0], pose_of(message.pose))
            return True
        scene.world[message.id] = (shapes_of(message), pose_of(message.pose))
        return bool(message.primitives or message.meshes)

    def process_attached_collision_object(self, attached_collision_object_msg):
        message, scene = attached_collision_object_msg, self._scene
        attached, name = scene.current_state.attached, message.object.id
        if message.object.operation == CollisionObject.REMOVE:
            names = [name] if name else list(attached)
            if any(n not in attached for n in names):
                return False
            for n in names:
                link, shapes, T_link_object, _ = attached.pop(n)
                scene.world[n] = (shapes, scene.model.frame(link, scene.current_state.flat) @ T_link_object)
            return True
        if message.object.header.frame_id != message.link_name or not shapes_of(message.object):
            return False
        scene.world.pop(name, None)
        T = pose_of(message.object.pose)
        attached[name] = (message.link_name, shapes_of(message.object), T, tuple(message.touch_links))
        return True


class Locked:
    def __init__(self, scene):
        self._scene = scene

    def __enter__(self):
        return self._scene

    def __exit__(self, type, value, traceback):
        return None


class PlanRequestParameters:
    def __init__(self, moveit_cpp, ns):
        loaded = moveit_cpp.parameters["plan_request_params"]
        self.planner_id = loaded["planner_id"]
        self.planning_pipeline = loaded["planning_pipeline"]
        self.planning_attempts = loaded["planning_attempts"]
        self.planning_time = loaded["planning_time"]
        self.max_velocity_scaling_factor = loaded["max_velocity_scaling_factor"]
        self.max_acceleration_scaling_factor = loaded["max_acceleration_scaling_factor"]


class PlanningComponent:
    """Lines in joint space and lines and arcs of the tcp, checked in the scene; RRTConnect finds lines only."""

    def __init__(self, joint_model_group_name, moveit_py_instance):
        if joint_model_group_name not in moveit_py_instance.groups:
            raise RuntimeError(f"Could not find joint model group '{joint_model_group_name}'.")
        self._group, self._moveit = joint_model_group_name, moveit_py_instance
        self._sides = sides_of(joint_model_group_name)
        self._constraints = Constraints()

    def set_start_state(self, configuration_name=None, robot_state=None):
        self._start = deepcopy(robot_state)
        return True

    def set_goal_state(
        self,
        configuration_name=None,
        robot_state=None,
        pose_stamped_msg=None,
        pose_link=None,
        motion_plan_constraints=None,
    ):
        self._goal = deepcopy(robot_state)
        return True

    def set_path_constraints(self, path_constraints):
        self._constraints = path_constraints
        return True

    def plan(
        self,
        single_plan_parameters=None,
        multi_plan_parameters=None,
        planning_scene=None,
        solution_selection_function=None,
        stopping_criterion_callback=None,
    ):
        asked, scene = single_plan_parameters, self._moveit.scene
        self._moveit.asked.append((self._group, asked))
        if self._moveit.answer is not None:
            return self._moveit.answer
        pipeline = self._moveit.parameters[asked.planning_pipeline]
        pilz = pipeline["planning_plugins"] == ["pilz_industrial_motion_planner/CommandPlanner"]
        known = ("PTP", "LIN", "CIRC") if pilz else pipeline[self._group]["planner_configs"]
        if asked.planner_id not in known or (pilz and any(self._start.joint_velocities.values())):
            return Response(99999)
        if not scene.is_state_valid(self._start, self._group):
            return Response(-10)
        if not scene.is_state_valid(self._goal, self._group):
            return Response(-12)
        path = self._path(asked.planner_id)
        if path is None:
            return Response(-31)
        trajectory = self._timed(path, asked)
        state = deepcopy(self._start)
        for q in trajectory.positions:
            state.joint_positions = dict(zip(trajectory.joints, q, strict=True))
            if not scene.is_state_valid(state, self._group):
                return Response(-2 if pilz else -1)
        return Response(1, trajectory)

    def _path(self, planner):
        if planner in ("LIN", "CIRC"):
            return self._tcp_path(planner == "CIRC")
        return np.array([np.concatenate([s.arm_q(side) for side in self._sides]) for s in (self._start, self._goal)])

    def _tcp_path(self, circ):
        (side,), model = self._sides, self._moveit.model
        ends = [model.fk(side, state.arm_q(side)) for state in (self._start, self._goal)]
        points = [T[:3, 3] for T in ends]
        if circ:
            (constraint,) = self._constraints.position_constraints
            if self._constraints.name != "interim" or constraint.link_name != model.robot.arm(side).tcp_frame:
                return None
            (pose,) = constraint.constraint_region.primitive_poses
            points.insert(1, pose_of(pose)[:3, 3])
        share = np.linspace(0.0, 1.0, 40)
        knots = np.linspace(0.0, 1.0, len(points))
        places = np.column_stack([np.polyval(np.polyfit(knots, c, len(points) - 1), share) for c in np.array(points).T])
        turns = Slerp([0.0, 1.0], Rotation.from_matrix([T[:3, :3] for T in ends]))(share)
        poses = np.tile(np.eye(4), (len(share), 1, 1))
        poses[:, :3, :3], poses[:, :3, 3] = turns.as_matrix(), places
        path, done = follow(model, side, poses[1:], self._start.arm_q(side), max_step=0.3)
        return None if done < len(share) - 1 else np.vstack([self._start.arm_q(side), path])

    def _timed(self, path, asked):
        names = tuple(j for side in self._sides for j in self._moveit.model.robot.arm(side).joints)
        limits = [self._moveit.parameters["robot_description_planning"]["joint_limits"][name] for name in names]
        velocity = np.array([e["max_velocity"] for e in limits]) * asked.max_velocity_scaling_factor
        acceleration = np.array([e["max_acceleration"] for e in limits]) * asked.max_acceleration_scaling_factor
        spline = CubicSpline(np.linspace(0.0, 1.0, len(path)), path, bc_type="natural")
        u = np.linspace(0.0, 1.0, 81)  # least jerk along the path, as slow as the limits ask
        s, ds, dds = (
            10 * u**3 - 15 * u**4 + 6 * u**5,
            30 * (u * (1 - u)) ** 2,
            60 * u * (1 - u) * (1 - 2 * u),
        )
        v = spline(s, 1) * ds[:, None]
        a = spline(s, 2) * ds[:, None] ** 2 + spline(s, 1) * dds[:, None]
        seconds = max(0.1, float((np.abs(v) / velocity).max()), float(np.sqrt((np.abs(a) / acceleration).max())))
        return JointTrajectory(names, u * seconds, spline(s), v / seconds, a / seconds**2)


class RobotTrajectory:
    def __init__(self, trajectory):
        self._trajectory = trajectory

    def get_robot_trajectory_msg(self, joint_filter=()):
        return SimpleNamespace(joint_trajectory=trajectory_msg(self._trajectory))


class Response:
    def __init__(self, code, trajectory=None):
        self.error_code = SimpleNamespace(val=code)
        self.trajectory = None if trajectory is None else RobotTrajectory(trajectory)

    def __bool__(self):
        return self.error_code.val == 1


class MoveItPy:
    """``answer`` replaces what its planners say; ``asked`` lists groups and parameters of their requests."""

    newest = None

    def __init__(
        self,
        node_name="moveit_py",
        name_space="",
        launch_params_filepaths=(),
        config_dict=None,
        provide_planning_service=True,
    ):
        (path,) = launch_params_filepaths
        self.parameters, self.model = started_with(Path(path).read_text(encoding="utf-8"))
        self.name_space = name_space
        self.groups = self.parameters["ompl"]
        self.scene = PlanningScene(self.model)
        self.asked, self.answer, self.running = [], None, True
        MoveItPy.newest = self

    def get_planning_component(self, planning_component_name):
        return PlanningComponent(planning_component_name, self)

    def get_planning_scene_monitor(self):
        return PlanningSceneMonitor(self.scene)

    def shutdown(self):
        self.running = False


MODULES = {
    "moveit": (),
    "moveit.core": (),
    "moveit.core.robot_state": (RobotState,),
    "moveit.planning": (MoveItPy, PlanningComponent, PlanRequestParameters),
    "moveit_msgs": (),
    "moveit_msgs.msg": (AttachedCollisionObject, CollisionObject, Constraints, PositionConstraint),
    "shape_msgs": (),
    "shape_msgs.msg": (Mesh, MeshTriangle, SolidPrimitive),
}


def install(monkeypatch):
    """Let the client import the stand-in until the test ends."""
    for name, items in MODULES.items():
        module = ModuleType(name)
        for item in items:
            setattr(module, item.__name__, item)
        monkeypatch.setitem(sys.modules, name, module)
    for name in ("client", "messages"):
        monkeypatch.delitem(sys.modules, f"bimanual_ros.moveit_py.{name}", raising=False)


@cache
def started_with(text):
    """Parameters of a parameter file, and the robot that they describe; each read once."""
    values = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["/**"]["ros__parameters"]
    urdf = values["robot_description"]
    return values, RobotModel(bimanual_description.load(ElementTree.fromstring(urdf).attrib["name"]), urdf)


def sides_of(group):
    return ("left", "right") if group == "both_arms" else (group.removesuffix("_arm"),)


def shapes_of(message):
    """The shapes that an object's primitives and meshes say."""
    kinds = {SolidPrimitive.BOX: "box", SolidPrimitive.SPHERE: "sphere", SolidPrimitive.CYLINDER: "cylinder"}
    shapes = []
    for primitive, pose in zip(message.primitives, message.primitive_poses, strict=True):
        kind, size = kinds[primitive.type], tuple(primitive.dimensions)
        shapes.append(Shape(kind, size[::-1] if kind == "cylinder" else size, pose_of(pose)))
    for mesh, pose in zip(message.meshes, message.mesh_poses, strict=True):
        vertices = np.array([(v.x, v.y, v.z) for v in mesh.vertices])
        faces = np.array([triangle.vertex_indices for triangle in mesh.triangles], dtype=np.int64)
        shapes.append(Shape("mesh", tuple(np.ptp(vertices, axis=0).tolist()), pose_of(pose), None, vertices, faces))
    return tuple(shapes)


def asset_of(name, shapes):
    return Asset("sent", name, shapes, Annotation())


def known(name):
    """What the collision scene calls an object: the name of its own table is taken."""
    return "sent_table" if name == "table" else name


def _key(things):
    return tuple(
        (name, *(v.tobytes() if isinstance(v, np.ndarray) else v for v in thing)) for name, thing in things.items()
    )
