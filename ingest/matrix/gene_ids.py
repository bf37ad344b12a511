"""Ids and names of genes in a count matrix: pairs split, versions cut, Excel's dates undone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow.compute as pc

from cohortmart.core.prefetch import one_ahead
from cohortmart.core.study.records import Assay
from cohortmart.core.text import counted
from ingest.matrix.date_names import DateNames, dates_among
from ingest.matrix.paired_ids import number_pattern, split_pairs
from ingest.read.formats import read_blocks
from ingest.read.matrix.counter_rows import CounterRows
from ingest.read.matrix.records import Block, MatrixHeader
from ingest.read.text.names import tidy_ids
from ingest.reference.gene_lookup import GeneLookup

ReadBlocks = Callable[[], Iterable[Block]]


class GeneIds:
    """Names the rows of one count file.

    Parameters
    ----------
    header : MatrixHeader
        Of the file.
    assay : Assay
        Its reading options.
    read : callable
        Streams the file's blocks, with the ids as they are written; called again where Excel's
        dates are met, since all names have to be known to undo one.
    lookup : GeneLookup, optional
        The reference of genes.
    """

    def __init__(
        self,
        header: MatrixHeader,
        assay: Assay,
        read: ReadBlocks,
        lookup: GeneLookup | None = None,
    ) -> None:
        self._header, self._assay, self._read = header, assay, read
        self._lookup = lookup or GeneLookup()
        self._pattern: str | None = None
        self._seen_first = False
        self._dates: DateNames | None = None
        self._few_numbers = False
        self.rows = self.pairs = self.cut = self.with_version = 0

    def blocks(self) -> Iterator[Block]:
        """Stream the file's blocks with the ids and names that enter the lake.

        Raises
        ------
        IngestError
            Names are dates that cannot be undone with certainty, and study.yml does not say what
            to do with them.
        """
        for block in self._read():
            ids, names = self._named(block)
            if self._dates is None and self._has_dates(ids, names):
                self._dates = self._all_dates()
            if self._dates is None:
                yield _renamed(block, ids, names)
            else:
                yield from _pieces(block, *self._dates.applied(ids, names))

    def notes(self) -> tuple[str, ...]:
        """Return what was done."""
        name, notes = self._header.path.name, []
        if self.pairs:
            said = f"{name}: {self.pairs:,} of {counted(self.rows, 'id')} are an id and a name, "
            said += "read as gene_id and gene_name"
            if self.with_version and not self._assay.read.strip_version:
                said += "; the versions stay (`read: {strip_version: true}` cuts them)"
            notes.append(said)
        if self._assay.read.strip_version and not self.cut:
            notes.append(
                f"{name}: strip_version changed none of {counted(self.rows, 'id')}: no id is "
                "Ensembl's with a version behind it"
            )
        return (*notes, *(self._dates.notes() if self._dates is not None else ()))

    def _named(self, block: Block, count: bool = True) -> tuple[Any, Any]:
        ids, names = block.feature_ids, block.gene_names
        if not self._seen_first:
            self._pattern, self._seen_first = number_pattern(ids), True
            digits = pc.sum(pc.match_substring_regex(ids, pattern=r"^[0-9.]+$")).as_py() or 0
            self._few_numbers = 2 * digits <= len(ids)
        ids_are_names = names is not None and self._header.ids_are_gene_names
        new, found, pairs = split_pairs(ids, self._pattern)
        cut = tidy_ids(new, self._assay.read.strip_version)
        if count:
            self.rows += len(ids)
            self.pairs += pairs
            self.cut += int(pc.sum(pc.not_equal(cut, new)).as_py() or 0)
            versions = pc.match_substring_regex(cut, pattern=r"^ENS[A-Z]{0,5}G[0-9]{11}\.[0-9]")
            self.with_version += int(pc.sum(versions).as_py() or 0)
        if ids_are_names:
            names = pc.coalesce(found, cut) if pairs else cut
        elif pairs:
            names = found if names is None else pc.coalesce(names, found)
        return cut, names

    def _has_dates(self, ids: Any, names: Any) -> bool:
        both = (ids,) if names is None else (ids, names)
        return any(dates_among(one, self._few_numbers).any() for one in both)

    def _all_dates(self) -> DateNames:
        """Read all names of the file and decide what becomes of those that are dates."""
        dates = DateNames(self._header, self._assay, self._lookup, self._few_numbers)
        for block in self._read():
            dates.add(block.first_line, *self._named(block, count=False))
        dates.decide()
        return dates


def gene_ids(
    header: MatrixHeader,
    assay: Assay,
    lookup: GeneLookup | None = None,
    counters: CounterRows | None = None,
) -> GeneIds:
    """Return what names the rows of one count file while it is read.

    Parameters
    ----------
    header : MatrixHeader
    assay : Assay
    lookup : GeneLookup, optional
        The reference of genes.
    counters : CounterRows, optional
        Takes the rows that are no genes out of the first reading, and counts them.
    """
    # versions are cut behind the pairs: ENSG00000141510.18|TP53
    options = assay.read.model_copy(update={"strip_version": False})
    as_written = assay.model_copy(update={"read": options})
    first = [counters or CounterRows()]

    def read() -> Iterable[Block]:
        rows = first.pop() if first else CounterRows()
        return rows.without(one_ahead(read_blocks(header, as_written)))

    return GeneIds(header, assay, read, lookup)


def _renamed(block: Block, ids: Any, names: Any) -> Block:
    return replace(block, feature_ids=ids, gene_names=names)


def _pieces(block: Block, ids: Any, names: Any, keep: np.ndarray) -> Iterator[Block]:
    """Yield a block without some rows: in pieces, whose lines follow without a gap."""
    if keep.all():
        yield _renamed(block, ids, names)
        return
    edges = np.flatnonzero(np.diff(np.concatenate([[0], keep.astype(np.int8), [0]])))
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        yield Block(
            block.first_line + start,
            ids.slice(start, end - start),
            None if names is None else names.slice(start, end - start),
            np.ascontiguousarray(block.values[start:end]),
            {k: np.ascontiguousarray(v[start:end]) for k, v in block.further.items()},
            block.notes,
        )
