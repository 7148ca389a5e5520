"""Keeps the memory that a step of training frees for the next one, instead of asking the system for it each time."""

from __future__ import annotations

import ctypes

#: Options of glibc's mallopt: from what size on memory is mapped apart, and how much is given back at the end.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 1 << 30


def keep_freed_memory() -> bool:
    """Tell the C library to keep up to KEPT_BYTES of freed memory; whether it took that.

    A step frees and takes hundreds of megabytes in large pieces, and having each page handed out anew costs more than
    a third of its time. Where the C library has no such option nothing happens.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, KEPT_BYTES) and mallopt(M_TRIM_THRESHOLD, KEPT_BYTES))
