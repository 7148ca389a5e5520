"""The option of eval, collect and demo that says what varies from seed to seed."""

from __future__ import annotations

import argparse

from bimanual_tasks.randomise import EASY, RANDOMISATIONS


def add_randomisation(parser: argparse.ArgumentParser) -> None:
    """``--randomisation easy|hard``, also spelt with a z."""
    parser.add_argument(
        "--randomisation",
        "--randomize",
        dest="randomisation",
        choices=RANDOMISATIONS,
        default=EASY,
        help="what varies: easy poses only; hard also textures, light, clutter, table, sizes, head camera (easy)",
    )
