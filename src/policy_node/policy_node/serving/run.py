"""What every way of running a policy shares: what it sees, what it commands, and how the arms come to rest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode, SilentNodeError
from bimanual_core.observation import Observation
from bimanual_core.protocols import World
from bimanual_core.rates import NS_PER_S, OBJECTS_HZ
from bimanual_core.robot import RobotSpec
from policy_node.contract import PolicyContract
from policy_node.serving.asking import Answer
from policy_node.serving.chunk import ChunkShaper, Path, stream_of

Array = NDArray[np.float64]

#: Called with each answer that is about to be executed, and the number of actions executed before.
ChunkListener = Callable[[Answer, int], None]
#: An arm that was to move by this much [rad] and has done less than this share of it does not follow.
ASKED_RAD, LEAST_SHARE = 0.05, 0.1
#: An arm that is nearer to its path than this [rad] moves as its path does.
ON_PATH_RAD = 1e-3
#: An arm that is further from its path than this [rad], and has not moved since the last look, is held back.
HELD_RAD, STILL_RAD = 0.02, 1e-4
#: So many chunks in a row that an arm does not follow end the run: what the guard holds back once, a policy may mend.
MOST_UNFOLLOWED = 4
#: Refusals of one chunk; the next one may be taken.
PASSING = frozenset({ErrorCode.CONTROL_REJECTED, ErrorCode.CONTROL_WORKSPACE, ErrorCode.CONTROL_ARM_DISTANCE})


def check_serving(contract: PolicyContract, robot: RobotSpec) -> None:
    """Raises BimanualError (POLICY_CHECKPOINT) if a policy was made for another robot than ``robot``, or has a rate at
    which a simulated world does not rest; UnknownNameError for a camera that the robot lacks."""
    try:
        contract.check_robot(robot)
    except BimanualError as error:
        raise BimanualError(str(error), ErrorCode.POLICY_CHECKPOINT) from None
    if contract.rate_hz < 1 or OBJECTS_HZ % contract.rate_hz:
        choices = ", ".join(str(OBJECTS_HZ // n) for n in (1, 2, 3, 5, 6))
        words = f"policy rate {contract.rate_hz} Hz does not divide {OBJECTS_HZ} Hz; choices: {choices}"
        raise BimanualError(words, ErrorCode.POLICY_CHECKPOINT)
    for camera in contract.cameras:
        robot.camera(camera)


class Commander:
    """The commands of one run: ``path`` is what the arms were last told to do; see ChunkShaper for ``reserve_s``."""

    def __init__(self, world: World, contract: PolicyContract, reserve_s: float = 0.0) -> None:
        self.shaper = ChunkShaper(world.robot, reserve_s)
        self.path: Path | None = None
        self._world = world
        self._contract = contract
        self._refusal: BimanualError | None = None
        self._in_a_row = 0
        self._due: tuple[NDArray[np.int64], Array] | None = None
        self._last_commanded: Array | None = None
        self._arms = np.concatenate([np.append(np.ones(arm.dof, bool), False) for arm in world.robot.arms])

    def observe(self) -> Observation:
        """What the policy sees now. Raises BimanualError (POLICY_CAMERA_LOST) naming a camera that sends nothing."""
        try:
            return self._world.observe(tuple(self._contract.cameras))
        except SilentNodeError as error:
            if any(f"pictures of {camera}" in str(error) for camera in self._contract.cameras):
                raise BimanualError(str(error), ErrorCode.POLICY_CAMERA_LOST) from None
            raise

    def stamps(self, answer: Answer) -> NDArray[np.int64]:
        """When each action is due [ns], (T,): action k lies k periods after the observation that was answered."""
        periods = np.arange(len(answer.actions)) * (NS_PER_S / self._contract.rate_hz)
        return answer.stamp_ns + np.round(periods).astype(np.int64)

    def velocity(self, stamp_ns: int) -> Array:
        """What the arms were told to do at ``stamp_ns`` (D,)."""
        return np.zeros(self._world.robot.joints.size) if self.path is None else self.path.at(stamp_ns)[1]

    def follow(self, now_ns: int, position: Array, stamps_ns: NDArray[np.int64], actions: Array) -> None:
        """Command ``actions`` (N, D) for ``stamps_ns`` (N,), from the commanded ``position`` (D,) on. A part
        that the controllers refuse stays where it is. Raises what else the world raises."""
        self._due = (stamps_ns, actions)
        self._follow((now_ns, position, self.velocity(now_ns)), stamps_ns, actions)

    def lead_on(self, now: Observation) -> None:
        """Call each period: arms that the guard holds back are led on to what is due later, from where they stand. The
        first of the actions may be what it forbids, and those after it the way out. Raises as :meth:`follow`."""
        before, self._last_commanded = self._last_commanded, now.commanded
        held = self._held(now, before)
        if self._due is None or not held.any():
            return
        stamps_ns, actions = self._due
        later = stamps_ns > now.stamp_ns
        if later.any():
            velocity = np.where(held, 0.0, self.velocity(now.stamp_ns))
            self._follow((now.stamp_ns, now.commanded, velocity), stamps_ns[later], actions[later])

    def _held(self, now: Observation, before: Array | None) -> NDArray[np.bool_]:
        """Joints (D,) of arms that stand although their path has gone on."""
        held = np.zeros(now.commanded.size, bool)
        if self.path is None or before is None:
            return held
        off, moved = np.abs(self.path.at(now.stamp_ns)[0] - now.commanded), np.abs(now.commanded - before)
        for side in self._world.robot.sides:
            arm = self._world.robot.joints.group(f"{side}_arm")
            held[arm] = off[arm].max() > HELD_RAD and moved[arm].max() < STILL_RAD
        return held

    def _follow(self, begin: tuple[int, Array, Array], stamps_ns: NDArray[np.int64], actions: Array) -> None:
        now_ns, position, _ = begin
        # Arms that are not where they were told to be, because their acceleration is limited, move otherwise too.
        sure = self.path is None or np.abs(self.path.at(now_ns)[0] - position)[self._arms].max() < ON_PATH_RAD
        self.path = self.shaper.path(begin, stamps_ns, actions, sure)
        try:
            self._world.command(stream_of(self._world.robot, self.path, now_ns))
        except BimanualError as error:
            if error.code not in PASSING:
                raise
            self._refusal = error

    def check_followed(self, now: Observation) -> None:
        """Raises BimanualError (CONTROL_*) if an arm stayed where it was for several chunks although told to go."""
        unfollowed = self._unfollowed(now)
        self._in_a_row = self._in_a_row + 1 if unfollowed else 0
        refusal, self._refusal = self._refusal, None
        if self._in_a_row >= MOST_UNFOLLOWED:
            code = ErrorCode.CONTROL_REJECTED if refusal is None else refusal.code
            why = "the driver's log says what it refused" if refusal is None else str(refusal)
            raise BimanualError(f"{unfollowed} for {self._in_a_row} chunks: {why}", code)

    def _unfollowed(self, now: Observation) -> str:
        """Which arm did not follow the path, in words; empty if both did."""
        if self.path is None:
            return ""
        asked = np.abs(self.path.at(now.stamp_ns)[0] - self.path.positions[0])
        moved = np.abs(now.commanded - self.path.positions[0])
        for side in self._world.robot.sides:
            arm = self._world.robot.joints.group(f"{side}_arm")
            if asked[arm].max() > ASKED_RAD and moved[arm].max() < LEAST_SHARE * asked[arm].max():
                far = f"told to move by {asked[arm].max():.2f} rad it moved by {moved[arm].max():.3f}"
                return f"the {side} arm does not follow ({far})"
        return ""

    def halt(self) -> None:
        """Bring what moves to rest, and wait for it. Raises SilentNodeError."""
        if self.path is None:
            return
        now = self._world.observe()
        rest = self.shaper.halt((now.stamp_ns, now.commanded, self.velocity(now.stamp_ns)))
        self.path = None
        try:
            self._world.command(stream_of(self._world.robot, rest, now.stamp_ns))
        except SilentNodeError:
            raise
        except BimanualError:
            return  # who refuses has stopped the arms, or somebody else moves them
        self._world.wait((rest.end_ns - now.stamp_ns) / NS_PER_S)
