"""Textures of surfaces, made from their names: the same name gives the same picture on every machine."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bimanual_core.look import texture_index

Array = NDArray[np.float64]
Picture = NDArray[np.uint8]
#: Side of a texture [px].
SIDE = 256
#: Colours of a surface are drawn between these, so that nothing is lost in black or white.
DARKEST, BRIGHTEST = 0.12, 0.92


@lru_cache(maxsize=32)
def texture_picture(name: str) -> Picture:
    """The picture (SIDE, SIDE, 3) of a texture; raises BimanualError for a name that none has.

    The sets ``seen`` and ``unseen`` differ in all their pictures, and two kinds of pattern are in ``unseen`` only.
    """
    group, number = texture_index(name)
    rng = np.random.default_rng([number, crc32(group.encode())])
    kinds = SEEN if group == "seen" else SEEN + UNSEEN_ONLY
    share = kinds[number % len(kinds)](rng)
    first, second = rng.uniform(DARKEST, BRIGHTEST, (2, 3))
    # Most surfaces are of one colour with a pattern of a little another.
    second = first + (second - first) * rng.uniform(0.25, 1.0)
    grain = rng.normal(0.0, 0.01, (SIDE, SIDE, 1))
    rgb = first + (second - first) * share[..., None] + grain
    return np.rint(np.clip(rgb, 0.0, 1.0) * 255).astype(np.uint8)


def _grid() -> tuple[Array, Array]:
    """Coordinates (SIDE, SIDE) in [0, 1)."""
    axis = np.arange(SIDE) / SIDE
    x, y = np.meshgrid(axis, axis)
    return x, y


def _noise(rng: np.random.Generator, cells: int) -> Array:
    """Smooth noise in [0, 1] that repeats at the edges."""
    coarse = rng.uniform(size=(cells, cells))
    at = np.arange(SIDE) * cells / SIDE
    low = at.astype(int)
    share = at - low
    share = share * share * (3 - 2 * share)
    high = (low + 1) % cells
    rows = coarse[low] * (1 - share)[:, None] + coarse[high] * share[:, None]
    return rows[:, low] * (1 - share) + rows[:, high] * share


def _clouds(rng: np.random.Generator) -> Array:
    share = sum(_noise(rng, 2**k) / 2**k for k in range(2, 7)) * 2
    return np.asarray((share - share.min()) / np.ptp(share))


def _wood(rng: np.random.Generator) -> Array:
    _, y = _grid()
    bend = _noise(rng, 4) * rng.uniform(0.1, 0.3)
    rings = np.sin(2 * np.pi * rng.integers(5, 14) * (y + bend))
    fibres = _noise(rng, 128) * 0.3
    return np.clip(0.5 + 0.35 * rings + fibres - 0.15, 0.0, 1.0)


def _marble(rng: np.random.Generator) -> Array:
    x, y = _grid()
    veins = np.abs(np.sin(np.pi * (rng.integers(2, 6) * x + rng.integers(1, 4) * y + 3 * _clouds(rng))))
    return 1.0 - veins ** rng.uniform(0.3, 0.8)


def _checks(rng: np.random.Generator) -> Array:
    x, y = _grid()
    count = rng.integers(3, 13)
    return ((np.floor(x * count) + np.floor(y * count)) % 2).astype(float)


def _stripes(rng: np.random.Generator) -> Array:
    x, y = _grid()
    a, b = rng.integers(-8, 9, 2)
    return (np.sin(2 * np.pi * (a * x + (b or 4) * y)) > rng.uniform(-0.6, 0.6)).astype(float)


def _tiles(rng: np.random.Generator) -> Array:
    x, y = _grid()
    rows = rng.integers(4, 10)
    row = np.floor(y * rows)
    along = (x * rows / 2 + 0.5 * (row % 2)) % 1
    joint = (along < 0.05) | ((y * rows) % 1 < 0.1)
    return np.where(joint, 1.0, 0.35 * _noise(rng, 16))


def _dots(rng: np.random.Generator) -> Array:
    x, y = _grid()
    count, radius = rng.integers(4, 14), rng.uniform(0.15, 0.4)
    return (np.hypot((x * count) % 1 - 0.5, (y * count) % 1 - 0.5) < radius).astype(float)


def _cloth(rng: np.random.Generator) -> Array:
    x, y = _grid()
    count = rng.integers(24, 64)
    weave = 0.5 + 0.25 * np.sin(2 * np.pi * count * x) + 0.25 * np.sin(2 * np.pi * count * y)
    return np.clip(weave + 0.3 * (_clouds(rng) - 0.5), 0.0, 1.0)


def _rings(rng: np.random.Generator) -> Array:
    x, y = _grid()
    cx, cy = rng.uniform(0.2, 0.8, 2)
    return 0.5 + 0.5 * np.sin(2 * np.pi * rng.integers(4, 16) * np.hypot(x - cx, y - cy))


def _plaid(rng: np.random.Generator) -> Array:
    x, y = _grid()
    a, b = rng.integers(2, 9, 2)
    return 0.5 * (np.sin(2 * np.pi * a * x) > 0.2) + 0.5 * (np.sin(2 * np.pi * b * y) > 0.2)


SEEN: tuple[Callable[[np.random.Generator], Array], ...] = (
    _clouds,
    _wood,
    _marble,
    _checks,
    _stripes,
    _tiles,
    _dots,
    _cloth,
)
UNSEEN_ONLY: tuple[Callable[[np.random.Generator], Array], ...] = (_rings, _plaid)
