"""A training run: spends a budget of steps or minutes, writes checkpoints, figures and curves as it goes, and resumes.

``OUT`` gets ``<task>_dp3.safetensors`` (the policy), ``README.md`` (its model card), ``metrics.jsonl``, ``curves.png``
and ``training.safetensors`` (what a resumed run goes on from).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from bimanual_core.errors import BimanualError, ErrorCode
from bimanual_data.episode import provenance
from policy_node.contract import PolicyContract
from policy_node.curves import write_curves
from policy_node.dataset import DemonstrationSet
from policy_node.dp3 import checkpoint, training_state
from policy_node.dp3.checkpoint import Dp3About
from policy_node.dp3.config import Recipe
from policy_node.dp3.memory import keep_freed_memory
from policy_node.dp3.network import parameter_count
from policy_node.dp3.trainer import Trainer
from policy_node.model_card import write_card

METRICS_EVERY, VALIDATE_EVERY, SAVE_EVERY_S = 25, 250, 60.0
STATE_FILE, METRICS_FILE, CURVES_FILE, CARD_FILE = "training.safetensors", "metrics.jsonl", "curves.png", "README.md"
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Budget:
    """What a run may spend: ``steps``, or ``seconds`` with all that is done in them.

    A budget of steps gives the same weights each time; with one of seconds the learning rate follows the clock.
    """

    steps: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.seconds is None):
            raise BimanualError("a budget is a number of steps or of minutes, one of both")
        if (self.steps is not None and self.steps < 1) or (self.seconds is not None and self.seconds <= 0.0):
            raise BimanualError(f"a budget must be positive, got {self.steps or self.seconds}")

    def spent(self, steps: int, seconds: float) -> float:
        """The share that is spent; from 1 on the run is over."""
        return steps / self.steps if self.steps is not None else seconds / (self.seconds or 1.0)


@dataclass(frozen=True)
class Status:
    """How far a run is: the newest step's loss and the newest validation loss."""

    step: int
    seconds: float
    spent: float
    loss: float
    val_loss: float | None

    @property
    def seconds_left(self) -> float:
        """An estimate from what was spent so far."""
        return self.seconds / self.spent * (1 - min(self.spent, 1.0)) if self.spent > 0.0 else 0.0


@dataclass
class _Log:
    """What a run keeps from step to step, and across a resume."""

    seconds: float = 0.0
    loss_sum: float = 0.0
    loss_count: int = 0
    loss: float | None = None
    val_loss: float | None = None
    metrics: list[dict[str, Any]] = field(default_factory=list)

    @property
    def newest_loss(self) -> float | None:
        """The mean of the newest steps that have one."""
        return self.loss_sum / self.loss_count if self.loss is None and self.loss_count else self.loss


@dataclass(frozen=True)
class TrainResult:
    """What a run became. ``finished`` is False where it was asked to stop before its budget was spent."""

    checkpoint: Path
    card: Path
    steps: int
    seconds: float
    loss: float | None
    val_loss: float | None
    parameters: int
    checkpoint_bytes: int
    finished: bool


def choose_device(name: str) -> str:
    """``auto`` is a GPU where there is one. Raises BimanualError for a GPU that is not there."""
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise BimanualError("--device cuda: torch sees no GPU here; choices: cpu, auto")
    return ("cuda" if there else "cpu") if name == "auto" else name


