"""Small pictures made in code: the same numbers always give the same picture, to the byte."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bimanual_core.asset import Rgb
from bimanual_core.errors import UnknownNameError

Array = NDArray[np.float64]
Picture = NDArray[np.uint8]
SIZE = 64


@lru_cache(maxsize=512)
def texture(kind: str, first: Rgb, second: Rgb, seed: int = 0) -> Picture:
    """A picture (64, 64, 3) of two colours; its left and right edges meet. Raises UnknownNameError listing the
    kinds."""
    if kind not in _SHARES:
        raise UnknownNameError("texture", kind, _SHARES)
    rng = np.random.default_rng([seed, *kind.encode()])
    v, u = np.meshgrid(*[(np.arange(SIZE) + 0.5) / SIZE] * 2, indexing="ij")
    share = np.clip(_SHARES[kind](u, v, rng), 0.0, 1.0)[..., None]
    colours = (1.0 - share) * np.asarray(first) + share * np.asarray(second)
    picture = np.round(255 * np.clip(colours, 0.0, 1.0)).astype(np.uint8)
    picture.setflags(write=False)
    return picture


def kinds() -> list[str]:
    """The kinds of picture there are."""
    return sorted(_SHARES)


def _noise(rng: np.random.Generator, across: int, along: int) -> Array:
    """Smooth noise (64, 64) in [0, 1] of so many cells along u and v, that repeats along both."""
    grid = rng.random((along, across))
    v, u = np.arange(SIZE) / SIZE * along, np.arange(SIZE) / SIZE * across
    i, j = v.astype(int), u.astype(int)
    a, b = (v - i)[:, None], (u - j)[None]
    a, b = a * a * (3 - 2 * a), b * b * (3 - 2 * b)
    i2, j2 = (i + 1) % along, (j + 1) % across
    top = grid[np.ix_(i, j)] * (1 - b) + grid[np.ix_(i, j2)] * b
    low = grid[np.ix_(i2, j)] * (1 - b) + grid[np.ix_(i2, j2)] * b
    return top * (1 - a) + low * a


def _wood(u: Array, v: Array, rng: np.random.Generator) -> Array:
    rings = 6.0 * v + 1.5 * _noise(rng, 2, 4) + 0.4 * _noise(rng, 8, 16)
    return 0.35 + 0.35 * np.sin(2 * np.pi * rings) + 0.3 * _noise(rng, 4, 32)


def _speckle(u: Array, v: Array, rng: np.random.Generator) -> Array:
    return (rng.random((SIZE, SIZE)) > 0.9) * 0.8 + 0.2 * _noise(rng, 8, 8)


def _leather(u: Array, v: Array, rng: np.random.Generator) -> Array:
    return 0.6 * _noise(rng, 16, 16) + 0.4 * _noise(rng, 32, 32)


def _checker(u: Array, v: Array, rng: np.random.Generator) -> Array:
    return ((np.floor(8 * u) + np.floor(8 * v)) % 2).astype(float)


def _stripes(u: Array, v: Array, rng: np.random.Generator) -> Array:
    return (np.sin(2 * np.pi * int(rng.integers(3, 7)) * v) > 0).astype(float)


def _bars(u: Array, v: Array, rng: np.random.Generator) -> Array:
    return (np.sin(2 * np.pi * int(rng.integers(4, 9)) * u) > 0).astype(float)


def _label(u: Array, v: Array, rng: np.random.Generator) -> Array:
    """A plain field with two bands and a block of lines, as on a bottle."""
    share = ((np.abs(v - 0.08) < 0.03) | (np.abs(v - 0.92) < 0.03)).astype(float)
    for row in range(5):
        at, length = 0.3 + 0.1 * row, rng.uniform(0.2, 0.45)
        share[(np.abs(v - at) < 0.02) & (np.abs(u - 0.3) < length / 2)] = 1.0
    share[np.hypot(u - 0.75, v - 0.5) < rng.uniform(0.1, 0.2)] = 1.0
    return share


def _dots(u: Array, v: Array, rng: np.random.Generator) -> Array:
    count = int(rng.integers(4, 7))
    return (np.hypot((u * count) % 1.0 - 0.5, (v * count) % 1.0 - 0.5) < 0.28).astype(float)


def _fruit(u: Array, v: Array, rng: np.random.Generator) -> Array:
    """A blush on one side under fine streaks from pole to pole."""
    return 0.5 + 0.4 * np.cos(2 * np.pi * (u - rng.random())) + 0.25 * (_noise(rng, 32, 4) - 0.5)


def _brushed(u: Array, v: Array, rng: np.random.Generator) -> Array:
    return _noise(rng, 4, 64)


_SHARES = {
    "wood": _wood,
    "speckle": _speckle,
    "leather": _leather,
    "checker": _checker,
    "stripes": _stripes,
    "bars": _bars,
    "label": _label,
    "dots": _dots,
    "fruit": _fruit,
    "brushed": _brushed,
}
