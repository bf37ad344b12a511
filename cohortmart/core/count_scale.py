"""The scale of a count matrix: counts, logarithms of them, or counts per million.

No single number tells them apart. Logarithms end at about 20 and are seldom whole; counts per
million (CPM, TPM) have columns of equal sums. Estimated counts (salmon, RSEM) have decimals, too,
but neither of these.
"""

from __future__ import annotations

import numpy as np

#: log2 of 17 million reads of one gene in one sample.
_LARGEST_LOG = 24.0
#: Above this value a logarithm is whole by chance alone; log2(count + 1) is 1, 2 or 3 for 1, 3
#: and 7 reads.
_SMALL = 4.0
#: Numbers above 0 from which a scale is told.
_ENOUGH = 30
_HARDLY = 0.01
_EQUAL = 1e-3
_MILLION = 1e6
#: What is gathered of each column: how many values are above 0, whole, above `_SMALL`, and both.
_POSITIVE, _WHOLE, _ABOVE, _WHOLE_ABOVE, _SUM, _LARGEST = range(6)
_ROWS = 6


class CountScale:
    """What the values of a matrix of counts say about their scale, gathered block by block.

    A matrix may be of several files, and one of them of another scale: samples are judged together
    and one by one.

    Attributes
    ----------
    sums : np.ndarray
        Of each column, of all files in order.
    """

    def __init__(self) -> None:
        self._of = np.zeros((_ROWS, 0))

    def add(self, values: np.ndarray, first_column: int = 0) -> None:
        """Add a block.

        Parameters
        ----------
        values : np.ndarray
            (rows, columns), counts, none missing.
        first_column : int
            Where its first column stands among all.
        """
        positive = values > 0
        whole = positive & (values == np.rint(values))
        above = values > _SMALL
        last = first_column + values.shape[1]
        if last > self._of.shape[1]:
            self._of = np.pad(self._of, ((0, 0), (0, last - self._of.shape[1])))
        of = self._of[:, first_column:last]
        for row, mask in enumerate((positive, whole, above, whole & above)):
            of[row] += mask.sum(axis=0)
        with np.errstate(over="ignore"):
            of[_SUM] += values.sum(axis=0)
        of[_LARGEST] = np.maximum(of[_LARGEST], values.max(axis=0, initial=0.0))

    @property
    def sums(self) -> np.ndarray:
        """Sum of each column."""
        return np.asarray(self._of[_SUM])

    @property
    def positive(self) -> int:
        """Number of values above 0."""
        return int(self._of[_POSITIVE].sum())

    @property
    def largest(self) -> float:
        """The largest value."""
        return float(self._of[_LARGEST].max(initial=0.0))

    @property
    def whole_share(self) -> float:
        """Share of whole numbers among the values above 0."""
        return float(self._of[_WHOLE].sum()) / self.positive if self.positive else 1.0

    @property
    def are_logarithms(self) -> bool:
        """Whether no value is larger than a logarithm can be, and few are whole."""
        return bool(self._logarithms.any())

    @property
    def are_per_million(self) -> bool:
        """Whether columns have the same sum: a million, or another one and few whole values."""
        return bool(self._per_million.any())

    @property
    def hardly_whole(self) -> bool:
        """Whether hardly a value is a whole number, in some samples at least."""
        return bool(self._fractional.any())

    @property
    def are_small(self) -> bool:
        """Whether all values are whole and none is larger than a logarithm can be."""
        enough = self.positive >= _ENOUGH and self.largest > 1
        return enough and self.largest <= _LARGEST_LOG and self.whole_share == 1

    @property
    def have_equal_sums(self) -> bool:
        """Whether all of three columns or more have the same sum."""
        return len(self.sums) > 2 and self.positive >= _ENOUGH and _are_equal(self.sums)

    @property
    def words(self) -> str:
        """What was found, for messages."""
        share = f"{self.whole_share:.1%} of the values above 0 are whole numbers"
        if self.are_logarithms:
            largest = float(self._of[_LARGEST][self._logarithms].max())
            return f"{self._where(self._logarithms)}no value above {largest:.4g}, and {share}"
        same = self._per_million if self.are_per_million else np.ones(len(self.sums), bool)
        total = f"{float(np.median(self.sums[same])):,.0f}"
        return f"{self._where(same)}every sample sums to {total}, and {share}"

    @property
    def fractional_words(self) -> str:
        """How few values are whole, for messages."""
        of = self._of[:, self._fractional]
        share = of[_WHOLE].sum() / of[_POSITIVE].sum()
        return f"{self._where(self._fractional)}{share:.1%} of the values above 0 are whole numbers"

    def _where(self, columns: np.ndarray) -> str:
        if columns.all():
            return ""
        first = int(np.flatnonzero(columns)[0]) + 1
        return f"in {int(columns.sum())} of {len(columns)} samples (first number {first}) "

    @property
    def _logarithms(self) -> np.ndarray:
        together = self._of.sum(axis=1, keepdims=True)
        together[_LARGEST] = self.largest
        if _is_logarithm(together)[0]:
            return np.ones(self._of.shape[1], bool)
        return _is_logarithm(self._of)

    @property
    def _per_million(self) -> np.ndarray:
        million = np.isclose(self.sums, _MILLION, rtol=_EQUAL)
        n = len(million)
        if n < 2 or (self.sums <= 0).all():
            return np.zeros(n, bool)
        equal = self.positive >= _ENOUGH and self.whole_share < 0.5 and _are_equal(self.sums)
        if million.all() or equal:
            return np.ones(n, bool)
        some = million & (self._of[_WHOLE] < 0.5 * self._of[_POSITIVE])
        return some if some.sum() > 1 else np.zeros(n, bool)

    @property
    def _fractional(self) -> np.ndarray:
        if self.positive >= _ENOUGH and self.whole_share < _HARDLY:
            return np.ones(self._of.shape[1], bool)
        positive = self._of[_POSITIVE]
        few = self._of[_WHOLE] < _HARDLY * positive
        return np.asarray((positive >= _ENOUGH) & few)


def _is_logarithm(of: np.ndarray) -> np.ndarray:
    above = of[_ABOVE]
    few = np.where(above > 0, of[_WHOLE_ABOVE] < 0.2 * above, True)
    small = (of[_POSITIVE] >= _ENOUGH) & (of[_LARGEST] <= _LARGEST_LOG)
    return np.asarray(small & (of[_WHOLE] < 0.5 * of[_POSITIVE]) & few)


def _are_equal(sums: np.ndarray) -> bool:
    return bool(sums.min() > 0 and np.allclose(sums, float(np.median(sums)), rtol=_EQUAL))
