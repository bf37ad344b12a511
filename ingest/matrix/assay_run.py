"""The blocks of an assay's files: read, freed of counter rows, checked, and counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from cohortmart.core.count_scale import CountScale
from cohortmart.core.lake.matrix import Rows
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.progress import counted_off
from cohortmart.core.study.kinds import CONTINUOUS
from cohortmart.core.study.records import Assay
from cohortmart.core.text import counted
from ingest.check.count_scale import judge_scale
from ingest.check.matrix import Kind, MatrixTally
from ingest.check.transform_domain import check_transform
from ingest.matrix.gene_ids import gene_ids
from ingest.matrix.pools import Pool, pooled
from ingest.read.continuous.header import MeasurementHeader
from ingest.read.formats import estimated_rows, read_blocks
from ingest.read.matrix.counter_rows import CounterRows
from ingest.read.matrix.records import Block, MatrixHeader
from ingest.read.matrix.summed import GeneSums
from ingest.reference.gene_lookup import GeneLookup


@dataclass(frozen=True)
class FileReport:
    """What was read from one file.

    Parameters
    ----------
    path : Path
        The file.
    rows, columns : int
        Data rows and sample columns in it.
    format : str
        Such as `tsv+gzip`.
    """

    path: Path
    rows: int
    columns: int
    format: str


class AssayRun:
    """The checked blocks of an assay's files, and what is gathered while they pass.

    Parameters
    ----------
    name : str
        The assay's name.
    assay : Assay
        Kind and reading options.
    leave_out : frozenset of str
        Samples that must not enter the lake.
    further : tuple of str
        Further matrices that are written.
    needs_counts : sequence of str
        What needs counts of it, see `ingest.check.count_scale.counts_needed`.
    lookup : GeneLookup, optional
        The reference of genes.

    Attributes
    ----------
    files : list of FileReport
    notes : list of str
    """

    def __init__(
        self,
        name: str,
        assay: Assay,
        leave_out: frozenset[str],
        further: tuple[str, ...] = (),
        needs_counts: Sequence[str] = (),
        lookup: GeneLookup | None = None,
    ) -> None:
        self.name = name
        self.assay = assay
        self._needs_counts = needs_counts
        self._lookup = lookup
        self._scale = CountScale()
        self._columns = 0
        self.further = further
        self._leave_out = leave_out
        self.files: list[FileReport] = []
        self.notes: list[str] = []
        self._ids: list[Any] = []
        self._names: list[Any] = []

    def kept(self, header: MatrixHeader) -> list[str]:
        """Return the samples of a file that enter the lake."""
        return [name for name in header.samples if name not in self._leave_out]

    def checked(self, header: MatrixHeader, kind: Kind | None = None) -> Iterator[Block]:
        """Stream the checked blocks of one file; duplicates are found when it ends."""
        tally = MatrixTally(
            header,
            kind or self.assay.kind,
            unique_ids=self.assay.read.sum_by is None,
            strip_version=self.assay.read.strip_version,
            check_dates=self.assay.read.excel_dates != "keep",
        )
        keep = np.array([i for i, n in enumerate(header.samples) if n not in self._leave_out])
        counters = CounterRows()
        counts = tally.kind == "counts"
        genes = gene_ids(header, self.assay, self._lookup, counters) if counts else None
        blocks = genes.blocks() if genes else one_ahead(read_blocks(header, self.assay))
        total = None if isinstance(header, MeasurementHeader) else estimated_rows(header)
        what = f"{header.path.name}, features"
        for read in counted_off(blocks, what, total, lambda b: len(b.feature_ids)):
            block = tally.clipped(read)
            tally.add(block)
            self.notes += [note for note in block.notes if note not in self.notes]
            if kind is None and self.assay.kind == CONTINUOUS:
                check_transform(header, block, self.assay)
            kept = block if len(keep) == len(header.samples) else block.of_samples(keep)
            if counts:
                self._scale.add(kept.values, self._columns)
            yield kept
        self._columns += len(keep) if counts else 0
        self.notes += [*header.notes, *counters.notes(header.path.name)]
        self.notes += [*(genes.notes() if genes else ()), *tally.finish()]
        self.files.append(
            FileReport(header.path, tally.rows, len(header.samples), header.format_name)
        )

    def judged(self, blocks: Iterable[Block], file: Path) -> Iterator[Block]:
        """Pass the blocks of the last file on; then see whether all were counts.

        Raises
        ------
        IngestError
            As for `judge_scale`.
        """
        yield from blocks
        self.judge(file)

    def judge(self, file: Path) -> None:
        """See whether the values that passed were counts.

        Parameters
        ----------
        file : Path
            The first file, for the message.

        Raises
        ------
        IngestError
            As for `judge_scale`.
        """
        if self.assay.kind == "counts":
            self.notes += judge_scale(self._scale, self.name, file, self._needs_counts)

    def blocks(self, header: MatrixHeader) -> Iterable[Block]:
        """Return the blocks of one file, summed by gene name where the study asks for it."""
        if self.assay.read.sum_by is None:
            return self.checked(header)
        sums = GeneSums(self.checked(header))
        name = header.path.name
        note = f"{name}: {counted(sums.features, 'feature')} summed to "
        note += counted(len(sums.names), "gene name")
        named = header.gene_name_column is not None or header.ids_are_gene_names
        if not named and not any(sums.has_name):
            note += "; the file has no column gene_name, so its feature ids were taken for names"
        elif sums.unnamed:
            note += f"; {sums.unnamed:,} without a gene name are kept under their feature id"
        self.notes.append(note)
        return sums.blocks()

    def merged(
        self, blocks: Iterable[Block], columns: Sequence[str], pools: Sequence[Pool]
    ) -> Iterable[Block]:
        """Merge technical replicates, if there are any."""
        return pooled(blocks, columns, pools, self.assay.kind) if pools else blocks

    def remembered(self, blocks: Iterable[Block]) -> Iterator[Rows]:
        """Pass blocks on to the writer and keep their names."""
        for block in blocks:
            n = len(block.feature_ids)
            self._ids.append(block.feature_ids)
            self._names.append(
                pa.nulls(n, pa.string()) if block.gene_names is None else block.gene_names
            )
            yield (block.feature_ids, block.values, *(block.further[name] for name in self.further))

    def features(self) -> Any:
        """Return the names of what was written."""
        return pa.table(
            {
                "feature_id": pa.concat_arrays(self._ids),
                "gene_name": pa.concat_arrays(self._names),
            }
        )
