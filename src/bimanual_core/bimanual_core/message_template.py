"""Serialised messages from templates: all but the numbers of a hot message stays the same, so only they are patched.

A template is made by serialising the message once with marked numbers and finding where the marks went. It works for
any message whose sizes do not change, whoever serialises it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from bimanual_core.rates import NS_PER_S

_MARK_NS = 0x1B2C3D4E * NS_PER_S + 0x0F1E2D3C
_MARK = np.array([0x1B2C3D4E, 0x0F1E2D3C], dtype="<u4").tobytes()


class MessageTemplate:
    """Bytes of ``serialise(stamp_ns, **values)`` for any stamp and values of the sizes given.

    ``values`` maps a keyword of ``serialise`` to the size and type of its array. Every stamp in the message is patched.
    """

    def __init__(
        self, serialise: Callable[..., bytes], values: Mapping[str, tuple[int, DTypeLike]] | None = None
    ) -> None:
        marks = {name: _marked(i, size, dtype) for i, (name, (size, dtype)) in enumerate((values or {}).items())}
        self._buffer = bytearray(serialise(_MARK_NS, **marks))
        found = _all_offsets(bytes(self._buffer), _MARK)
        if not found:
            raise ValueError("the message carries no stamp")
        self._stamps = [np.frombuffer(self._buffer, "<u4", 2, offset) for offset in found]
        self._fields: dict[str, list[NDArray[Any]]] = {}
        for name, mark in marks.items():
            offsets = _all_offsets(bytes(self._buffer), mark.tobytes())
            if not offsets:
                raise ValueError(f"the message does not carry {name} as one run of {mark.dtype}")
            self._fields[name] = [np.frombuffer(self._buffer, mark.dtype, mark.size, offset) for offset in offsets]

    def encode(self, stamp_ns: int, **values: NDArray[Any]) -> bytes:
        """The serialised message; every value named at construction is needed, each of its size."""
        stamp = divmod(stamp_ns, NS_PER_S)
        for view in self._stamps:
            view[:] = stamp
        for name, views in self._fields.items():
            for view in views:
                view[:] = values[name]
        return bytes(self._buffer)


def _marked(index: int, size: int, dtype: DTypeLike) -> NDArray[Any]:
    """An array that is unlikely to be found by chance."""
    rng = np.random.default_rng(7919 + index)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return rng.uniform(1.0, 2.0, size).astype(kind)
    return rng.integers(0, np.iinfo(kind).max, size, dtype=kind, endpoint=True)


def _all_offsets(data: bytes, mark: bytes) -> list[int]:
    offsets, at = [], data.find(mark)
    while mark and at >= 0:
        offsets.append(at)
        at = data.find(mark, at + len(mark))
    return offsets
