"""One assay's matrix files into one lake matrix: read, check, sum, join, write."""

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
from cohortmart.core.study.records import Assay
from cohortmart.core.text import counted
from ingest.check.joined import check_same_features
from ingest.check.matrix import Kind, MatrixTally, check_header, check_samples_once
from ingest.matrix.detection import check_beside, read_beside, with_beside
from ingest.read.formats import read_blocks, read_header
from ingest.read.matrix.joined import all_features, joined_blocks, spill
from ingest.read.matrix.records import EXTRAS, Block, MatrixHeader
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
        self, assay: Assay, leave_out: frozenset[str], extras: tuple[str, ...] = ()
    ) -> None:
        self.assay = assay
        self.extras = extras
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
        for block in one_ahead(read_blocks(header, self.assay)):
            tally.add(block)
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
            yield (block.feature_ids, block.values, *(block.extras[e] for e in self.extras))

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
    paths: Sequence[Path],
    target: Path,
    leave_out: Collection[str] = (),
    metadata: Mapping[bytes, bytes] | None = None,
    known_samples: Collection[str] = (),
) -> MatrixReport:
    """Read, check and write all matrix files of one assay.

    Files of one assay hold other samples and the same features, in any order.

    Parameters
    ----------
    assay_name : str
        Name of the assay in study.yml, for messages.
    assay : Assay
        Kind and reading options.
    paths : sequence of Path
        Its matrix files, in the order in which their samples follow each other.
    target : Path
        The lake matrix to write, of `schemas.tables.matrix_schema`; written beside and renamed,
        so after an error the old file, if any, is untouched.
    leave_out : collection of str
        Samples that must not enter the lake; a file with no other sample is not read.
    metadata : mapping of bytes to bytes, optional
        What the lake matrix says about itself.
    known_samples : collection of str
        Names that the sheets give to the assay's samples, see `ingest.read.formats`.

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
    headers = [read_header(path, assay, known_samples) for path in paths]
    headers = [header for header in headers if not set(header.samples) <= set(leave_out)]
    for header in headers:
        check_header(header)
    check_samples_once(headers)
    beside = read_beside(assay, known_samples, [n for h in headers for n in h.samples])
    extras = _extras(headers, beside)
    run = _Run(assay, frozenset(leave_out), extras)
    samples = tuple(name for header in headers for name in run.kept(header))
    if not samples:
        raise IngestError(
            f"no sample of the assay {assay_name} is left: all were forgotten",
            hint="remove the assay from study.yml",
        )
    streams = len(headers) == 1 and not beside and not assay.read.collapse_replicates
    try:
        if not streams:
            raise UnsortedError
        blocks = run.remembered(run.blocks(headers[0]))
        rows = write_matrix(blocks, len(samples), target, metadata, extras)
    except UnsortedError:
        run = _Run(assay, frozenset(leave_out), extras)
        rows = _write_sorted(run, headers, beside, target, metadata)
    return MatrixReport(
        samples=samples,
        features=run.features(),
        rows=rows,
        columns=len(samples),
        files=tuple(run.files),
        notes=tuple(run.notes),
    )


def _extras(headers: Sequence[MatrixHeader], beside: Mapping[str, object]) -> tuple[str, ...]:
    """Return the quantities beside the values that any file gives."""
    return tuple(
        name for name in EXTRAS if name in beside or any(name in h.extras for h in headers)
    )


def _write_sorted(
    run: _Run,
    headers: Sequence[MatrixHeader],
    beside: Mapping[str, Sequence[MatrixHeader]],
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
            spill(run.blocks(header), len(run.kept(header)), folder / f"{i}.f64", header.extras)
            for i, header in enumerate(headers)
        ]
        ids, places = all_features(parts, replicates)
        if len(headers) > 1:
            run.notes += check_same_features(headers, run.assay.kind, ids, places)
        blocks = joined_blocks(parts, ids, places, run.extras)
        samples = [name for header in headers for name in run.kept(header)]
        for quantity, given in beside.items():
            blocks = _with_beside(run, blocks, quantity, given, samples, ids, folder)
        if replicates:
            run.notes.append(_collapse_note(ids))
            blocks = collapsed(blocks)
        return write_matrix(run.remembered(blocks), len(samples), target, metadata, run.extras)


def _with_beside(
    run: _Run,
    blocks: Iterable[Block],
    quantity: str,
    headers: Sequence[MatrixHeader],
    samples: Sequence[str],
    ids: Any,
    folder: Path,
) -> Iterator[Block]:
    """Add a quantity that stands in files of its own."""
    kind: Kind = "detection_p" if quantity == "detection_p" else "bead_count"
    headers = [h for h in headers if not set(samples).isdisjoint(h.samples)]
    parts = [
        spill(run.checked(header, kind), len(run.kept(header)), folder / f"{quantity}{i}.f64")
        for i, header in enumerate(headers)
    ]
    run.notes += check_beside(headers, quantity, parts, ids)
    column = {name: i for i, name in enumerate(n for h in headers for n in run.kept(h))}
    return with_beside(blocks, quantity, parts, np.array([column[name] for name in samples]))


def _collapse_note(ids: Any) -> str:
    """Say how many probes were replicates."""
    n = len(pc.unique(common_probe_ids(ids)))
    return f"{counted(len(ids), 'probe')} collapsed to {n:,} names: replicates are their mean"
