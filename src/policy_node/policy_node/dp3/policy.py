"""The trained DP3 policy: a window of observations in, a chunk of joint commands out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bimanual_core.errors import BimanualError
from bimanual_core.observation import Observation
from policy_node.contract import PolicyContract
from policy_node.dp3 import checkpoint
from policy_node.dp3.ddim import denoise, inference_steps, signal_shares
from policy_node.points import policy_cloud

Array = NDArray[np.float64]


class Dp3Policy:
    """A ``Policy`` from a checkpoint. The same seed and the same calls since ``reset`` give the same chunks.

    ``actions`` and ``inference_steps`` replace the checkpoint's number of actions given out and of DDIM steps.
    ``threads`` bounds the processor threads of the whole process's torch; None leaves them.
    Raises CheckpointError for a file that is refused, BimanualError for options outside their limits.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        seed: int = 0,
        actions: int | None = None,
        inference_steps: int | None = None,
        threads: int | None = None,
    ) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self._network, self.about = checkpoint.load(path)
        self._network.requires_grad_(False)
        self._actions = _within("actions", actions, self.about.contract.actions, self.about.contract.max_actions)
        diffusion = self.about.config.diffusion
        self._steps = _within("inference_steps", inference_steps, diffusion.inference_steps, diffusion.train_steps)
        self._shares = signal_shares(diffusion.train_steps)
        self._seed = seed
        self._random = torch.Generator()
        self.reset()

    @property
    def contract(self) -> PolicyContract:
        """What the policy asks of those who run it."""
        return replace(self.about.contract, actions=self._actions)

    def reset(self) -> None:
        """Begin anew: what is random starts over from the seed."""
        self._random.manual_seed(self._seed)

    def infer(self, window: Sequence[Observation], instruction: str = "") -> Array:
        """Commands (T, D) in flat order [rad; grippers m], the first for the instant of the newest observation.

        ``window`` is oldest first, one observation per period of ``contract.rate_hz``; one that is too short is filled
        with its oldest. DP3 learns one task and does not read ``instruction``. Raises BimanualError for a window that
        does not fit the contract or a camera that sees nothing.
        """
        self.contract.check_window(window)
        count = self.about.contract.observations
        padded = [window[0]] * (count - len(window)) + list(window[-count:])
        states = np.stack([o.joints.position for o in padded]).astype(np.float32)
        camera = self.about.config.cloud
        clouds = np.stack([policy_cloud(o.cameras[camera.camera], camera.crop, camera.points) for o in padded])
        return self.infer_arrays(states, clouds)

    @torch.inference_mode()
    def infer_arrays(self, states: NDArray[np.float32], clouds: NDArray[np.float32]) -> Array:
        """As :meth:`infer`, from states (O, D) and sampled clouds (O, N, 3)."""
        limits, chunk = self.about.normaliser, self.about.config.chunk
        condition = self._network.encode(
            torch.from_numpy(limits.joints(states))[None], torch.from_numpy(limits.cloud(clouds))[None]
        )
        noise = torch.randn(1, chunk.horizon, states.shape[1], generator=self._random)
        sample = self._sample(condition, noise)[0, chunk.observations - 1 :][: self._actions]
        return limits.joints_back(sample.numpy()).astype(np.float64)

    def _sample(self, condition: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """The normalised actions (1, H, D). Blocks' modulations are computed for all steps at once."""
        unet = self._network.unet
        steps = torch.tensor(inference_steps(len(self._shares), self._steps))
        modulations = unet.modulations(steps, condition.expand(len(steps), -1))

        def predict(x: torch.Tensor, index: int) -> torch.Tensor:
            return unet(x, [m[index : index + 1] for m in modulations])

        return denoise(noise, predict, self._shares, self._steps)


def _within(name: str, given: int | None, default: int, most: int) -> int:
    value = default if given is None else given
    if not 1 <= value <= most:
        raise BimanualError(f"{name} {value} is outside [1, {most}]")
    return value
