"""One assay's matrix files into one lake matrix: read, check, sum, join, write."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from cohortmart.errors import IngestError
from cohortmart.study import Assay
from cohortmart.wording import counted
from ingest.check.joined import check_same_features
from ingest.check.matrix import MatrixTally, check_header, check_samples_once
from ingest.read.ahead import one_ahead
from ingest.read.joined import all_features, joined_blocks, spill
from ingest.read.matrix import read_blocks, read_header
from ingest.read.matrix_records import Block, MatrixHeader
from ingest.read.summed import GeneSums
from ingest.write.matrix import write_matrix


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

    def __init__(self, assay: Assay, leave_out: frozenset[str]) -> None:
        self.assay = assay
        self._leave_out = leave_out
        self.files: list[FileReport] = []
        self.notes: list[str] = []
        self._ids: list[Any] = []
        self._names: list[Any] = []

    def kept(self, header: MatrixHeader) -> list[str]:
        """Return the samples of a file that enter the lake."""
        return [name for name in header.samples if name not in self._leave_out]

    def checked(self, header: MatrixHeader) -> Iterator[Block]:
        """Stream the checked blocks of one file; duplicates are found when it ends."""
        tally = MatrixTally(
            header,
            self.assay.kind,
            unique_ids=self.assay.read.sum_by is None,
            strip_version=self.assay.read.strip_version,
        )
        keep = [i for i, name in enumerate(header.samples) if name not in self._leave_out]
        for block in one_ahead(read_blocks(header, self.assay)):
            tally.add(block)
            if len(keep) < len(header.samples):
                block = replace(block, values=np.ascontiguousarray(block.values[:, keep]))
            yield block
        self.notes += [*header.notes, *tally.finish()]
        self.files.append(
            FileReport(header.path, tally.rows, len(header.samples), header.format.name)
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

    def remembered(self, blocks: Iterable[Block]) -> Iterator[tuple[Any, np.ndarray]]:
        """Pass blocks on to the writer and keep their names."""
        for block in blocks:
            n = len(block.feature_ids)
            self._ids.append(block.feature_ids)
            self._names.append(
                pa.nulls(n, pa.string()) if block.gene_names is None else block.gene_names
            )
            yield block.feature_ids, block.values

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
        The lake matrix to write, of `cohortmart.tables.matrix_schema`; written beside and
        renamed, so after an error the old file, if any, is untouched.
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
    headers = [read_header(path, assay) for path in paths]
    headers = [header for header in headers if not set(header.samples) <= set(leave_out)]
    for header in headers:
        check_header(header)
    check_samples_once(headers)
    run = _Run(assay, frozenset(leave_out))
    samples = tuple(name for header in headers for name in run.kept(header))
    if not samples:
        raise IngestError(
            f"no sample of the assay {assay_name} is left: all were forgotten",
            hint="remove the assay from study.yml",
        )
    if len(headers) == 1:
        blocks = run.remembered(run.blocks(headers[0]))
        rows = write_matrix(blocks, len(samples), target, metadata)
    else:
        rows = _write_joined(run, headers, target, metadata)
    return MatrixReport(
        samples=samples,
        features=run.features(),
        rows=rows,
        columns=len(samples),
        files=tuple(run.files),
        notes=tuple(run.notes),
    )


def _write_joined(
    run: _Run,
    headers: Sequence[MatrixHeader],
    target: Path,
    metadata: Mapping[bytes, bytes] | None,
) -> int:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f".{target.name}.", suffix=".tmp", dir=target.parent
    ) as folder:
        parts = [
            spill(run.blocks(header), len(run.kept(header)), Path(folder) / f"{i}.f64")
            for i, header in enumerate(headers)
        ]
        ids, places = all_features(parts)
        run.notes += check_same_features(headers, run.assay.kind, ids, places)
        blocks = run.remembered(joined_blocks(parts, ids, places))
        return write_matrix(blocks, sum(p.n_samples for p in parts), target, metadata)
