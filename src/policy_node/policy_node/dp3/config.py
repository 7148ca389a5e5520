"""What a DP3 policy is made of and how it is trained, as frozen data; YAML files set any of it by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bimanual_core.config import build, load_yaml
from bimanual_core.rates import PHYSICS_HZ, POLICY_HZ
from policy_node.points import CropBox


@dataclass(frozen=True)
class CloudConfig:
    """The point cloud: which camera it is from, what is kept of it and how many points (the paper's 1024 halve the
    speed and gain nothing measurable on one block)."""

    camera: str = "head"
    crop: CropBox = field(default_factory=CropBox)
    points: int = 512

    def __post_init__(self) -> None:
        if not 16 <= self.points <= 8192:
            raise ValueError(f"points {self.points} is outside [16, 8192]")


@dataclass(frozen=True)
class ChunkConfig:
    """Time: rate [Hz], how many observations go in, how many actions are predicted and how many of them are given out.

    The first predicted action belongs to the oldest observation, as in the paper; those before the newest are not
    given out, so at most ``horizon - observations + 1`` are.
    """

    rate_hz: int = POLICY_HZ
    observations: int = 2
    horizon: int = 16
    actions: int = 8

    def __post_init__(self) -> None:
        if self.rate_hz < 1 or PHYSICS_HZ % self.rate_hz:
            raise ValueError(f"rate_hz {self.rate_hz} does not divide {PHYSICS_HZ}")
        if self.horizon < 4 or self.horizon % 4:
            raise ValueError(f"horizon {self.horizon} is not a multiple of 4, which the network halves twice")
        if not 1 <= self.observations <= self.horizon:
            raise ValueError(f"observations {self.observations} is outside [1, {self.horizon}]")
        if not 1 <= self.actions <= self.most_actions:
            raise ValueError(f"actions {self.actions} is outside [1, {self.most_actions}]")

    @property
    def most_actions(self) -> int:
        """Predicted actions from the newest observation on."""
        return self.horizon - self.observations + 1


@dataclass(frozen=True)
class NetworkConfig:
    """Widths. The encoder is the paper's; its U-Net of 512, 1024, 2048 channels has 255 M weights, this one 1.2 M."""

    encoder: tuple[int, ...] = (64, 128, 256)
    cloud_features: int = 64
    state_features: int = 64
    channels: tuple[int, int, int] = (64, 96, 128)
    step_embedding: int = 64
    kernel: int = 5
    groups: int = 8

    def __post_init__(self) -> None:
        for width in (*self.encoder, self.cloud_features, self.state_features, *self.channels, self.step_embedding):
            if not 8 <= width <= 4096 or width % 2:
                raise ValueError(f"width {width} is not an even number in [8, 4096]")
        if self.kernel % 2 == 0 or not 1 <= self.kernel <= 15:
            raise ValueError(f"kernel {self.kernel} is not an odd number in [1, 15]")
        if self.groups < 1 or any(width % self.groups for width in self.channels):
            raise ValueError(f"groups {self.groups} does not divide the channels {self.channels}")


@dataclass(frozen=True)
class DiffusionConfig:
    """The noise: steps of training and of inference."""

    train_steps: int = 100
    inference_steps: int = 10

    def __post_init__(self) -> None:
        if not 2 <= self.train_steps <= 1000:
            raise ValueError(f"train_steps {self.train_steps} is outside [2, 1000]")
        if not 1 <= self.inference_steps <= self.train_steps:
            raise ValueError(f"inference_steps {self.inference_steps} is outside [1, {self.train_steps}]")


@dataclass(frozen=True)
class Dp3Config:
    """A DP3 policy."""

    cloud: CloudConfig = field(default_factory=CloudConfig)
    chunk: ChunkConfig = field(default_factory=ChunkConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    diffusion: DiffusionConfig = field(default_factory=DiffusionConfig)


@dataclass(frozen=True)
class TrainConfig:
    """Optimisation. Batch, betas, decay, EMA power and the cosine are the paper's; the learning rate is thrice as high
    and the warm-up shorter, because twenty minutes on two cores are a few thousand steps and not 3000 epochs.

    ``state_noise`` is in units of the normalised range, ``cloud_noise`` in metres, ``points_kept`` the share of a
    cloud's points that one step sees: all three keep the network from reading the answer off the arms' own pose.
    """

    batch: int = 128
    learning_rate: float = 5e-4
    betas: tuple[float, float] = (0.95, 0.999)
    weight_decay: float = 1e-6
    warmup_steps: int = 200
    gradient_norm: float = 1.0
    ema_power: float = 0.75
    ema_most: float = 0.999
    state_noise: float = 0.01
    cloud_noise: float = 0.002
    points_kept: float = 0.5
    validation_share: float = 0.02

    def __post_init__(self) -> None:
        for name, low, high in (
            ("batch", 1, 65536),
            ("learning_rate", 0.0, 1.0),
            ("warmup_steps", 0, 10**6),
            ("ema_power", 0.0, 1.0),
            ("ema_most", 0.0, 1.0),
            ("state_noise", 0.0, 1.0),
            ("cloud_noise", 0.0, 0.1),
            ("validation_share", 0.0, 0.9),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} {getattr(self, name)} is outside [{low}, {high}]")
        if not 0.0 < self.points_kept <= 1.0:
            raise ValueError(f"points_kept {self.points_kept} is outside (0, 1]")


@dataclass(frozen=True)
class Recipe:
    """All that a training run is set up with: the policy and its optimisation."""

    policy: Dp3Config = field(default_factory=Dp3Config)
    training: TrainConfig = field(default_factory=TrainConfig)


def load_recipe(path: Path | str | None) -> Recipe:
    """The recipe of a YAML file; None gives the default. Raises ConfigError naming the file and the key."""
    return Recipe() if path is None else build(Recipe, load_yaml(path), str(path))
