"""Optimises a DP3 network, one step at a time, with all of its state in view: a run can stop and go on exactly."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from policy_node.dataset import Demonstration
from policy_node.dp3.config import Recipe
from policy_node.dp3.ddim import add_noise, signal_shares
from policy_node.dp3.network import Dp3Network
from policy_node.dp3.normaliser import Normaliser, fit
from policy_node.windows import Windows, split, windows_of

#: Validation: at most this many windows, always with the same noise.
VALIDATION_WINDOWS = 256
VALIDATION_SEED = 12345


@dataclass(frozen=True, eq=False)
class Tables:
    """The demonstrations' rows one after another, normalised, on the training device: state and action (R, D), cloud
    (R, N, 3)."""

    state: Tensor
    action: Tensor
    cloud: Tensor


class Trainer:
    """Trains on ``demonstrations`` by ``recipe``. Equal arguments give equal losses on a processor.

    ``normaliser`` is fitted to the training episodes; ``network`` is what is optimised and ``average`` its moving
    average, which becomes the policy.
    """

    def __init__(self, demonstrations: tuple[Demonstration, ...], recipe: Recipe, seed: int, device: str) -> None:
        self.recipe, self.device = recipe, torch.device(device)
        share = recipe.training.validation_share
        self.train_episodes, self.validation_episodes = split(len(demonstrations), share, seed)
        self.normaliser = _fit([demonstrations[i] for i in self.train_episodes])
        self._tables = _tables(demonstrations, self.normaliser, self.device)
        lengths = [d.length for d in demonstrations]
        self._windows = windows_of(lengths, recipe.policy.chunk, self.train_episodes)
        self._validation = _thin(lengths, recipe, self.validation_episodes)
        torch.manual_seed(seed)
        self.network = Dp3Network(recipe.policy, demonstrations[0].state.shape[1]).to(self.device)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(),
            lr=recipe.training.learning_rate,
            betas=recipe.training.betas,
            weight_decay=recipe.training.weight_decay,
            fused=True,
        )
        self._weights = list(zip(self.average.parameters(), self.network.parameters(), strict=True))
        self.random = torch.Generator().manual_seed(seed)
        self.step_count = 0
        self._shares = signal_shares(recipe.policy.diffusion.train_steps).to(self.device)

    def step(self, fraction: float) -> float:
        """One step of optimisation, ``fraction`` (0 to 1) through the run; the loss."""
        training = self.recipe.training
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate(fraction)
        self.network.train()
        chosen = torch.randint(self._windows.count, (training.batch,), generator=self.random)
        loss = self._loss(self.network, self._windows, chosen, self.random, augment=True)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), training.gradient_norm)
        self.optimiser.step()
        self.step_count += 1
        self._follow()
        return float(loss.detach())

    def learning_rate(self, fraction: float) -> float:
        """Linear warm-up by steps, then a cosine to 0 by the fraction of the run."""
        training = self.recipe.training
        warm = min(1.0, (self.step_count + 1) / max(1, training.warmup_steps))
        return training.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, fraction))))

    @torch.no_grad()
    def validate(self) -> float | None:
        """The average network's loss on the episodes held out; None where there are none."""
        if self._validation is None:
            return None
        self.average.eval()
        random = torch.Generator().manual_seed(VALIDATION_SEED)
        chosen = torch.arange(self._validation.count)
        return float(self._loss(self.average, self._validation, chosen, random, augment=False))

    def _loss(
        self, network: Dp3Network, windows: Windows, chosen: Tensor, random: torch.Generator, augment: bool
    ) -> Tensor:
        rows = chosen.numpy()
        observed = torch.from_numpy(windows.observed[rows]).to(self.device)
        action = self._tables.action[torch.from_numpy(windows.acted[rows]).to(self.device)]
        state, cloud = self._observed(observed, random, augment)
        step = torch.randint(len(self._shares), (len(rows),), generator=random).to(self.device)
        noise = self._normal(action.shape, random)
        noised = add_noise(action, noise, self._shares, step)
        return functional.mse_loss(network(noised, step, network.encode(state, cloud)), action)

    def _observed(self, observed: Tensor, random: torch.Generator, augment: bool) -> tuple[Tensor, Tensor]:
        """States (B, O, D) and clouds (B, O, K, 3) of rows (B, O)."""
        state, training = self._tables.state[observed], self.recipe.training
        if not augment:
            return state, self._tables.cloud[observed]
        points = self._tables.cloud.shape[1]
        kept = torch.randperm(points, generator=random)[: max(1, round(points * training.points_kept))]
        cloud = self._tables.cloud[observed[..., None], kept.to(self.device)]
        spread = training.cloud_noise / self.normaliser.cloud_half
        cloud = cloud + spread * self._normal(cloud.shape, random)
        offset = self._normal((state.shape[0], 1, state.shape[2]), random)
        return state + training.state_noise * offset, cloud

    def _normal(self, shape: tuple[int, ...] | torch.Size, random: torch.Generator) -> Tensor:
        """Normal noise, drawn on the processor so that a seed means the same on every device."""
        return torch.randn(shape, generator=random).to(self.device)

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average towards the network: slowly where it has seen much."""
        training = self.recipe.training
        decay = min(training.ema_most, 1 - (1 + self.step_count) ** -training.ema_power)
        for kept, new in self._weights:
            kept.lerp_(new, 1 - decay)


def _fit(demonstrations: list[Demonstration]) -> Normaliser:
    return fit(*(np.concatenate([getattr(d, name) for d in demonstrations]) for name in ("state", "action", "cloud")))


def _tables(demonstrations: tuple[Demonstration, ...], limits: Normaliser, device: torch.device) -> Tables:
    def all_of(name: str) -> np.ndarray:
        return np.concatenate([getattr(d, name) for d in demonstrations])

    state, action, cloud = (
        limits.joints(all_of("state")),
        limits.joints(all_of("action")),
        limits.cloud(all_of("cloud")),
    )
    return Tables(*(torch.from_numpy(values).to(device) for values in (state, action, cloud)))


def _thin(lengths: list[int], recipe: Recipe, episodes: list[int]) -> Windows | None:
    """Evenly spaced windows of the episodes held out."""
    if not episodes:
        return None
    windows = windows_of(lengths, recipe.policy.chunk, episodes)
    chosen = np.unique(np.linspace(0, windows.count - 1, VALIDATION_WINDOWS).astype(int))
    return Windows(windows.observed[chosen], windows.acted[chosen])
