"""Orders of the visits of each person: all there are, or some drawn at random."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from math import factorial, prod

import numpy as np

from cohortmart.core.types import Bools, Floats, Ints

_AT_ONCE = 512  # orders; bounds the memory


@dataclass(frozen=True)
class VisitOrders:
    """Orders of the samples within their blocks, the given one left out.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,), int
        Block of each sample.
    movable : tuple of int
        Blocks in which the order plays a part.
    n : int
        How many orders.
    enumerated : bool
        All there are, each once; otherwise drawn at random, independently.
    """

    codes: Ints
    movable: tuple[int, ...]
    n: int
    enumerated: bool
    seed: int

    def chunks(self) -> Iterator[Ints]:
        """Yield orders, (n_orders, n_samples) at a time, the same in every call.

        Sample `order[i]` takes the place of sample i, of the same block.
        """
        rng = np.random.default_rng(self.seed)
        for start in range(0, self.n, _AT_ONCE):
            size = min(_AT_ONCE, self.n - start)
            if self.enumerated:
                yield self._numbered(np.arange(start + 1, start + 1 + size))
            else:
                yield self._drawn(rng.random((size, len(self.codes))))

    def _drawn(self, keys: Floats) -> Ints:
        """Sort the samples of every block by random keys (n_orders, n_samples)."""
        orders = np.empty(keys.shape, np.int64)
        orders[:, np.argsort(self.codes, kind="stable")] = np.argsort(self.codes + keys, axis=1)
        return orders

    def _numbered(self, number: Ints) -> Ints:
        """Give orders by their number; 0 is the one that is there."""
        orders = np.tile(np.arange(len(self.codes)), (len(number), 1))
        for block in self.movable:
            members = np.flatnonzero(self.codes == block)
            of_block = np.array(list(permutations(members.tolist())))
            orders[:, members] = of_block[number % len(of_block)]
            number = number // len(of_block)
        return orders


def visit_orders(codes: Ints, movable: Bools, n: int, seed: int) -> VisitOrders:
    """Enumerate the orders if there are no more than `n` besides the given one, else draw `n`.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,), int
        Block of each sample, from 0 without gaps.
    movable : ndarray of shape (n_blocks,), bool
        Blocks in which the order plays a part.

    Raises
    ------
    ValueError
        There is only one order, or `n` is not positive.
    """
    if n < 1:
        raise ValueError(f"at least one permutation is needed, not {n}")
    size = np.bincount(codes)
    chosen = tuple(np.flatnonzero(movable & (size > 1)).tolist())
    if not chosen:
        raise ValueError("no block has two samples that the contrast tells apart")
    n_orders = prod(factorial(int(size[block])) for block in chosen)
    if n_orders - 1 <= n:
        return VisitOrders(codes, chosen, n_orders - 1, True, seed)
    return VisitOrders(codes, chosen, n, False, seed)
