"""A DP3 policy in a checkpoint: what is stored beside its weights, and the checks when it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bimanual_core.config import build
from bimanual_core.errors import ConfigError
from policy_node import checkpoint_file
from policy_node.checkpoint_file import CheckpointError
from policy_node.contract import PolicyContract
from policy_node.dp3.config import Dp3Config
from policy_node.dp3.network import Dp3Network
from policy_node.dp3.normaliser import Normaliser

POLICY = "dp3"
#: Weights are stored in half precision: 2 bytes each, and no action changes by more than 0.1 mrad or so.
STORED = torch.float16


@dataclass(frozen=True)
class Dp3About:
    """Everything but the weights. ``training`` tells a reader where they come from and decides nothing."""

    policy: str
    contract: PolicyContract
    config: Dp3Config
    normaliser: Normaliser
    training: dict[str, str] = field(default_factory=dict)


def save(path: Path, weights: Mapping[str, Tensor], about: Dp3About) -> None:
    """Write the checkpoint at once. Raises CheckpointError."""
    checkpoint_file.write(path, {name: value.to(STORED) for name, value in weights.items()}, asdict(about))


def load(path: Path | str) -> tuple[Dp3Network, Dp3About]:
    """The network, ready for inference, and what is told about it. Raises CheckpointError naming the file and why."""
    tensors, values = checkpoint_file.read(path)
    about = parse(path, values)
    network = Dp3Network(about.config, len(about.contract.joint_names))
    _check_shapes(path, tensors, network.state_dict())
    network.load_state_dict({name: tensor.to(torch.float32) for name, tensor in tensors.items()})
    return network.eval(), about


def parse(path: Path | str, values: Mapping[str, Any]) -> Dp3About:
    """What a checkpoint tells about itself, checked. Raises CheckpointError."""
    if values.get("policy") != POLICY:
        raise CheckpointError(f"{path} holds policy {values.get('policy')!r}, expected {POLICY!r}")
    try:
        about = build(Dp3About, values, str(path))
    except ConfigError as error:
        raise CheckpointError(str(error)) from None
    joints, limits = len(about.contract.joint_names), len(about.normaliser.lower)
    if joints != limits:
        raise CheckpointError(f"{path}: {joints} joints but limits of {limits}")
    return about


def _check_shapes(path: Path | str, found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    for name in sorted(set(found) | set(wanted)):
        have = tuple(found[name].shape) if name in found else None
        want = tuple(wanted[name].shape) if name in wanted else None
        if have != want:
            raise CheckpointError(f"{path}: weights {name!r} have shape {have}, expected {want}")
