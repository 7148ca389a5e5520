"""Collect expert demonstrations in process: episodes that succeeded, from seed 0 on, by worker processes.

Each episode is a folder OUT/TASK/episode_SEED as the recorder writes it; seeds that failed are listed with their
reason in OUT/collection.json. An interrupted collection goes on with --resume; nothing is lost or done twice.
"""

from __future__ import annotations

import argparse
from contextlib import closing
from functools import partial
from typing import Any

from bimanual.collecting.collect import Collection
from bimanual.collecting.job import expert_collector
from bimanual.collecting.pace import FULL, PACES, USUAL
from bimanual.collecting.progress import CollectProgress
from bimanual.collecting.settings import CAMERA_RATES, CAMERAS, CollectSettings, cameras_of
from bimanual.collecting.store import CollectionStore
from bimanual.output import note, print_json
from bimanual.randomisation_option import add_randomisation
from bimanual_core.errors import BimanualError
from bimanual_core.robot import load_robot
from bimanual_description.files import robot_path
from bimanual_tasks.registry import DEFAULT_VARIANT, expert_names, get_task, task_names
from bimanual_tasks.seeds import collection_seeds

ALL = "all"
INTERRUPTED = 130
MOST_WORKERS = 256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", required=True, help=f"a task or {ALL}; tasks: {', '.join(task_names())}")
    parser.add_argument(
        "--variant", default="", help=f"published version of the task ({DEFAULT_VARIANT} where it has it)"
    )
    parser.add_argument("--episodes", type=int, default=50, help="successful episodes per task (50)")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the collection")
    parser.add_argument("--workers", type=int, default=1, help="processes side by side (1)")
    add_randomisation(parser)
    parser.add_argument("--seed0", type=int, default=0, help="first seed (0)")
    parser.add_argument("--cameras", default=",".join(CAMERAS), help=f"list or none ({','.join(CAMERAS)})")
    rate = CAMERA_RATES[0]
    parser.add_argument("--camera-hz", type=int, choices=CAMERA_RATES, default=rate, help=f"pictures a second ({rate})")
    parser.add_argument("--robot", default="cobot_magic", help="robot YAML of bimanual_description (cobot_magic)")
    pace = f"{USUAL}, or {FULL}: joints as fast as the robot's YAML lets them ({USUAL})"
    parser.add_argument("--pace", choices=tuple(PACES), default=USUAL, help=f"how fast arms move: {pace}")
    parser.add_argument("--resume", action="store_true", help="go on with the collection in DIR")
    parser.add_argument("--json", action="store_true", help="print one JSON object last on stdout")


def run(args: argparse.Namespace) -> int:
    tasks = expert_names() if args.task == ALL else [args.task]
    settings = _settings(args, tasks)
    with closing(CollectionStore(args.out, settings, args.resume)) as store:
        collection = Collection(store, tasks, args.episodes, partial(expert_collector, settings), settings.seed0)
        if collection.succeeded:
            note(f"{collection.succeeded} of {collection.wanted} episodes are there already")
        interrupted = False
        with CollectProgress(collection) as progress:
            try:
                with closing(collection.run(args.workers, progress.tell)) as attempts:
                    for attempt in attempts:
                        progress.show(attempt)
            except KeyboardInterrupt:
                interrupted = True
            except BimanualError:
                note(f"{collection.succeeded} of {collection.wanted} episodes are kept; go on with --resume")
                raise
        report = _report(collection, progress)
        _summarise(report, collection, interrupted, args.out)
    if args.json:
        print_json({**report, **({"interrupted": True} if interrupted else {})})
    return INTERRUPTED if interrupted else 0


def _settings(args: argparse.Namespace, tasks: list[str]) -> CollectSettings:
    """Refuse what cannot run before anything starts or is written."""
    collection_seeds(args.seed0, args.episodes)
    if not 1 <= args.workers <= MOST_WORKERS:
        raise BimanualError(f"--workers {args.workers} is outside 1..{MOST_WORKERS}")
    cameras = cameras_of(args.cameras)
    variant = args.variant or (get_task(tasks[0]).variant if len(tasks) == 1 else "")
    settings = CollectSettings(args.robot, variant, args.randomisation, cameras, args.camera_hz, args.seed0, args.pace)
    settings.check(load_robot(robot_path(args.robot)), tasks)
    return settings


def _report(collection: Collection, progress: CollectProgress) -> dict[str, Any]:
    return {
        "succeeded": collection.succeeded,
        "attempted": collection.attempted,
        "seconds": round(progress.seconds, 2),
        "demos_per_minute": round(progress.per_minute, 2),
        "tasks": {
            task: {"succeeded": len(quota.succeeded), "attempted": quota.attempted, "failed": sorted(quota.failed)}
            for task, quota in collection.quotas.items()
        },
    }


def _summarise(report: dict[str, Any], collection: Collection, interrupted: bool, out: str) -> None:
    note(
        f"{report['succeeded']} episodes of {report['attempted']} seeds in {out}; this run took "
        f"{report['seconds']:.1f} s, {report['demos_per_minute']:.1f} episodes a minute"
    )
    if interrupted:
        note(f"interrupted with {collection.succeeded} of {collection.wanted} episodes kept; go on with --resume")
