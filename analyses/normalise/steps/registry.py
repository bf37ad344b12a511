"""The steps that make layers: what each is asked, what it reads, and how it is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from analyses.normalise.result import StepResult
from analyses.normalise.source import LayerSource
from analyses.normalise.steps.bmiq import bmiq_layer
from analyses.normalise.steps.combat import combat_layer
from analyses.normalise.steps.combat_seq import combat_seq_layer
from analyses.normalise.steps.impute import impute_layer
from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import read_current, read_part
from cohortmart.core.study.records import Assay, Study
from cohortmart.core.types import Bools

#: Tables of the lake that a step reads besides the matrix.
_TABLES = {"bmiq": "probe", "combat": "sample", "combat_seq": "sample"}


def step_options(assay: Assay) -> list[dict[str, Any]]:
    """Return what each layer behind the raw one was asked to be.

    Parameters
    ----------
    assay : Assay
    """
    steps: list[dict[str, Any]] = [s.model_dump(exclude_none=True) for s in assay.normalise]
    return steps if assay.impute == "none" else [*steps, {"impute": assay.impute}]


def step_inputs(lake: Path, layer: str, assay: Assay, study: Study) -> list[str]:
    """Name what a step reads besides the matrix.

    Parameters
    ----------
    lake : Path
        Its files carry the hash of their content in their names.
    layer : str
    assay, study : Assay, Study
    """
    files = sorted(e.path for e in read_current(lake) if e.table_name == _TABLES.get(layer))
    if layer == "combat":
        return [*files, repr(assay.m_value_clip), *study.groups]
    return [*files, *study.groups] if layer == "combat_seq" else files


def do_step(
    study: Study,
    lake: Path,
    name: str,
    assay: Assay,
    layer: str,
    source: LayerSource,
    folder: Path,
) -> StepResult:
    """Do one step.

    Parameters
    ----------
    study : Study
    lake : Path
        For the tables that a step reads besides the matrix.
    name, assay : str, Assay
    layer : str
        Name of the step's layer.
    source : LayerSource
        The layer before.
    folder : Path
        For scratch files; may go once the rows were taken.

    Raises
    ------
    AnalysisError
        The step cannot be done; the message says why.
    """
    where = f"assay {name}, {layer}"
    if layer == "imputed":
        return impute_layer(source)
    if layer == "bmiq":
        result = bmiq_layer(source, *_design_types(lake, source.feature_ids, where), folder)
        if not result.kept:
            raise AnalysisError(
                f"{where}: no sample can be normalised",
                found=f"{result.samples[0].sample_id}: {result.samples[0].fault}",
                hint="look at the betas and the manifest, or leave `bmiq` out of `normalise`",
            )
        return result
    asked = next(s for s in assay.normalise if s.layer == layer)
    samples = _samples(lake, source)
    if asked.combat_seq is not None:
        return combat_seq_layer(source, samples, study, asked.combat_seq, where)
    assert asked.combat is not None
    return combat_layer(source, samples, study, asked.combat, assay.m_value_clip, where)


def _samples(lake: Path, source: LayerSource) -> pl.DataFrame:
    """Return the rows of the samples of a layer, in its order."""
    table = read_part(lake, "sample")
    assert table is not None
    order = pl.DataFrame({"sample_id": list(source.sample_ids)})
    return order.join(pl.DataFrame(table), on="sample_id", how="left", maintain_order="left")


def _design_types(lake: Path, probe_ids: pa.Array, where: str) -> tuple[Bools, Bools]:
    """Return which probes are of type II, and which of a type that any manifest knows."""
    table = read_part(lake, "probe")
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
