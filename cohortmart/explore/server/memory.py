"""Memory of the server: what one thread gave back, another may take."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

#: `M_ARENA_MAX` of glibc's malloc.h, and how many heaps are enough.
_ARENA_MAX, _ARENAS = -8, 2


def share_heaps() -> None:
    """Let all threads share two heaps, and Arrow the C library's.

    glibc gives every thread a heap of its own and Arrow keeps what it has freed: with the threads
    of a server both grow by what each of them needed once. Elsewhere than on Linux with glibc
    only Arrow's part is done.
    """
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL("libc.so.6").mallopt(_ARENA_MAX, _ARENAS)
