"""Train a policy from demonstrations: progress, checkpoints, curves and a model card; Ctrl-C saves, --resume goes on.

DIR holds episodes as `./bimanual collect` and the recorder write them. A policy is a safetensors file in --out; the
same seed and --steps give the same policy on a processor. Only what differs from the default goes into --config.
"""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bimanual.extras import require
from bimanual.output import note, print_json
from bimanual.runs import new_run_folder
from bimanual_core.errors import BimanualError
from bimanual_core.robot import load_robot
from bimanual_description.files import robot_path

if TYPE_CHECKING:
    from policy_node.dataset import DemonstrationSet
    from policy_node.dp3.config import Recipe
    from policy_node.train import Budget, Status, TrainingRun, TrainResult

POLICIES = ("dp3",)
DEFAULT_MINUTES = 20.0
INTERRUPTED = 130
#: The bar of a budget, in parts of it.
PARTS = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("policy", choices=POLICIES, help="what learns")
    parser.add_argument("--data", required=True, metavar="DIR", help="folder with episodes of one task by one robot")
    parser.add_argument("--out", metavar="DIR", help="folder for what the run makes (runs/train/<date-time>)")
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--minutes", type=float, help=f"how long to train ({DEFAULT_MINUTES:g})")
    budget.add_argument("--steps", type=int, help="how many steps to train, instead of minutes")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to train (auto)")
    parser.add_argument("--seed", type=int, default=0, help="what all random choices are drawn from (0)")
    parser.add_argument("--resume", action="store_true", help="go on with the training in --out")
    parser.add_argument("--config", metavar="YAML", help="what differs from the default policy and training")
    parser.add_argument("--json", action="store_true", help="print one JSON object last on stdout")


def run(args: argparse.Namespace) -> int:
    if args.resume and not args.out:
        raise BimanualError("--resume needs --out, the folder of the training to go on with")
    require("learning")
    from policy_node.dp3.config import load_recipe
    from policy_node.train import Budget, TrainingRun, choose_device

    recipe = load_recipe(args.config)
    budget = _budget(args, Budget)
    device = choose_device(args.device)
    data = _load(Path(args.data), recipe)
    out = Path(args.out) if args.out else new_run_folder("train")
    training = TrainingRun(data, out, recipe, seed=args.seed, device=device, resume=args.resume)
    held = len(training.trainer.validation_episodes)
    note(
        f"{data.task}: {len(data.demonstrations)} demonstrations ({held} held out, {data.failed} failed ones skipped), "
        f"{data.rows} rows; training on {device} into {out}"
    )
    with _stopped_by_ctrl_c() as stopped, _bar(training) as tell:
        result = training.run(budget, tell, stopped)
    _summarise(result)
    if args.json:
        print_json(_as_json(args.policy, data, device, result))
    return 0 if result.finished else INTERRUPTED


def _budget(args: argparse.Namespace, make: type[Budget]) -> Budget:
    if args.steps is not None:
        return make(steps=args.steps)
    return make(seconds=60.0 * (DEFAULT_MINUTES if args.minutes is None else args.minutes))


def _load(folder: Path, recipe: Recipe) -> DemonstrationSet:
    """The data set, with a bar: the first time its point clouds are computed."""
    from policy_node.dataset import describe, load_demonstrations

    robot = load_robot(robot_path(describe(folder).robot))
    columns = TextColumn("reading episodes"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)

        def tell(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return load_demonstrations(folder, robot, recipe.policy.cloud, recipe.policy.chunk, tell)


@contextmanager
def _stopped_by_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed: the step under way ends, and all is saved. A second one ends at once."""
    pressed: list[int] = []

    def press(number: int, frame: object) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)
        note("\nstopping: saving the training (Ctrl-C again ends without)")

    before = {number: signal.signal(number, press) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(pressed)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _bar(training: TrainingRun) -> Iterator[Callable[[Status], None]]:
    columns = (
        TextColumn("training"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  step {task.fields[step]}  loss {task.fields[loss]}"),
        TextColumn("{task.fields[held]}{task.fields[left]} left"),
    )
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=2) as bar:
        task = bar.add_task("", total=PARTS, step=training.trainer.step_count, loss="-", held="", left="-")

        def tell(status: Status) -> None:
            bar.update(
                task,
                completed=min(status.spent, 1.0) * PARTS,
                step=status.step,
                loss=f"{status.loss:.4f}",
                held="" if status.val_loss is None else f"held out {status.val_loss:.4f}  ",
                left=f"{int(status.seconds_left) // 60}:{int(status.seconds_left) % 60:02d}",
            )

        yield tell


def _summarise(result: TrainResult) -> None:
    losses = ", ".join(
        f"{name} {value:.5f}"
        for name, value in (("loss", result.loss), ("held out", result.val_loss))
        if value is not None
    )
    ended = "finished" if result.finished else "stopped; --resume goes on"
    note(f"{ended} after {result.steps} steps in {result.seconds:.0f} s: {losses or 'too few steps for a figure'}")
    note(f"{result.checkpoint}: {result.parameters / 1e6:.2f} M parameters, {result.checkpoint_bytes / 1e6:.2f} MB")


def _as_json(policy: str, data: DemonstrationSet, device: str, result: TrainResult) -> dict[str, Any]:
    values = {**asdict(result), "checkpoint": str(result.checkpoint), "card": str(result.card)}
    about = {"policy": policy, "task": data.task, "device": device, "demonstrations": len(data.demonstrations)}
    return {"success": result.finished, **about, "failed_episodes": data.failed, **values}
