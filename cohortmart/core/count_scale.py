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


class CountScale:
    """What the values of a matrix of counts say about their scale, gathered block by block.

    Attributes
    ----------
    positive, whole : int
        Values above 0, and how many of them are whole numbers.
    largest : float
    sums : list of float
        Of each column, of all files in order.
    """

    def __init__(self) -> None:
        self.positive = self.whole = 0
        self.largest = 0.0
        self.sums: list[float] = []
        self._above = self._whole_above = 0

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
        self.positive += int(positive.sum())
        self.whole += int(whole.sum())
        self._above += int(above.sum())
        self._whole_above += int((whole & above).sum())
        self.largest = max(self.largest, float(values.max(initial=0.0)))
        needed = first_column + values.shape[1]
        self.sums += [0.0] * (needed - len(self.sums))
        with np.errstate(over="ignore"):
            for column, total in enumerate(values.sum(axis=0), start=first_column):
                self.sums[column] += float(total)

    @property
    def whole_share(self) -> float:
        """Share of whole numbers among the values above 0."""
        return self.whole / self.positive if self.positive else 1.0

    @property
    def are_logarithms(self) -> bool:
        """Whether no value is larger than a logarithm can be, and few are whole."""
        few = self._whole_above < 0.2 * self._above if self._above else True
        return (
            self.positive >= _ENOUGH
            and self.largest <= _LARGEST_LOG
            and self.whole_share < 0.5
            and few
        )

    @property
    def are_per_million(self) -> bool:
        """Whether all columns have the same sum: a million, or another one and few whole values."""
        if len(self.sums) < 2 or min(self.sums) <= 0:
            return False
        if np.allclose(self.sums, _MILLION, rtol=_EQUAL):
            return True
        equal = np.allclose(self.sums, float(np.median(self.sums)), rtol=_EQUAL)
        return bool(equal) and self.positive >= _ENOUGH and self.whole_share < 0.5

    @property
    def hardly_whole(self) -> bool:
        """Whether hardly a value is a whole number."""
        return self.positive >= _ENOUGH and self.whole_share < _HARDLY

    @property
    def words(self) -> str:
        """What was found, for messages."""
        share = f"{self.whole_share:.1%} of the values above 0 are whole numbers"
        if self.are_logarithms:
            return f"no value above {self.largest:.4g}, and {share}"
        return f"every sample sums to {float(np.median(self.sums)):,.0f}, and {share}"
