"""The whole state of a training run in one safetensors file: what goes on from it repeats and misses no step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from policy_node import checkpoint_file
from policy_node.checkpoint_file import CheckpointError
from policy_node.dp3.trainer import Trainer

KIND = "dp3-training"
MOMENTS = ("step", "exp_avg", "exp_avg_sq")


def save(path: Path, trainer: Trainer, run: Mapping[str, Any]) -> None:
    """Write the state at once, with what the ``run`` wants to keep beside it (JSON). Raises CheckpointError."""
    tensors = {f"network.{name}": value for name, value in trainer.network.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in trainer.average.state_dict().items()}
    for index, moments in trainer.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": moments[name] for name in MOMENTS}
    tensors["random"] = trainer.random.get_state()
    about = {"policy": KIND, "step": trainer.step_count, "recipe": _recipe(trainer), "run": dict(run)}
    checkpoint_file.write(path, tensors, about)


def load(path: Path, trainer: Trainer) -> dict[str, Any]:
    """Put ``trainer``, of the same recipe, where the saved one was; gives what the run kept. Raises CheckpointError."""
    tensors, about = checkpoint_file.read(path)
    if about.get("policy") != KIND:
        raise CheckpointError(f"{path} holds {about.get('policy')!r}, expected {KIND!r}")
    if about.get("recipe") != _recipe(trainer):
        raise CheckpointError(f"{path} was trained by another recipe; resume with the same --config")
    try:
        _restore(trainer, tensors)
    except (KeyError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"{path} does not fit this training: {error}") from None
    trainer.step_count = int(about["step"])
    return dict(about["run"])


def _restore(trainer: Trainer, tensors: Mapping[str, Tensor]) -> None:
    def part(prefix: str) -> dict[str, Tensor]:
        return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}

    trainer.network.load_state_dict(part("network."))
    trainer.average.load_state_dict(part("average."))
    trainer.random.set_state(tensors["random"].to(torch.uint8))
    state = trainer.optimiser.state_dict()
    moments = part("optimiser.")
    count = len(list(trainer.network.parameters())) if moments else 0
    state["state"] = {i: {name: moments[f"{i}.{name}"] for name in MOMENTS} for i in range(count)}
    trainer.optimiser.load_state_dict(state)


def _recipe(trainer: Trainer) -> dict[str, Any]:
    """The recipe as JSON would give it back."""
    return _plain(asdict(trainer.recipe))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
