"""A 1-D U-Net over time whose blocks are scaled and shifted by a condition (FiLM)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from policy_node.dp3.config import NetworkConfig

LONGEST_PERIOD = 1e4


class FilmBlock(nn.Module):
    """Two convolutions with a residual path; between them each channel is scaled and shifted."""

    def __init__(self, into: int, out: int, condition: int, kernel: int, groups: int) -> None:
        super().__init__()

        def convolution(channels: int) -> nn.Sequential:
            same = nn.Conv1d(channels, out, kernel, padding=kernel // 2)
            return nn.Sequential(same, nn.GroupNorm(groups, out), nn.Mish())

        self.first = convolution(into)
        self.second = convolution(out)
        self.film = nn.Linear(condition, 2 * out)
        self.residual = nn.Conv1d(into, out, 1) if into != out else nn.Identity()

    def forward(self, x: Tensor, modulation: Tensor) -> Tensor:
        """x (B, into, T) and what ``film`` made of the condition (B, 2 * out) to (B, out, T)."""
        scale, shift = modulation.unsqueeze(-1).chunk(2, dim=1)
        return self.second(scale * self.first(x) + shift) + self.residual(x)


class ConditionalUnet(nn.Module):
    """Sequences (B, T, D) to sequences of the same shape; T is halved twice, so it is a multiple of 4."""

    def __init__(self, width: int, condition: int, config: NetworkConfig) -> None:
        super().__init__()
        embedding = config.step_embedding
        self.half_embedding = embedding // 2
        self.step = nn.Sequential(nn.Linear(embedding, 4 * embedding), nn.Mish(), nn.Linear(4 * embedding, embedding))
        small, middle, large = config.channels

        def block(into: int, out: int) -> FilmBlock:
            return FilmBlock(into, out, embedding + condition, config.kernel, config.groups)

        self.blocks = nn.ModuleList(
            [
                *(block(width, small), block(small, small)),
                *(block(small, middle), block(middle, middle)),
                *(block(middle, large), block(large, middle)),
                *(block(2 * middle, small), block(2 * small, small)),
            ]
        )
        self.down = nn.ModuleList([nn.Conv1d(c, c, 3, 2, 1) for c in (small, middle)])
        self.up = nn.ModuleList([nn.ConvTranspose1d(c, c, 4, 2, 1) for c in (middle, small)])
        self.out = nn.Conv1d(small, width, 1)
        self.activation = nn.Mish()

    def modulations(self, step: Tensor, condition: Tensor) -> list[Tensor]:
        """What the blocks are scaled and shifted by: diffusion steps (B,) and conditions (B, C). Nothing of it depends
        on the sample, so that one call serves all steps of an inference."""
        frequency = torch.exp(
            -math.log(LONGEST_PERIOD)
            / (self.half_embedding - 1)
            * torch.arange(self.half_embedding, device=condition.device, dtype=condition.dtype)
        )
        angle = step[:, None].to(condition.dtype) * frequency
        embedded = self.step(torch.cat([angle.sin(), angle.cos()], dim=-1))
        both = self.activation(torch.cat([embedded, condition], dim=-1))
        return [block.film(both) for block in self.blocks]

    def forward(self, x: Tensor, modulations: list[Tensor]) -> Tensor:
        """Sequences (B, T, D) under the modulations of :meth:`modulations`."""

        def run(index: int, value: Tensor) -> Tensor:
            return self.blocks[index](value, modulations[index])

        fine = run(1, run(0, x.transpose(1, 2)))
        coarse = run(3, run(2, self.down[0](fine)))
        deep = run(5, run(4, self.down[1](coarse)))
        coarse = run(6, torch.cat([self.up[0](deep), coarse], dim=1))
        fine = run(7, torch.cat([self.up[1](coarse), fine], dim=1))
        return self.out(fine).transpose(1, 2)
