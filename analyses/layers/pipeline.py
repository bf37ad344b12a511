"""The layers that a study asks for: computed where they are not in the lake yet."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from analyses.layers.bmiq_layer import bmiq_layer
from analyses.layers.combat_layer import combat_layer
from analyses.layers.impute_layer import impute_layer
from analyses.layers.result import StepResult
from analyses.layers.source import LayerSource, layer_rows, raw_rows
from analyses.layers.write import layer_entries, written_layer
from analyses.load.kept import Kept, kept_in_lake
from cohortmart.catalogue import Entry, read_current, read_part, switch_current
from cohortmart.errors import AnalysisError, InputError
from cohortmart.lake.assays import assay_rows
from cohortmart.lake.layers import RAW, part_of
from cohortmart.lake.lock import lake_lock
from cohortmart.study import Assay, Study
from cohortmart.tables import ASSAY
from cohortmart.warehouse import Home

Bools = NDArray[np.bool_]
#: Raised when the same inputs and options would give other betas than before.
ENGINE_VERSION = "1"
_INGEST_FIRST = "read the raw files first: cohortmart ingest STUDY.yml --out DIR"
Say = Callable[[str], None]


@dataclass(frozen=True)
class NormaliseSummary:
    """What `normalise` did: layers as `assay:layer`."""

    done: tuple[str, ...]
    skipped: tuple[str, ...]


def normalise(study: Study, home: Home, say: Say = print) -> NormaliseSummary:
    """Make the layers that `normalise` and `impute` of every assay name.

    A layer becomes current as soon as it is complete; the raw one stays. Layers that the study
    names no longer went out of the lake when ingest saw that.

    Parameters
    ----------
    study : Study
    home : Home
        With a lake.
    say : callable
        Takes one line of progress.

    Raises
    ------
    AnalysisError
        A step cannot be done; the message says why. Layers before it stay.
    InputError
        There is no lake, it was made for another study.yml, or another command is writing it.
    """
    if not home.lake.is_dir():
        raise InputError("there is no lake here to normalise", file=home.root, hint=_INGEST_FIRST)
    done: list[str] = []
    skipped: list[str] = []
    with lake_lock(home):
        _refuse_other_study(home.lake, study)
        for name, assay in sorted(study.assays.items()):
            if len(assay.layers) > 1:
                _layers_of(study, home, name, assay, say, done, skipped)
    return NormaliseSummary(tuple(done), tuple(skipped))


def _layers_of(
    study: Study,
    home: Home,
    name: str,
    assay: Assay,
    say: Say,
    done: list[str],
    skipped: list[str],
) -> None:
    kept = kept_in_lake(home, name)
    source = _raw_source(home.lake, name, assay, kept)
    raw = _path_of(home.lake, part_of(name, RAW))
    start = {"raw": raw, "kept": kept.mark, "detection_p": assay.filter.detection_p}
    mark = _digest({**start, "engine": ENGINE_VERSION})
    for i, (layer, options) in enumerate(
        zip(assay.layers[1:], _options(assay), strict=True), start=1
    ):
        part = part_of(name, layer)
        inputs = _inputs(home.lake, layer, assay, study)
        mark = _digest({"from": mark, layer: options, "inputs": inputs, "versions": _versions()})
        there = layer_entries(home.lake, name, layer, mark)
        if there is None:
            say(f"{name}: {layer} of {len(source.probe_ids):,} probes x {len(source.sample_ids)}")
            with tempfile.TemporaryDirectory(
                prefix=f".{layer}.parquet.", suffix=".tmp", dir=home.lake
            ) as folder:
                step = _step(study, home.lake, name, assay, layer, source, Path(folder))
                there = written_layer(home.lake, name, layer, mark, source, step, options)
            for note in step.notes:
                say(f"note: {name}: {note}")
            done.append(part)
        else:
            say(f"{name}: {layer} is in the lake already")
            skipped.append(part)
        _switch(home.lake, name, assay.layers[i:], there)
        source = _layer_source(home.lake, layer, there)


def _refuse_other_study(lake: Path, study: Study) -> None:
    """Raise if the lake was not made for what the study asks now."""
    table = read_part(lake, "assay")
    there = {} if table is None else {row["assay"]: row for row in table.to_pylist()}
    asked = {str(row["assay"]): row for row in assay_rows(study)}
    if there == asked:
        return
    names = sorted(n for n in there.keys() | asked.keys() if there.get(n) != asked.get(n))
    in_both = [n for n in names if n in there and n in asked]
    keys = [key for n in in_both for key in ASSAY.names if there[n].get(key) != asked[n][key]]
    raise InputError(
        f"the lake was not made for the assay {names[0]} as study.yml has it now",
        file=lake,
        found=f"another value of {', '.join(dict.fromkeys(keys))}" if keys else None,
        hint=_INGEST_FIRST,
    )


def _options(assay: Assay) -> list[dict[str, Any]]:
    """Return what each layer behind the raw one was asked to be."""
    steps: list[dict[str, Any]] = [s.model_dump(exclude_none=True) for s in assay.normalise]
    return steps if assay.impute == "none" else [*steps, {"impute": assay.impute}]


def _step(
    study: Study,
    lake: Path,
    name: str,
    assay: Assay,
    layer: str,
    source: LayerSource,
    folder: Path,
) -> StepResult:
    where = f"assay {name}, {layer}"
    if layer == "imputed":
        return impute_layer(source)
    if layer == "bmiq":
        result = bmiq_layer(source, *_design_types(lake, source.probe_ids, where), folder)
        if not result.kept:
            raise AnalysisError(
                f"{where}: no sample can be normalised",
                found=f"{result.samples[0].sample_id}: {result.samples[0].fault}",
                hint="look at the betas and the manifest, or leave `bmiq` out of `normalise`",
            )
        return result
    combat = next(s.combat for s in assay.normalise if s.combat is not None)
    table = read_part(lake, "sample")
    assert table is not None
    order = pl.DataFrame({"sample_id": list(source.sample_ids)})
    samples = order.join(pl.DataFrame(table), on="sample_id", how="left", maintain_order="left")
    return combat_layer(source, samples, study, combat, assay.m_value_clip, where)


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


def _raw_source(lake: Path, name: str, assay: Assay, kept: Kept) -> LayerSource:
    path = lake / _path_of(lake, part_of(name, RAW))
    return LayerSource(
        layer=RAW,
        rows=partial(raw_rows, path, kept.probe_ids, kept.positions, assay.filter.detection_p),
        probe_ids=kept.probe_ids,
        sample_ids=kept.sample_ids,
        columns=kept.columns,
    )


def _layer_source(lake: Path, layer: str, entries: tuple[Entry, ...]) -> LayerSource:
    paths = {e.table_name: lake / e.path for e in entries}
    samples = pq.read_table(paths["matrix_sample"])
    ids = pq.read_table(paths["matrix"], columns=["feature_id"])["feature_id"]
    return LayerSource(
        layer=layer,
        rows=partial(layer_rows, paths["matrix"]),
        probe_ids=ids.combine_chunks(),
        sample_ids=tuple(samples["sample_id"].to_pylist()),
        columns=tuple(samples["column_name"].to_pylist()),
    )


def _path_of(lake: Path, part: str) -> str:
    return next(e.path for e in read_current(lake) if (e.table_name, e.part) == ("matrix", part))


def _inputs(lake: Path, layer: str, assay: Assay, study: Study) -> list[str]:
    """Name what a step reads besides betas; files of the lake carry the hash of their content."""
    tables = {"bmiq": "probe", "combat": "sample"}
    files = sorted(e.path for e in read_current(lake) if e.table_name == tables.get(layer))
    return [*files, repr(assay.m_value_clip), *study.groups] if layer == "combat" else files


def _switch(lake: Path, name: str, layers: Sequence[str], entries: tuple[Entry, ...]) -> None:
    """Make the first of some layers current; those behind it were made from what it was."""
    current = read_current(lake)
    if set(entries) <= set(current):
        return
    parts = {part_of(name, layer) for layer in layers}
    switch_current(lake, [*(e for e in current if e.part not in parts), *entries])


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("numpy", "scipy")}


def _digest(parts: dict[str, Any]) -> str:
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