class TrainingRun:
    """Trains on ``data`` into the folder ``out``.

    ``resume`` goes on from what ``out`` holds; without it ``out`` must hold no training. Raises BimanualError for a
    folder that does not fit.
    """

    def __init__(
        self,
        data: DemonstrationSet,
        out: Path,
        recipe: Recipe,
        *,
        seed: int = 0,
        device: str = "cpu",
        resume: bool = False,
    ) -> None:
        self.data, self.out, self.seed, self.device = data, out, seed, device
        keep_freed_memory()
        self.trainer = Trainer(data.demonstrations, recipe, seed, device)
        self.checkpoint = out / f"{data.task or 'task'}_{checkpoint.POLICY}{checkpoint.checkpoint_file.SUFFIX}"
        self._log = _Log()
        _make_folder(out)
        if resume:
            self._restore()
        elif (out / STATE_FILE).exists():
            raise BimanualError(f"{out} holds a training already; go on with --resume or choose another --out")

    def run(
        self,
        budget: Budget,
        tell: Callable[[Status], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> TrainResult:
        """Train until the budget is spent or ``stop()``; either way all is saved. ``tell`` hears of every step.

        Raises BimanualError where the loss is no number any more; the last good checkpoint stays.
        """
        log, begun = self._log, time.monotonic() - self._log.seconds
        last_save = time.monotonic()
        finished = budget.spent(self.trainer.step_count, log.seconds) >= 1.0
        while not finished and not stop():
            loss = self.trainer.step(budget.spent(self.trainer.step_count, log.seconds))
            log.seconds = time.monotonic() - begun
            self._note(loss)
            spent = budget.spent(self.trainer.step_count, log.seconds)
            finished = spent >= 1.0
            if tell is not None:
                tell(Status(self.trainer.step_count, log.seconds, spent, loss, log.val_loss))
            if time.monotonic() - last_save > SAVE_EVERY_S:
                self.save()
                last_save = time.monotonic()
        if finished:
            self._validate()
        self.save()
        size = self.checkpoint.stat().st_size
        return TrainResult(
            self.checkpoint,
            self.out / CARD_FILE,
            self.trainer.step_count,
            log.seconds,
            log.newest_loss,
            log.val_loss,
            parameter_count(self.trainer.network),
            size,
            finished,
        )

    def save(self) -> None:
        """Write the policy, its card, the figures, the curves, and what a resumed run needs."""
        run = {**vars(self._log), "data": self.data.digest, "seed": self.seed}
        training_state.save(self.out / STATE_FILE, self.trainer, run)
        about = self.about()
        checkpoint.save(self.checkpoint, self.trainer.average.state_dict(), about)
        write_card(self.out / CARD_FILE, self.checkpoint.name, about)
        lines = "".join(json.dumps(entry) + "\n" for entry in self._log.metrics)
        (self.out / METRICS_FILE).write_text(lines, encoding="utf-8")
        write_curves(self.out / CURVES_FILE, self._log.metrics)

    def about(self) -> Dp3About:
        """What the checkpoint tells about itself."""
        data, policy = self.data, self.trainer.recipe.policy
        contract = PolicyContract(
            data.robot.name,
            data.robot.joints.names,
            {policy.cloud.camera: data.image_size},
            policy.chunk.rate_hz,
            policy.chunk.observations,
            policy.chunk.actions,
            policy.chunk.most_actions,
            data.task,
            data.variant,
        )
        return Dp3About(checkpoint.POLICY, contract, policy, self.trainer.normaliser, self._training())

    def _training(self) -> dict[str, str]:
        """Where the weights come from, for readers."""
        data, log = self.data, self._log
        held = len(self.trainer.validation_episodes)
        seen = len(data.demonstrations) - held
        return {
            "episodes": f"{seen} trained on, {held} held out, {data.failed} failed ones skipped",
            "rows": str(data.rows),
            "data_digest": data.digest,
            "steps": str(self.trainer.step_count),
            "seconds": f"{log.seconds:.0f}",
            "device": self.device,
            "seed": str(self.seed),
            "loss": "" if log.newest_loss is None else f"{log.newest_loss:.5f}",
            "val_loss": "" if log.val_loss is None else f"{log.val_loss:.5f}",
            "git_revision": provenance()["git_revision"],
            "torch": torch.__version__,
        }

    def _note(self, loss: float) -> None:
        log, step = self._log, self.trainer.step_count
        if not loss < float("inf"):
            raise BimanualError(f"the loss is {loss} at step {step}: try a lower learning_rate in --config")
        log.loss_sum += loss
        log.loss_count += 1
        if step % METRICS_EVERY == 0:
            log.loss = log.loss_sum / log.loss_count
            log.loss_sum, log.loss_count = 0.0, 0
            log.metrics.append({"step": step, "seconds": round(log.seconds, 2), "loss": log.loss})
        if step % VALIDATE_EVERY == 0:
            self._validate()

    def _validate(self) -> None:
        log = self._log
        log.val_loss = self.trainer.validate()
        if log.val_loss is not None:
            step = self.trainer.step_count
            log.metrics.append({"step": step, "seconds": round(log.seconds, 2), "val_loss": log.val_loss})

    def _restore(self) -> None:
        kept = training_state.load(self.out / STATE_FILE, self.trainer)
        for name, mine in (("data", self.data.digest), ("seed", self.seed)):
            if kept.pop(name, None) != mine:
                raise BimanualError(f"{self.out} was trained with another {name}; resume with the same one")
        self._log = _Log(**kept)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BimanualError(f"cannot make {out}: {error.strerror or error}", ErrorCode.DATA_WRITE_FAILED) from None
