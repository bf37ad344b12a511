"""Parallel work: blocks of rows over the processor's cores.

NumPy and SciPy let go of Python's lock while they compute, so threads are enough. The blocks do
not depend on the number of threads and each writes its own rows, so neither do the results.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from cohortmart.core.types import Floats

_MOST_THREADS = 8  # beyond, Python's lock leaves little to gain
_SMALL = 2**18  # multiplications up to which BLAS starts no threads of its own


def for_blocks(n: int, size: int, work: Callable[[int, int], None]) -> None:
    """Call `work(start, stop)` for each block of `size` of `n` rows, several at a time.

    Parameters
    ----------
    work : callable
        Writes the results of rows `start` to `stop` where they belong. NumPy's error state is
        its own in each thread: set it inside.

    Notes
    -----
    As many threads as cores this process may use, or as OMP_NUM_THREADS says. The first error
    of a block is raised again here.
    """
    starts = range(0, n, size)
    threads = min(_threads(), len(starts))
    if threads <= 1:
        for start in starts:
            work(start, min(start + size, n))
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, i, min(i + size, n)) for i in starts]:
            done.result()


def rows_times(y: Floats, table: Floats) -> Floats:
    """Return `y @ table`, the same to the last bit whatever BLAS does with threads.

    BLAS may split a large product by the number of its threads, and threads that call it wait for
    each other; a tile of rows at a time does neither.

    Parameters
    ----------
    y : ndarray of shape (n_rows, n)
    table : ndarray of shape (n, m)
    """
    n, m = table.shape
    tile = max(1, min(64, _SMALL // max(n * m, 1)))
    n_tiles = len(y) // tile
    whole = n_tiles * tile
    out = np.empty((len(y), m))
    np.matmul(y[:whole].reshape(n_tiles, tile, n), table, out=out[:whole].reshape(n_tiles, tile, m))
    np.matmul(y[whole:], table, out=out[whole:])
    return out


def _threads() -> int:
    asked = os.environ.get("OMP_NUM_THREADS", "").strip()
    if asked.isdigit() and int(asked) > 0:
        return min(int(asked), _MOST_THREADS)
    # the cores this process may use, where the system tells
    allowed = getattr(os, "sched_getaffinity", None)
    return min(len(allowed(0)) if allowed else os.cpu_count() or 1, _MOST_THREADS)
