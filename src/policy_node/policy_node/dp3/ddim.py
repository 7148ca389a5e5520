"""Diffusion by DDIM (Song et al. 2021): the squared-cosine schedule, sample prediction, no noise between steps.

Written out because it is short, and because the library it is checked against takes longer to import than to run.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

#: No step removes more than this share of what is left of the sample.
MOST_BETA = 0.999


def signal_shares(train_steps: int) -> Tensor:
    """Share of the signal's variance left after each of ``train_steps`` steps (S,), by the squared cosine."""

    def left(t: float) -> float:
        return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2

    steps = range(train_steps)
    betas = [min(1 - left((i + 1) / train_steps) / left(i / train_steps), MOST_BETA) for i in steps]
    return torch.cumprod(1.0 - torch.tensor(betas, dtype=torch.float32), dim=0)


def add_noise(sample: Tensor, noise: Tensor, shares: Tensor, step: Tensor) -> Tensor:
    """Samples (B, H, D) noised to step (B,)."""
    share = shares[step].reshape(-1, 1, 1)
    return share.sqrt() * sample + (1 - share).sqrt() * noise


def inference_steps(train_steps: int, count: int) -> list[int]:
    """``count`` of the training steps, evenly spaced, from the noisiest to 0."""
    return [i * (train_steps // count) for i in reversed(range(count))]


def denoise(noise: Tensor, predict: Callable[[Tensor, int], Tensor], shares: Tensor, count: int) -> Tensor:
    """The sample (B, H, D) that ``noise`` becomes in ``count`` steps.

    ``predict(x, index)`` gives the clean sample of ``x`` at the ``index``-th inference step. Samples are kept in
    [-1, 1], the normalised range of the data.
    """
    steps = inference_steps(len(shares), count)
    x = noise
    for index, step in enumerate(steps):
        share = shares[step]
        after = steps[index] - len(shares) // count
        next_share = shares[after] if after >= 0 else torch.ones_like(share)
        clean = predict(x, index).clamp(-1.0, 1.0)
        residue = (x - share.sqrt() * clean) / (1 - share).sqrt()
        x = next_share.sqrt() * clean + (1 - next_share).sqrt() * residue
    return x
