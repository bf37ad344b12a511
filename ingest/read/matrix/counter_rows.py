"""Counter rows of count matrices: reads that are of no gene, and totals.

HTSeq writes `__no_feature` (R's data frames `X__no_feature`), STAR `N_unmapped`, featureCounts'
summary `Unassigned_NoFeatures`; people add a row `Total`. None is a gene: each would enter library
sizes, variance prior and tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow.compute as pc

from cohortmart.core.text import counted, listed
from ingest.read.matrix.records import Block

#: Part of what decides whether files of counts must be read again.
COUNTER_ROWS_VERSION = "counter-rows-1"
#: Rows of programs that count, in RE2's syntax.
COUNTERS = (
    r"(?i)^(x?__[a-z][a-z_]*|no_feature|ambiguous|too_low_aqual|not_aligned|alignment_not_unique"
    r"|un(mapped|aligned)(_reads)?|multi_?mapp(ed|ing|ers)(_reads)?"
    r"|_(ambiguous|ambiguous_readpair_position|empty|lowaqual|notaligned)|\*"
    r"|n_(unmapped|multimapping|nofeature|ambiguous)|assigned|unassigned(_.*)?)$"
)
#: Rows that may be the sum of all others.
_TOTALS = (
    r"(?i)^((grand|column|col)?[ _.]?(totals?|sums?)([ _.](counts?|reads|mapped))?"
    r"|library[ _.]?size|all[ _.]?(counts|reads|genes))$"
)
_SHOWN = 12
#: Totals of rounded counts may be off by half a count a gene; this share is allowed.
_OFF = 1e-6


def is_counter(feature_ids: Any) -> np.ndarray:
    """Return which ids are those of counter rows, totals not among them.

    Parameters
    ----------
    feature_ids : pa.StringArray
        (rows,)

    Returns
    -------
    np.ndarray
        (rows,), bool
    """
    hits = pc.match_substring_regex(feature_ids, pattern=COUNTERS).fill_null(False)
    return np.asarray(hits.to_numpy(zero_copy_only=False), bool)


class CounterRows:
    """Leaves counter rows out of the blocks of one file, and remembers which.

    Attributes
    ----------
    left_out : list of str
        Their ids, in order.
    kept_totals : list of str
        Ids of rows that are called a total and are not the sum of the others.
    """

    def __init__(self) -> None:
        self.left_out: list[str] = []
        self.kept_totals: list[str] = []
        self._sums: np.ndarray | float = 0.0
        self._totals: list[Block] = []

    def without(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Pass blocks on without counter rows; each block's lines still follow without a gap.

        A row that is called a total waits for the end: it goes where it is the sum of all genes,
        with the counters or without, or more (of genes that were taken out since), and is handed
        out last where it is not.

        Parameters
        ----------
        blocks : iterable of Block
            All blocks of one file, of counts.
        """
        for block in blocks:
            counter = is_counter(block.feature_ids)
            hits = pc.match_substring_regex(block.feature_ids, pattern=_TOTALS).fill_null(False)
            total = np.asarray(hits.to_numpy(zero_copy_only=False), bool) & ~counter
            out = counter | total
            if not out.any():
                self._sums = self._sums + _sums(block.values)
                yield block
                continue
            self.left_out += block.feature_ids.filter(counter).to_pylist()
            self._totals += [_rows(block, int(row), int(row) + 1) for row in np.flatnonzero(total)]
            self._sums = self._sums + _sums(block.values[~out])
            yield from _between(block, out)
        yield from self._no_totals()

    def notes(self, name: str) -> list[str]:
        """Name the rows that were left out, and those that only look as if they should be.

        Parameters
        ----------
        name : str
            Of the file.
        """
        said = []
        if self.left_out:
            n = counted(len(self.left_out), "row")
            shown = listed(self.left_out, most=_SHOWN)
            said.append(f"{name}: left out {n} of no gene: {shown}")
        if self.kept_totals:
            shown = listed(self.kept_totals, most=_SHOWN)
            said.append(f"{name}: {shown} is not the sum of the other rows and counts as a gene")
        return said

    def _no_totals(self) -> Iterator[Block]:
        for block in self._totals:
            name = block.feature_ids[0].as_py()
            if _is_total(block.values[0], self._sums):
                self.left_out.append(name)
            else:
                self.kept_totals.append(name)
                yield block


def _sums(values: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.asarray(np.nansum(values, axis=0))


def _is_total(total: np.ndarray, sums: np.ndarray | float) -> bool:
    """Whether no sample has less than all genes together, as no gene can."""
    return bool(np.any(sums > 0) and np.all(total >= sums - 1e-9 - _OFF * np.abs(sums)))


def _between(block: Block, out: np.ndarray) -> Iterator[Block]:
    """Cut a block at the rows that go."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], out, [True]]).astype(np.int8)))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        yield _rows(block, int(start), int(end))


def _rows(block: Block, start: int, end: int) -> Block:
    names = block.gene_names
    return replace(
        block,
        first_line=block.first_line + start,
        feature_ids=block.feature_ids.slice(start, end - start),
        gene_names=None if names is None else names.slice(start, end - start),
        values=block.values[start:end],
        further={name: values[start:end] for name, values in block.further.items()},
    )
