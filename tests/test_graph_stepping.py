"""simulation_interfaces on the live graph, in both time modes: steps, pauses, resets and states of entities; whatever
comes between, everybody is answered in words."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from bimanual_interfaces.msg import SafetyState, SimStatus
from graph_asking import Asker, answer_of, wait_for

from bimanual.graph.session import GraphSession
from bimanual_core.contract import SIM_BRIDGE
from bimanual_core.motion import JointTrajectory
from bimanual_core.rates import PHYSICS_HZ, REST_TICKS
from bimanual_core.scene import SceneObject, SceneSpec
from bimanual_core.se3 import make_T
from bimanual_ros.conversions.basics import pose_of, stamp_ns, vector_of
from bimanual_ros.conversions.joints import trajectory_msg
from bimanual_ros.conversions.scene import load_scene_request
from control_msgs.action import FollowJointTrajectory
from simulation_interfaces.action import SimulateSteps
from simulation_interfaces.msg import EntityCategory, EntityFilters, Result, SimulationState
from simulation_interfaces.srv import ResetSimulation, SetSimulationState

pytestmark = [pytest.mark.graph, pytest.mark.sim]
PLAYING, PAUSED = SimulationState.STATE_PLAYING, SimulationState.STATE_PAUSED
#: One lies, one falls for seconds, one never moves.
SCENE = SceneSpec(
    (
        SceneObject("cube", "cube", "red", make_T((0.2, 0.0, 0.77))),
        SceneObject("stone", "cube", "blue", make_T((0.0, 3.0, 80.0))),
        SceneObject("shelf", "cube", "green", make_T((-0.3, 0.0, 0.9)), fixed=True),
    ),
    seed=3,
)
#: More steps than happen while a test asks for something else.
MANY = 60_000


class Stepped:
    """A graph with the scene loaded and time standing still."""

    def __init__(self, session: GraphSession, realtime: bool) -> None:
        self.session = session
        self.realtime = realtime
        self.asker = Asker(session)
        self.status = SimStatus()
        session.world.endpoints.subscription("sim/status", session.world.feed.hears(SIM_BRIDGE, self._on_status))
        wait_for(session, lambda: self.now_ns > 0, "sim/status")

    def _on_status(self, status: SimStatus) -> None:
        self.status = status

    @property
    def now_ns(self) -> int:
        """The stamp of the newest status."""
        return stamp_ns(self.status.header.stamp)

    @property
    def resting(self) -> bool:
        return self.status.state == SimStatus.RESTING

    def set_state(self, state: int) -> Result:
        request = SetSimulationState.Request(state=SimulationState(state=state))
        return self.asker.ask("sim/set_simulation_state", request).result

    def stand_still(self) -> None:
        """No time passes but by request."""
        if self.realtime:
            self.set_state(PAUSED)
        else:
            self.set_state(PLAYING)
        self.at_rest()

    def at_rest(self) -> int:
        """The stamp [ns] at which time rests."""
        wait_for(self.session, lambda: self.resting, "rest")
        return self.now_ns

    def ticks_since(self, at_ns: int) -> int:
        """Ticks that have passed when time rests again."""
        wait_for(self.session, lambda: self.now_ns > at_ns and self.resting, "a later rest")
        return round((self.now_ns - at_ns) * 1e-9 * PHYSICS_HZ)

    def load(self) -> None:
        answer = self.asker.ask("sim/load_scene", load_scene_request(SCENE))
        assert answer.success, answer.error_msg


@pytest.fixture(scope="module", params=["lockstep", "realtime"])
def running(request: pytest.FixtureRequest) -> Iterator[Stepped]:
    with GraphSession(given={"time_mode": request.param}) as session:
        yield Stepped(session, request.param == "realtime")


@pytest.fixture
def stepped(running: Stepped) -> Iterator[Stepped]:
    running.load()
    running.stand_still()
    yield running
    running.session.supervisor.check()


# -- steps ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("steps", "pass_"), [(1, REST_TICKS), (30, 30), (31, 40)])
def test_steps_pass_rounded_up_to_where_time_rests(stepped: Stepped, steps: int, pass_: int) -> None:
    before = stepped.at_rest()
    result = stepped.asker.ask("sim/step_simulation", steps=steps).result
    assert (result.result, result.error_message) == (Result.RESULT_OK, "")
    assert stepped.ticks_since(before) == pass_


@pytest.mark.parametrize("steps", [0, 3600 * 300 + 1, 2**64 - 1])
def test_no_steps_and_too_many_are_refused(stepped: Stepped, steps: int) -> None:
    before = stepped.at_rest()
    result = stepped.asker.ask("sim/step_simulation", steps=steps).result
    assert result.result == Result.RESULT_OPERATION_FAILED
    assert result.error_message == f"steps {steps} is outside 1..1080000"
    handle = stepped.asker.send("sim/simulate_steps", SimulateSteps.Goal(steps=steps))
    answer = stepped.asker.finish("sim/simulate_steps", handle)
    assert answer.status == GoalStatus.STATUS_ABORTED
    assert answer.result.result.error_message == f"steps {steps} is outside 1..1080000"
    assert stepped.at_rest() == before


def test_time_that_runs_freely_is_not_stepped(stepped: Stepped) -> None:
    if not stepped.realtime:
        assert stepped.asker.ask("sim/step_simulation", steps=10).result.result == Result.RESULT_OK
        return
    stepped.set_state(PLAYING)
    result = stepped.asker.ask("sim/step_simulation", steps=10).result
    assert result.result == Result.RESULT_INCORRECT_STATE
    assert result.error_message == "simulated time runs freely; pause it first, or use time_mode:=lockstep"
    handle = stepped.asker.send("sim/simulate_steps", SimulateSteps.Goal(steps=10))
    result = stepped.asker.finish("sim/simulate_steps", handle).result.result
    assert result.result == Result.RESULT_INCORRECT_STATE


def test_requests_at_once_have_their_steps_one_after_the_other(stepped: Stepped) -> None:
    before = stepped.at_rest()
    calls = [stepped.asker.call_async("sim/step_simulation", steps=30) for _ in range(3)]
    handle = stepped.asker.send("sim/simulate_steps", SimulateSteps.Goal(steps=60))
    answers = [answer_of(stepped.session, call, "the steps") for call in calls]
    assert [a.result.result for a in answers] == [Result.RESULT_OK] * 3
    assert stepped.asker.finish("sim/simulate_steps", handle).status == GoalStatus.STATUS_SUCCEEDED
    assert stepped.ticks_since(before) == 150


def test_a_new_scene_ends_the_steps_under_way_with_words(stepped: Stepped) -> None:
    call = stepped.asker.call_async("sim/step_simulation", steps=MANY)
    handle = stepped.asker.send("sim/simulate_steps", SimulateSteps.Goal(steps=MANY))
    stepped.load()
    result = answer_of(stepped.session, call, "the steps").result
    assert result.result == Result.RESULT_OPERATION_FAILED
    assert result.error_message.startswith("a new scene is loaded after ")
    assert result.error_message.endswith(f" of {MANY} steps")
    answer = stepped.asker.finish("sim/simulate_steps", handle)
    assert answer.status == GoalStatus.STATUS_ABORTED
    assert answer.result.result.error_message.startswith("a new scene is loaded after ")


def test_others_are_heard_while_steps_go_on_and_a_stop_acts(stepped: Stepped) -> None:
    world = stepped.session.world
    call = stepped.asker.call_async("sim/step_simulation", steps=MANY)
    assert stepped.asker.ask("sim/get_simulation_state", patience_s=2.0).result.result == Result.RESULT_OK
    if stepped.realtime:
        stepped.set_state(PLAYING)  # goals wait while time is paused
    states: list[SafetyState] = []
    subscription = world.endpoints.subscription("safety/state", states.append)
    handle = stepped.asker.send("left_arm_controller/follow_joint_trajectory", swing(stepped))
    assert handle.accepted
    stop = stepped.asker.call_async("safety/stop")
    answer = stepped.asker.finish("left_arm_controller/follow_joint_trajectory", handle)
    assert answer.status == GoalStatus.STATUS_ABORTED
    assert "stop" in answer.result.error_string
    assert not call.done()
    assert answer_of(stepped.session, stop, "safety/stop").success
    wait_for(stepped.session, lambda: any(s.stopped for s in states), "safety/state")
    world.node.destroy_subscription(subscription)
    assert stepped.asker.ask("safety/reset").success
    stepped.load()
    assert "a new scene is loaded" in answer_of(stepped.session, call, "the steps").result.error_message


def swing(stepped: Stepped) -> FollowJointTrajectory.Goal:
    """The left arm, slowly, for a minute."""
    robot = stepped.session.world.robot
    here = robot.home[robot.joints.group("left_arm")]
    times = np.array([0.0, 60.0])
    way = np.array([here, here + 0.3 * np.where(here > 0.5, -1, 1)])
    way = np.clip(way, robot.lower[robot.joints.group("left_arm")], robot.upper[robot.joints.group("left_arm")])
    way[0] = here
    trajectory = JointTrajectory(robot.arm("left").joints, times, way, np.zeros((2, 6)))
    return FollowJointTrajectory.Goal(trajectory=trajectory_msg(trajectory))


def test_steps_as_an_action_tell_how_far_they_are_and_can_be_cancelled(stepped: Stepped) -> None:
    before = stepped.at_rest()
    heard: list[tuple[int, int]] = []

    def take(message: Any) -> None:
        heard.append((message.feedback.completed_steps, message.feedback.remaining_steps))

    handle = stepped.asker.send("sim/simulate_steps", SimulateSteps.Goal(steps=MANY), take)
    wait_for(stepped.session, lambda: len(heard) >= 3, "feedback")
    answer_of(stepped.session, handle.cancel_goal_async(), "the cancelling")
    answer = stepped.asker.finish("sim/simulate_steps", handle)
    assert answer.status == GoalStatus.STATUS_CANCELED
    done = [completed for completed, _ in heard]
    assert done == sorted(done)
    assert all(sum(pair) == MANY for pair in heard)
    passed = stepped.ticks_since(before)
    assert answer.result.result.error_message.startswith("cancelled after ")
    told = int(answer.result.result.error_message.split()[2])
    assert 0 < passed - told + REST_TICKS <= 2 * REST_TICKS
    handle = stepped.asker.send("sim/simulate_steps", SimulateSteps.Goal(steps=20))
    assert stepped.asker.finish("sim/simulate_steps", handle).status == GoalStatus.STATUS_SUCCEEDED


# -- states and resets ------------------------------------------------------------------------------------------------
def test_states_are_set_and_told(stepped: Stepped) -> None:
    assert stepped.set_state(PLAYING if stepped.realtime else PAUSED).result == Result.RESULT_OK
    for state, wanted in ((PAUSED, PAUSED), (PLAYING, PLAYING)):
        stepped.set_state(state)
        already = stepped.set_state(state)
        assert already.result == SetSimulationState.Response.ALREADY_IN_TARGET_STATE
        assert already.error_message.endswith("already")
        assert stepped.asker.ask("sim/get_simulation_state").state.state == wanted
    for state, code in (
        (SimulationState.STATE_STOPPED, Result.RESULT_FEATURE_UNSUPPORTED),
        (SimulationState.STATE_QUITTING, Result.RESULT_FEATURE_UNSUPPORTED),
        (77, Result.RESULT_OPERATION_FAILED),
    ):
        result = stepped.set_state(state)
        assert result.result == code
        assert result.error_message == f"state {state} cannot be set; choices: 1 (playing), 2 (paused)"


def test_a_pause_stops_time_and_its_end_goes_on(stepped: Stepped) -> None:
    if not stepped.realtime:
        return
    before = stepped.at_rest()
    stepped.set_state(PLAYING)
    wait_for(stepped.session, lambda: stepped.now_ns > before + 200_000_000, "time to pass")
    stepped.set_state(PAUSED)
    rest = stepped.at_rest()
    stepped.asker.ask("sim/get_simulation_state")
    assert stepped.at_rest() == rest


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        (ResetSimulation.Request.SCOPE_DEFAULT, Result.RESULT_OK),
        (ResetSimulation.Request.SCOPE_STATE, Result.RESULT_OK),
        (ResetSimulation.Request.SCOPE_SPAWNED, Result.RESULT_OK),
        (ResetSimulation.Request.SCOPE_ALL, Result.RESULT_OK),
        (ResetSimulation.Request.SCOPE_TIME, Result.RESULT_FEATURE_UNSUPPORTED),
        (ResetSimulation.Request.SCOPE_TIME | ResetSimulation.Request.SCOPE_STATE, Result.RESULT_FEATURE_UNSUPPORTED),
        (8, Result.RESULT_OPERATION_FAILED),
    ],
)
def test_scopes_of_a_reset(stepped: Stepped, scope: int, code: int) -> None:
    before = stepped.at_rest()
    scene_id = stepped.status.scene_id
    result = stepped.asker.ask("sim/reset_simulation", scope=scope).result
    assert result.result == code
    assert result.error_message or code == Result.RESULT_OK
    if code == Result.RESULT_OK:
        wait_for(stepped.session, lambda: stepped.status.scene_id == scene_id + 1 and stepped.resting, "the scene")
        assert stepped.at_rest() > before
    else:
        assert (stepped.status.scene_id, stepped.at_rest()) == (scene_id, before)


# -- entities ---------------------------------------------------------------------------------------------------------
def entities(stepped: Stepped, **filters: Any) -> Any:
    return stepped.asker.ask("sim/get_entities_states", filters=EntityFilters(**filters))


def test_entities_stand_where_the_objects_do_and_fall_as_fast(stepped: Stepped) -> None:
    stepped.asker.ask("sim/step_simulation", steps=30)
    answer = entities(stepped)
    assert list(answer.entities) == ["cube", "stone", "shelf"]
    states = dict(zip(answer.entities, answer.states, strict=True))
    objects = stepped.session.world.objects()
    for name, state in states.items():
        assert state.header.frame_id == "world"
        assert stamp_ns(state.header.stamp) == objects.stamp_ns
        assert np.allclose(pose_of(state.pose), objects.objects[name].T_world_object)
    fell = states["stone"].twist.linear
    assert vector_of(fell)[:2] == pytest.approx((0.0, 0.0), abs=1e-6)
    # It has fallen freely since it was placed; where it is says how fast.
    assert fell.z == pytest.approx(-np.sqrt(2 * 9.81 * (80.0 - states["stone"].pose.position.z)), rel=0.02)
    assert vector_of(states["shelf"].twist.linear) == (0.0, 0.0, 0.0)
    assert np.linalg.norm(vector_of(states["cube"].twist.linear)) < 0.05


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"filter": "^s"}, ["stone", "shelf"]),
        ({"filter": "cube|shelf"}, ["cube", "shelf"]),
        ({"filter": "[[:digit:]]"}, []),
        ({"categories": [EntityCategory(category=EntityCategory.CATEGORY_STATIC_OBJECT)]}, ["shelf"]),
        ({"categories": [EntityCategory(category=EntityCategory.CATEGORY_OBJECT)]}, ["cube", "stone", "shelf"]),
        ({"categories": [EntityCategory(category=EntityCategory.CATEGORY_HUMAN)]}, []),
    ],
)
def test_filters_of_entities(stepped: Stepped, filters: dict[str, Any], names: list[str]) -> None:
    answer = entities(stepped, **filters)
    assert answer.result.result == Result.RESULT_OK
    assert list(answer.entities) == names
