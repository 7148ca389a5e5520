"""The network of DP3: encoders of cloud and joints, and the U-Net they condition."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from policy_node.dp3.config import Dp3Config
from policy_node.dp3.unet import ConditionalUnet


class PointNet(nn.Module):
    """Points (..., N, 3) to features (..., F): each point by itself, then the largest of each feature."""

    def __init__(self, widths: tuple[int, ...], features: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for into, out in zip((3, *widths), widths, strict=False):
            layers += [nn.Linear(into, out), nn.LayerNorm(out), nn.ReLU(inplace=True)]
        self.each = nn.Sequential(*layers)
        self.project = nn.Sequential(nn.Linear(widths[-1], features), nn.LayerNorm(features))

    def forward(self, points: Tensor) -> Tensor:
        return self.project(self.each(points).amax(dim=-2))


class Dp3Network(nn.Module):
    """Predicts clean action sequences (B, H, D) from noised ones, given what :meth:`encode` makes of the window."""

    def __init__(self, config: Dp3Config, joints: int) -> None:
        super().__init__()
        net = config.network
        self.cloud = PointNet(net.encoder, net.cloud_features)
        self.state = nn.Sequential(
            nn.Linear(joints, net.state_features), nn.ReLU(), nn.Linear(net.state_features, net.state_features)
        )
        condition = config.chunk.observations * (net.cloud_features + net.state_features)
        self.unet = ConditionalUnet(joints, condition, net)

    def encode(self, state: Tensor, cloud: Tensor) -> Tensor:
        """The condition (B, C) of states (B, O, D) and clouds (B, O, N, 3), both normalised."""
        return torch.cat([self.cloud(cloud), self.state(state)], dim=-1).flatten(1)

    def forward(self, noised: Tensor, step: Tensor, condition: Tensor) -> Tensor:
        """Clean actions (B, H, D) from ``noised`` ones at diffusion steps (B,)."""
        return self.unet(noised, self.unet.modulations(step, condition))


def parameter_count(network: nn.Module) -> int:
    """Number of weights."""
    return sum(p.numel() for p in network.parameters())
