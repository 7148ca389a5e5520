"""Policies as performers of tasks in this process: checkpoints by name or path, and the session that shows what they
need to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bimanual.process_session import ProcessSession
from bimanual_core.observation import CameraFrame, Observation
from bimanual_core.protocols import Policy
from bimanual_core.robot import load_robot
from bimanual_core.skill import SkillReport
from bimanual_description.files import robot_path
from bimanual_tasks.performer import Assignment, Performer
from bimanual_tasks.seeds import generator
from bimanual_tasks.session import Session
from policy_node.contract import PolicyContract
from policy_node.serving.load import find_checkpoint, load_policy, needs_learning
from policy_node.serving.run import check_serving
from policy_node.serving.runner import PolicyRunner

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PolicyPerformers:
    """``policy``, a checkpoint's path or the name of one that comes with the project, as the performer of ``tasks``;
    picklable, so that each worker loads its own.

    ``shuffle_clouds`` mixes the pixels of the depth pictures: the policy keeps its joints and loses what it sees.
    ``threads`` bounds what a network computes with (0: as many as there are cores).
    """

    policy: str
    tasks: tuple[str, ...]
    shuffle_clouds: bool = False
    threads: int = 0

    def __call__(self, task_name: str) -> Performer:
        policy, contract = self._loaded(task_name)
        return PolicyPerformer(policy, contract, self.shuffle_clouds)

    def cameras(self, robot: str) -> tuple[str, ...]:
        """What the policies see. Raises BimanualError (POLICY_CHECKPOINT) for a checkpoint that is missing or made for
        another robot than ``robot``."""
        contracts = [self._loaded(task)[1] for task in self.tasks]
        for contract in contracts:
            check_serving(contract, load_robot(robot_path(robot)))
        return tuple(dict.fromkeys(camera for contract in contracts for camera in contract.cameras))

    def checkpoint(self, task_name: str) -> Path:
        """The checkpoint for a task. Raises BimanualError for one that is not there."""
        return find_checkpoint(self.policy, task_name)

    def _loaded(self, task_name: str) -> tuple[Policy, PolicyContract]:
        return _load(self.checkpoint(task_name), self.threads)


@dataclass(frozen=True)
class PolicyPerformer:
    """Runs a policy until the episode is over."""

    policy: Policy
    contract: PolicyContract
    shuffle_clouds: bool = False

    def __call__(self, session: Session, assignment: Assignment) -> SkillReport:
        policy = self.policy
        if self.shuffle_clouds:
            policy = ShuffledDepth(policy, generator(assignment.task.name, assignment.seed, "shuffle"))
        runner = PolicyRunner(policy, self.contract, session.world)
        most_steps = round(assignment.task.limit_seconds * self.contract.rate_hz)
        report = runner.run(assignment.instruction, most_steps, assignment.over)
        layer = "" if report.success else "policy"
        return SkillReport(report.asked, report.steps, report.error_code, report.error_msg, layer=layer)


class ShuffledDepth:
    """A policy that is shown depth pictures whose pixels have changed places, anew in each frame."""

    def __init__(self, policy: Policy, random: np.random.Generator) -> None:
        self._policy = policy
        self._random = random

    def reset(self) -> None:
        self._policy.reset()

    def infer(self, window: Sequence[Observation], instruction: str) -> Array:
        return self._policy.infer([self._mixed(seen) for seen in window], instruction)

    def _mixed(self, seen: Observation) -> Observation:
        return replace(seen, cameras={name: self._mixed_frame(frame) for name, frame in seen.cameras.items()})

    def _mixed_frame(self, frame: CameraFrame) -> CameraFrame:
        pixels = self._random.permutation(frame.depth_mm.reshape(-1))
        return replace(frame, depth_mm=pixels.reshape(frame.depth_mm.shape))


@dataclass(frozen=True)
class PolicySessionFactory:
    """Opens sessions in process that show what the policies of ``performers`` need; picklable."""

    performers: PolicyPerformers
    robot: str = "cobot_magic"

    def __call__(self) -> ProcessSession:
        return ProcessSession(self.robot, self.performers.cameras(self.robot))


@cache
def _load(checkpoint: Path, threads: int) -> tuple[Policy, PolicyContract]:
    if needs_learning(checkpoint):
        from bimanual.extras import require

        require("learning")
    loaded = load_policy(checkpoint)
    if threads and needs_learning(checkpoint):
        import torch

        torch.set_num_threads(threads)
    return loaded
