"""The lake matrix of one assay, made of its files: read, check, sum, join, write."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.matrix import Rows, UnsortedError, write_matrix
from cohortmart.core.prefetch import one_ahead
from cohortmart.core.study.kinds import CONTINUOUS
from cohortmart.core.study.records import Assay
from cohortmart.core.text import counted
from ingest.check.joined import check_same_features
from ingest.check.matrix import Kind, MatrixTally
from ingest.check.transform_domain import check_transform
from ingest.matrix.assay_headers import AssayHeaders
from ingest.matrix.detection import check_quality_probes, with_quality
from ingest.read.formats import read_blocks
from ingest.read.matrix.joined import all_features, joined_blocks, spill
from ingest.read.matrix.records import Block, MatrixHeader
from ingest.read.matrix.replicates import collapsed, common_probe_ids
from ingest.read.matrix.summed import GeneSums


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


@dataclass(frozen=True)
class MatrixReport:
    """What went into the lake for one assay.

    Parameters
    ----------
    samples : tuple of str
        Sample names in the order of `values`, as in the headers without the stripped suffix.
    features : pa.Table
        feature_id and gene_name (null where the raw file has none), in the order of the rows.
    rows, columns : int
        Features and samples written.
    files : tuple of FileReport
        In the order of study.yml.
    notes : tuple of str
        What the user should know.
    """

    samples: tuple[str, ...]
    features: Any
    rows: int
    columns: int
    files: tuple[FileReport, ...]
    notes: tuple[str, ...]


class _Run:
    """What is gathered while the blocks of an assay pass."""

    def __init__(
        self, assay: Assay, leave_out: frozenset[str], further: tuple[str, ...] = ()
    ) -> None:
        self.assay = assay
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
        )
        keep = np.array([i for i, n in enumerate(header.samples) if n not in self._leave_out])
        for read in one_ahead(read_blocks(header, self.assay)):
            block = tally.clipped(read)
            tally.add(block)
            self.notes += block.notes
            if kind is None and self.assay.kind == CONTINUOUS:
                check_transform(header, block, self.assay)
            yield block if len(keep) == len(header.samples) else block.of_samples(keep)
        self.notes += [*header.notes, *tally.finish()]
        self.files.append(
            FileReport(header.path, tally.rows, len(header.samples), header.format_name)
        )

    def blocks(self, header: MatrixHeader) -> Iterable[Block]:
        """Return the blocks of one file, summed by gene name where the study asks for it."""
        if self.assay.read.sum_by is None:
            return self.checked(header)
        sums = GeneSums(self.checked(header))
        name = header.path.name
        note = f"{name}: {counted(sums.features, 'feature')} summed to "
        note += counted(len(sums.names), "gene name")
        if header.gene_name_column is None and not header.ids_are_gene_names:
            note += "; the file has no column gene_name, so its feature ids were taken for names"
        elif sums.unnamed:
            note += f"; {sums.unnamed:,} without a gene name are kept under their feature id"
        self.notes.append(note)
        return sums.blocks()

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


def ingest_matrix(
    assay_name: str,
    assay: Assay,
    headers: AssayHeaders,
    target: Path,
    leave_out: Collection[str] = (),
    metadata: Mapping[bytes, bytes] | None = None,
) -> MatrixReport:
    """Read, check and write all matrix files of one assay.

    Files of one assay hold other samples and the same features, in any order.

    Parameters
    ----------
    assay_name : str
        Name of the assay in study.yml, for messages.
    assay : Assay
        Kind and reading options.
    headers : AssayHeaders
        Of its files; the samples of the matrix files follow each other in this order.
    target : Path
        The lake matrix to write, of `schemas.tables.matrix_schema`; written under another name
        and renamed, so after an error the old file, if any, is untouched.
    leave_out : collection of str
        Samples that must not enter the lake; a file with no other sample is not read.
    metadata : mapping of bytes to bytes, optional
        What the lake matrix says about itself.

    Returns
    -------
    MatrixReport
        Names and numbers of what was written.

    Raises
    ------
    IngestError
        A file cannot be read or breaks a check; the message names file, line and column.
    """
    if assay.read.sum_by is not None and assay.kind != "counts":
        raise IngestError(
            f"the assay {assay_name} sums by {assay.read.sum_by}, but only counts can be summed",
            expected="kind: counts",
            found=f"kind: {assay.kind}",
            hint="remove `sum_by` under `read`",
        )
    headers = headers.without(leave_out)
    run = _Run(assay, frozenset(leave_out), headers.further)
    samples = tuple(name for header in headers.values for name in run.kept(header))
    if not samples:
        raise IngestError(
            f"no sample of the assay {assay_name} is left: all were forgotten",
            hint="remove the assay from study.yml",
        )
    one_file = len(headers.values) == 1 and not headers.quality
    streams = one_file and not assay.read.collapse_replicates
    try:
        if not streams:
            raise UnsortedError
        blocks = run.remembered(run.blocks(headers.values[0]))
        rows = write_matrix(blocks, len(samples), target, metadata, headers.further)
    except UnsortedError:
        run = _Run(assay, frozenset(leave_out), headers.further)
        rows = _write_sorted(run, headers, target, metadata)
    return MatrixReport(
        samples=samples,
        features=run.features(),
        rows=rows,
        columns=len(samples),
        files=tuple(run.files),
        notes=tuple(run.notes),
    )


def _write_sorted(
    run: _Run,
    headers: AssayHeaders,
    target: Path,
    metadata: Mapping[bytes, bytes] | None,
) -> int:
    """Join the files of an assay and sort its features, by way of scratch files."""
    target.parent.mkdir(parents=True, exist_ok=True)
    replicates = run.assay.read.collapse_replicates
    with tempfile.TemporaryDirectory(
        prefix=f".{target.name}.", suffix=".tmp", dir=target.parent
    ) as name:
        folder = Path(name)
        parts = [
            spill(run.blocks(header), len(run.kept(header)), folder / f"{i}.f64", header.further)
            for i, header in enumerate(headers.values)
        ]
        ids, places = all_features(parts, replicates)
        if len(parts) > 1:
            run.notes += check_same_features(headers.values, run.assay.kind, ids, places)
        blocks = joined_blocks(parts, ids, places, run.further)
        samples = [name for header in headers.values for name in run.kept(header)]
        for quantity, given in headers.quality.items():
            blocks = _with_quality(run, blocks, quantity, given, samples, ids, folder)
        if replicates:
            run.notes.append(_collapse_note(ids))
            blocks = collapsed(blocks)
        return write_matrix(run.remembered(blocks), len(samples), target, metadata, run.further)


def _with_quality(
    run: _Run,
    blocks: Iterable[Block],
    quantity: str,
    headers: Sequence[MatrixHeader],
    samples: Sequence[str],
    ids: Any,
    folder: Path,
) -> Iterator[Block]:
    """Add a quality matrix that stands in files of its own."""
    kind: Kind = "detection_p" if quantity == "detection_p" else "bead_count"
    headers = [h for h in headers if not set(samples).isdisjoint(h.samples)]
    parts = [
        spill(run.checked(header, kind), len(run.kept(header)), folder / f"{quantity}{i}.f64")
        for i, header in enumerate(headers)
    ]
    run.notes += check_quality_probes(headers, quantity, parts, ids)
    column = {name: i for i, name in enumerate(n for h in headers for n in run.kept(h))}
    return with_quality(blocks, quantity, parts, np.array([column[name] for name in samples]))


def _collapse_note(ids: Any) -> str:
    """Say how many probes were replicates."""
    n = len(pc.unique(common_probe_ids(ids)))
    return f"{counted(len(ids), 'probe')} collapsed to {n:,} names: replicates are their mean"
