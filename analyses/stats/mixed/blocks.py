"""Blocks: samples that belong together, such as the visits of one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cohortmart.core.types import Floats, Ints


@dataclass(frozen=True)
class Blocks:
    """Which block each sample belongs to.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,), int
        Block numbers from 0 without gaps.
    indicators : ndarray of shape (n_samples, n_blocks), float64
        1 where the sample is in the block.
    """

    codes: Ints
    indicators: Floats

    @property
    def n_blocks(self) -> int:
        """Number of different blocks."""
        return int(self.indicators.shape[1])

    @property
    def largest(self) -> int:
        """Samples in the largest block."""
        return int(self.indicators.sum(axis=0).max())


def make_blocks(labels: Sequence[str]) -> Blocks:
    """Give each block a number, in the sorted order of the labels.

    Parameters
    ----------
    labels : sequence of str, one a sample
    """
    _, codes = np.unique(np.asarray(labels, dtype=object).astype(str), return_inverse=True)
    return Blocks(codes=codes.astype(np.int64), indicators=np.eye(codes.max() + 1)[codes])
