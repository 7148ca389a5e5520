"""A policy without eyes: commands that were recorded, played back at their times from its first observation on.

It shows what a robot, a graph or an evaluation does with a policy whose answers are known.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_core.observation import Observation
from bimanual_core.rates import NS_PER_S
from bimanual_core.robot import RobotSpec
from policy_node.contract import PolicyContract

Array = NDArray[np.float64]
SUFFIX = ".npz"
#: Actions of one answer.
CHUNK_STEPS = 16


class RecordedPolicy:
    """Answers with ``actions`` (N, D), one a period of ``rate_hz``, from the time since the first observation on; then
    with the last one."""

    def __init__(self, actions: Array, rate_hz: float) -> None:
        self._actions = actions
        self._rate_hz = rate_hz
        self._begin_ns = -1

    def reset(self) -> None:
        """The next observation is the first."""
        self._begin_ns = -1

    def infer(self, window: Sequence[Observation], instruction: str) -> Array:
        """The next CHUNK_STEPS actions (T, D)."""
        now_ns = window[-1].stamp_ns
        if self._begin_ns < 0:
            self._begin_ns = now_ns
        first = round((now_ns - self._begin_ns) / NS_PER_S * self._rate_hz)
        rows = np.minimum(np.arange(first, first + CHUNK_STEPS), len(self._actions) - 1)
        return self._actions[rows]


def save_recorded(path: Path, robot: RobotSpec, rate_hz: int, actions: Array) -> None:
    """Write ``actions`` (N, D) as a checkpoint of a :class:`RecordedPolicy` for ``robot``."""
    np.savez_compressed(path, actions=actions, joints=robot.joints.names, robot=robot.name, rate_hz=rate_hz)


def load_recorded(path: Path) -> tuple[RecordedPolicy, PolicyContract]:
    """The policy of a file of :func:`save_recorded`. Raises BimanualError (POLICY_CHECKPOINT) for anything else."""
    try:
        with np.load(path, allow_pickle=False) as file:
            contract = PolicyContract(
                robot=str(file["robot"]),
                joint_names=tuple(str(name) for name in file["joints"]),
                cameras={},
                rate_hz=int(file["rate_hz"]),
                observations=1,
                actions=CHUNK_STEPS // 2,
                max_actions=CHUNK_STEPS,
            )
            actions = np.asarray(file["actions"], dtype=float)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise BimanualError(f"{path} is not a recorded policy: {error}", ErrorCode.POLICY_CHECKPOINT) from None
    if (
        actions.ndim != 2
        or actions.shape[1] != len(contract.joint_names)
        or not len(actions)
        or not np.isfinite(actions).all()
    ):
        raise BimanualError(
            f"{path}: actions have shape {actions.shape}, expected finite (N, {len(contract.joint_names)})",
            ErrorCode.POLICY_CHECKPOINT,
        )
    return RecordedPolicy(actions, contract.rate_hz), contract
