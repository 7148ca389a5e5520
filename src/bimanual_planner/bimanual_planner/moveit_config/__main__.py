"""``python -m bimanual_planner.moveit_config --robot NAME --out DIR``: write MoveIt's configuration of a robot."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bimanual_core.errors import BimanualError
from bimanual_description import load, robot_names
from bimanual_planner.moveit_config import write


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 where everything was written; what is wrong goes to stderr."""
    parser = argparse.ArgumentParser(prog="python -m bimanual_planner.moveit_config", description=__doc__)
    parser.add_argument("--robot", required=True, help=f"one of: {', '.join(robot_names())}")
    parser.add_argument("--layout", help="a layout of the robot's YAML; its default where none is given")
    parser.add_argument("--out", required=True, type=Path, help="folder to write to; made where it does not exist")
    given = parser.parse_args(arguments)
    try:
        for path in write(load(given.robot, given.layout), given.out):
            print(path)
    except BimanualError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
