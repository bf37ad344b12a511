"""The lake matrix of one assay, made of its files: read, check, sum, join, write."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.matrix import UnsortedError, write_matrix
from cohortmart.core.study.records import Assay
from cohortmart.core.text import counted
from ingest.check.joined import check_same_features
from ingest.check.matrix import Kind
from ingest.matrix.abundance import estimated_counts, transcript_notes
from ingest.matrix.assay_headers import AssayHeaders
from ingest.matrix.assay_run import AssayRun, FileReport
from ingest.matrix.detection import check_quality_probes, with_quality
from ingest.matrix.merged_notes import merged_notes
from ingest.matrix.pools import Pool
from ingest.matrix.sample_columns import spilled_parts
from ingest.read.matrix.joined import all_features, joined_blocks, spill
from ingest.read.matrix.records import LENGTH, Block, MatrixHeader
from ingest.read.matrix.replicates import collapsed, common_probe_ids
from ingest.reference.gene_lookup import GeneLookup


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


def ingest_matrix(
    assay_name: str,
    assay: Assay,
    headers: AssayHeaders,
    target: Path,
    leave_out: Collection[str] = (),
    metadata: Mapping[bytes, bytes] | None = None,
    pools: Sequence[Pool] = (),
    needs_counts: Sequence[str] = (),
    lookup: GeneLookup | None = None,
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
    pools : sequence of Pool
        Columns of the lake matrix, where technical replicates are merged; without `leave_out`.
    needs_counts : sequence of str
        What needs counts of it, see `ingest.check.count_scale.counts_needed`.
    lookup : GeneLookup, optional
        The reference of genes; it undoes Excel's dates among the names of counts.

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
    run = _run(assay_name, assay, leave_out, headers, needs_counts, lookup)
    raw = tuple(name for header in headers.values for name in run.kept(header))
    samples = tuple(pool.name for pool in pools) or raw
    if not samples:
        raise IngestError(
            f"no sample of the assay {assay_name} is left: all were forgotten",
            hint="remove the assay from study.yml",
        )
    one_file = len(headers.values) == 1 and not headers.quality
    streams = one_file and not assay.read.collapse_replicates and LENGTH not in headers.further
    try:
        if not streams:
            raise UnsortedError
        first = headers.values[0]
        merged = run.merged(run.judged(run.blocks(first), first.path), raw, pools)
        rows = write_matrix(run.remembered(merged), len(samples), target, metadata, headers.further)
    except UnsortedError:
        run = _run(assay_name, assay, leave_out, headers, needs_counts, lookup)
        rows = _write_sorted(run, headers, target, metadata, pools)
    return MatrixReport(
        samples=samples,
        features=run.features(),
        rows=rows,
        columns=len(samples),
        files=tuple(run.files),
        notes=merged_notes(run.notes, [header.path.name for header in headers.values]),
    )


def _run(
    name: str,
    assay: Assay,
    leave_out: Collection[str],
    headers: AssayHeaders,
    needs_counts: Sequence[str],
    lookup: GeneLookup | None,
) -> AssayRun:
    return AssayRun(name, assay, frozenset(leave_out), headers.further, needs_counts, lookup)


def _write_sorted(
    run: AssayRun,
    headers: AssayHeaders,
    target: Path,
    metadata: Mapping[bytes, bytes] | None,
    pools: Sequence[Pool],
) -> int:
    """Join the files of an assay and sort its features, by way of scratch files."""
    target.parent.mkdir(parents=True, exist_ok=True)
    replicates = run.assay.read.collapse_replicates
    with tempfile.TemporaryDirectory(
        prefix=f".{target.name}.", suffix=".tmp", dir=target.parent
    ) as name:
        folder = Path(name)
        parts, firsts = spilled_parts(run, headers.values, folder)
        run.notes += transcript_notes(headers.values)
        run.judge(headers.values[0].path)
        ids, places = all_features(parts, replicates)
        if len(parts) > 1:
            run.notes += check_same_features(firsts, run.assay.kind, ids, places)
        if LENGTH in run.further:
            blocks = estimated_counts(run.assay, headers.values, parts, ids, places)
        else:
            blocks = joined_blocks(parts, ids, places, run.further)
        samples = [name for header in headers.values for name in run.kept(header)]
        for quantity, given in headers.quality.items():
            blocks = _with_quality(run, blocks, quantity, given, samples, ids, folder)
        if replicates:
            run.notes.append(_collapse_note(ids))
            blocks = collapsed(blocks)
        merged = run.remembered(run.merged(blocks, samples, pools))
        return write_matrix(merged, len(pools or samples), target, metadata, run.further)


def _with_quality(
    run: AssayRun,
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
