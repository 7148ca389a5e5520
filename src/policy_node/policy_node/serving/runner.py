"""Running a policy step by step: the world stands still while the policy thinks, so the same seed gives the same run.

Each action is commanded for its own stamp: action k of a chunk lies k periods after the observation it answers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bimanual_core.errors import BimanualError, ErrorCode, SilentNodeError
from bimanual_core.observation import Observation
from bimanual_core.protocols import Policy, World
from bimanual_core.rates import NS_PER_S, OBJECTS_HZ
from bimanual_core.robot import RobotSpec
from policy_node.contract import PolicyContract
from policy_node.serving.asking import Array, Asker
from policy_node.serving.chunk import ChunkShaper, Path, stream_of
from policy_node.serving.report import RunReport
from policy_node.serving.window import ObservationWindow

#: Called with the stamp of the observation [ns] and the chunk (T, D) that answers it.
ChunkListener = Callable[[int, Array], None]


class PolicyRunner:
    """Lets ``policy`` act in ``world``, whose time moves only in ``world.wait``. Raises as :func:`check_serving`."""

    def __init__(
        self, policy: Policy, contract: PolicyContract, world: World, on_chunk: ChunkListener | None = None
    ) -> None:
        check_serving(contract, world.robot)
        self.contract = contract
        self._world = world
        self._asker = Asker(policy, world.robot)
        self._on_chunk = on_chunk

    def run(self, instruction: str, most_steps: int, over: Callable[[], bool] = lambda: False) -> RunReport:
        """Act until ``over()`` or for ``most_steps`` actions; the arms are at rest afterwards, also after a failure.

        A failure of the policy, a camera or a controller is a report; only SilentNodeError is raised, if nothing can
        be commanded any more.
        """
        turn = _Turn(self._world, self.contract, self._asker, self._on_chunk)
        code, words = ErrorCode.NONE, ""
        try:
            turn.begin()
            while turn.steps < most_steps and not over():
                turn.play(instruction, most_steps, over)
        except BimanualError as error:
            code, words = error.code, str(error)
        finally:
            turn.halt()
        return RunReport(
            asked=most_steps,
            steps=turn.steps,
            seconds=turn.steps / self.contract.rate_hz,
            error_code=code,
            error_msg=words,
            clamped=turn.shaper.clamped,
            slowed=turn.shaper.slowed,
            chunk_ms=tuple(self._asker.chunk_ms),
        )


class _Turn:
    """The state of one run."""

    def __init__(self, world: World, contract: PolicyContract, asker: Asker, on_chunk: ChunkListener | None) -> None:
        self.steps = 0
        self.shaper = ChunkShaper(world.robot)
        self._world = world
        self._contract = contract
        self._asker = asker
        self._on_chunk = on_chunk
        self._window = ObservationWindow(contract.observations)
        self._path: Path | None = None

    def begin(self) -> None:
        self._asker.reset()
        self._window.add(observe(self._world, self._contract))

    def play(self, instruction: str, most_steps: int, over: Callable[[], bool]) -> None:
        """One chunk: ask for it, command it, let its first ``action_steps`` happen."""
        contract = self._contract
        seen = self._window.seen()
        chunk = self._asker.ask(seen, instruction)
        if self._on_chunk is not None:
            self._on_chunk(seen[-1].stamp_ns, chunk)
        self._command(seen[-1], chunk)
        count = min(contract.actions, len(chunk) - 1, most_steps - self.steps)
        for k in range(count):
            self._world.wait(1 / contract.rate_hz)
            self.steps += 1
            if over():
                return
            if count - k <= contract.observations:
                self._window.add(observe(self._world, contract))

    def halt(self) -> None:
        """Bring what moves to rest."""
        if self._path is None:
            return
        joints = self._world.observe()
        begin = (joints.stamp_ns, joints.commanded, self._path.at(joints.stamp_ns)[1])
        path = self.shaper.halt(begin)
        self._path = None
        try:
            self._world.command(stream_of(self._world.robot, path, joints.stamp_ns))
        except SilentNodeError:
            raise
        except BimanualError:
            return  # who refuses has stopped the arms, or somebody else moves them
        self._world.wait((path.end_ns - joints.stamp_ns) / NS_PER_S)

    def _command(self, newest: Observation, chunk: Array) -> None:
        now_ns = newest.stamp_ns
        velocity = np.zeros(chunk.shape[1]) if self._path is None else self._path.at(now_ns)[1]
        stamps = now_ns + np.round(np.arange(1, len(chunk)) * NS_PER_S / self._contract.rate_hz).astype(np.int64)
        self._path = self.shaper.path((now_ns, newest.commanded, velocity), stamps, chunk[1:])
        self._world.command(stream_of(self._world.robot, self._path, now_ns))


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


def observe(world: World, contract: PolicyContract) -> Observation:
    """What the policy sees now. Raises BimanualError (POLICY_CAMERA_LOST) naming a camera that sends nothing."""
    try:
        return world.observe(tuple(contract.cameras))
    except SilentNodeError as error:
        if any(f"pictures of {camera}" in str(error) for camera in contract.cameras):
            raise BimanualError(str(error), ErrorCode.POLICY_CAMERA_LOST) from None
        raise
