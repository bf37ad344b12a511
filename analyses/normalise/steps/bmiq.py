"""BMIQ of every sample of an assay, with a scratch file instead of memory.

BMIQ needs a sample's probes together and the lake keeps a probe's samples together. So the betas
go once into a scratch file that has one sample after the other, are normalised there in place,
and come back row by row. Memory is that of a few samples, whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyses.normalise.layer_step import LayerInputs, LayerStep, StepRun
from analyses.normalise.result import SampleNote, StepResult
from analyses.normalise.source import LayerSource, MatrixRows
from analyses.stats.methylation.bmiq import BmiqError, bmiq
from cohortmart.core.errors import AnalysisError
from cohortmart.core.progress import counted_off
from cohortmart.core.study.normalise_records import METHODS
from cohortmart.core.types import Bools

#: Samples normalised at the same time; what a sample becomes does not depend on it.
_WORKERS = 2
_ITEM = 8  # bytes of a double
#: Values fetched at once when the rows are put together again.
_BLOCK_VALUES = 1_000_000


def bmiq_layer(source: LayerSource, is_type_ii: Bools, is_typed: Bools, folder: Path) -> StepResult:
    """Normalise every sample by itself; one that cannot be fitted is left out and reported.

    Parameters
    ----------
    source : LayerSource
        The betas to start from.
    is_type_ii, is_typed : ndarray of bool of shape (n_probes,)
        Design type of the probes of the source, and whether it is known. Probes of unknown type
        stay as they are and take no part in the fit.
    folder : Path
        Where the scratch file goes; the caller removes it after the rows were taken.

    Returns
    -------
    StepResult
        Without any kept sample if none can be fitted; its rows are of no use then.
    """
    n_probes, n_samples = len(source.feature_ids), len(source.sample_ids)
    scratch = folder / "samples.f64"
    with scratch.open("wb") as file:
        _transpose(source.rows(), n_probes, n_samples, file)
    with ThreadPoolExecutor(_WORKERS) as pool:
        done = pool.map(
            lambda j: _one(scratch, j, source.sample_ids[j], is_type_ii, is_typed),
            range(n_samples),
        )
        notes = list(counted_off(done, "BMIQ of samples", n_samples))
    keep = [j for j, note in enumerate(notes) if note.fault is None]
    said = [f"{n.sample_id} is left out, BMIQ: {n.fault}" for n in notes if n.fault is not None]
    untyped = n_probes - int(is_typed.sum())
    if untyped:
        said.append(
            f"{untyped:,} of {n_probes:,} probes have no design type in the manifest: "
            "BMIQ left them as they are"
        )
    return StepResult(
        rows=_rows(scratch, source.feature_ids, keep, n_probes),
        samples=tuple(notes),
        n_changed=int(is_type_ii.sum()),
        notes=tuple(said),
    )


def _transpose(rows: Iterator[MatrixRows], n_probes: int, n_samples: int, file: BinaryIO) -> None:
    """Write the betas sample after sample."""
    start = 0
    for ids, values in rows:
        columns = np.ascontiguousarray(values.T)
        for j in range(n_samples):
            file.seek((j * n_probes + start) * _ITEM)
            file.write(columns[j].data)
        start += len(ids)


def _one(scratch: Path, j: int, sample_id: str, is_type_ii: Bools, is_typed: Bools) -> SampleNote:
    """Normalise one sample in place."""
    n_probes = len(is_typed)
    with scratch.open("r+b", buffering=0) as file:
        beta = np.empty(n_probes)
        file.seek(j * n_probes * _ITEM)
        file.readinto(beta.data)
        try:
            done = bmiq(np.where(is_typed, beta, np.nan), is_type_ii)
        except BmiqError as error:
            return SampleNote(sample_id, fault=str(error))
        file.seek(j * n_probes * _ITEM)
        file.write(np.where(is_typed, done.beta, beta).data)
    return SampleNote(
        sample_id,
        n_moved=done.n_moved,
        type_distance_before=done.distance_before,
        type_distance_after=done.distance_after,
    )


def _rows(scratch: Path, ids: pa.Array, keep: Sequence[int], n_probes: int) -> Iterator[MatrixRows]:
    """Put the rows together again."""
    step = max(1, _BLOCK_VALUES // max(1, len(keep)))
    with scratch.open("rb", buffering=0) as file:
        for start in range(0, n_probes, step):
            n = min(step, n_probes - start)
            columns = np.empty((len(keep), n))
            for k, j in enumerate(keep):
                file.seek((j * n_probes + start) * _ITEM)
                file.readinto(columns[k].data)
            yield ids.slice(start, n), np.ascontiguousarray(columns.T)


def _design_types(table: pa.Table | None, probe_ids: pa.Array, where: str) -> tuple[Bools, Bools]:
    """Return which probes are of type II, and which of a type that any manifest knows."""
    if table is None:
        raise AnalysisError(
            f"{where}: the lake has no probe annotation",
            hint="name the manifest under `reference` in study.yml",
        )
    table = table.filter(pc.is_valid(table["design_type"])).sort_by("manifest_order")
    exact = pc.index_in(probe_ids, value_set=table["probe_id"].combine_chunks())
    common = pc.index_in(probe_ids, value_set=table["common_probe_id"].combine_chunks())
    of_type = table["design_type"].combine_chunks().take(pc.coalesce(exact, common))
    if of_type.null_count == len(probe_ids):
        raise AnalysisError(
            f"{where}: the manifest knows the design type of no probe",
            expected=f"probes such as {probe_ids[0].as_py()}",
            found=", ".join(table["probe_id"].slice(0, 3).to_pylist()) or "none",
            hint="name the manifest of this array, with the column Infinium_Design_Type",
        )
    is_type_ii = pc.fill_null(pc.equal(of_type, "II"), False)
    return (
        is_type_ii.to_numpy(zero_copy_only=False),
        of_type.is_valid().to_numpy(zero_copy_only=False),
    )


def _run(run: StepRun) -> StepResult:
    source = run.source
    types = _design_types(run.table("probe"), source.feature_ids, run.where)
    result = bmiq_layer(source, *types, run.folder)
    if not result.kept:
        raise AnalysisError(
            f"{run.where}: no sample can be normalised",
            found=f"{result.samples[0].sample_id}: {result.samples[0].fault}",
            hint="look at the betas and the manifest, or leave `bmiq` out of `normalise`",
        )
    return result


BMIQ = LayerStep(
    name="bmiq",
    title=METHODS["bmiq"].title,
    inputs=LayerInputs(tables=("probe",)),
    run=_run,
    seconds_per_value=1.5 / 866e3,  # 1.5 s a sample, two at a time
)
