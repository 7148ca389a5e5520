"""The kinds of faults there are, and how often a random one is of each kind."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bimanual.faults.outcome import Outcome
from bimanual.faults.rig import Rig
from bimanual_core.errors import UnknownNameError

BOTH = ("sim", "real")
Run = Callable[[Rig, random.Random, Outcome], None]


@dataclass(frozen=True)
class Kind:
    """A kind of fault. ``run`` does it to a rig and fills the outcome in; ``quick``: no node has to start again."""

    name: str
    run: Run
    weight: float
    graphs: tuple[str, ...]
    quick: bool


KINDS: dict[str, Kind] = {}


def kind(weight: float, graphs: tuple[str, ...] = BOTH, quick: bool = True) -> Callable[[Run], Run]:
    """Register a function as the kind of its name."""

    def register(run: Run) -> Run:
        KINDS[run.__name__] = Kind(run.__name__, run, weight, graphs, quick)
        return run

    return register


def get_kind(name: str) -> Kind:
    """The kind called ``name``; raises UnknownNameError."""
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownNameError("fault", name, KINDS) from None


def draw(rng: random.Random, graph: str, count: int, kinds: Iterable[str] = ()) -> list[str]:
    """``count`` random kinds of ``graph`` (of ``kinds``, if any): each possible one at least once where there is room,
    the others by weight, in random order."""
    possible = [k for k in KINDS.values() if graph in k.graphs and (not kinds or k.name in set(kinds))]
    names = [k.name for k in possible][:count]
    rest = max(0, count - len(names)) if possible else 0
    names += rng.choices([k.name for k in possible], [k.weight for k in possible], k=rest) if rest else []
    rng.shuffle(names)
    return names
