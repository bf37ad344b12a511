"""The derived assays of a study: computed where they are not in the lake yet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from analyses.load.derive_weights import derive_weights, gene_names, gene_words
from analyses.load.feature_matching import Matched, check_matched, match_features
from analyses.normalise.derived.log_cpm import log_cpm_rows
from analyses.normalise.derived.methods import METHODS, DeriveRun
from analyses.normalise.derived.write import derived_entries, written_derived
from analyses.normalise.lake_source import layer_source, raw_source
from analyses.normalise.source import LayerSource, MatrixRows
from cohortmart.core.lake.derive_weights import INTERCEPT
from cohortmart.core.lake.file_manifest import read_current, switch_current
from cohortmart.core.lake.layers import RAW, part_of
from cohortmart.core.study.derive_records import Derive
from cohortmart.core.study.kinds import COUNTS
from cohortmart.core.study.records import DERIVED, DerivedAssay, Study
from cohortmart.core.text import counted
from cohortmart.core.warehouse.home import Home

#: Raised when the same inputs and options would give other numbers than before.
ENGINE_VERSION = "1"
Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class _Source:
    """The assay that another is made from.

    Parameters
    ----------
    layer : LayerSource
        Its last layer.
    rows : callable
        Streams its values; of counts log2 CPM.
    gene_names : dict
        Feature to gene name, where it has one.
    made_of : dict
        What tells it from another.
    """

    layer: LayerSource
    rows: Callable[[], Iterator[MatrixRows]]
    gene_names: dict[str, str]
    made_of: dict[str, Any]


def make_derived(study: Study, home: Home, say: Say, done: list[str], skipped: list[str]) -> None:
    """Make the derived assays, each after those that it is made from.

    Parameters
    ----------
    study : Study
    home : Home
        With a lake whose layers are made.
    say : callable
        Takes one line of progress.
    done, skipped : list of str
        Take the parts that were made, and those that were there.

    Raises
    ------
    AnalysisError
        One cannot be made; those before it stay, an outdated one of it does not.
    """
    for name, assay in study.derived_assays.items():
        _make(study, home, name, assay, say, done, skipped)


def _make(
    study: Study,
    home: Home,
    name: str,
    assay: DerivedAssay,
    say: Say,
    done: list[str],
    skipped: list[str],
) -> None:
    lake, derive = home.lake, assay.made
    source, weights = _source(study, home, derive.source), derive_weights(lake, name)
    wanted = sorted({f for f in weights["feature_id"].to_list() if f != INTERCEPT})
    words = gene_words(lake, wanted)
    mark = _mark(derive, source, weights, words)
    there = derived_entries(lake, name, mark)
    part = part_of(name, DERIVED)
    if there is not None:
        say(f"{name}: in the lake already")
        skipped.append(part)
        _switch(lake, part, there)
        return
    _switch(lake, part, ())  # an outdated one must not stay, should this one fail
    ids: list[str] = source.layer.feature_ids.to_pylist()
    matched = match_features(wanted, ids, source.gene_names, words)
    note = check_matched(matched, name, derive, wanted, ids, source.gene_names)
    say(f"{name}: {derive.how.title} from {derive.source}, layer {source.layer.layer}")
    run = DeriveRun(
        derive,
        _there(weights, matched),
        matched,
        len(ids),
        source.layer.sample_ids,
        source.rows,
        f"derived assay {name}",
    )
    numbers = METHODS[derive.method](run)
    notes = [note, *numbers.notes]
    for line in notes:
        say(f"note: {name}: {line}")
    row = {**_provenance(run, source), "assay": name, "n_measures": len(numbers.names)}
    row["notes"] = "\n".join(notes)
    samples = (source.layer.columns, source.layer.sample_ids)
    made = written_derived(lake, name, mark, numbers, samples, derive.how.unit, row)
    say(f"{name}: {counted(len(numbers.names), derive.how.one, derive.how.many)}")
    _switch(lake, part, made)
    done.append(part)


def _options(derive: Derive) -> dict[str, Any]:
    """Return what study.yml asks, without the file: its content counts."""
    return derive.model_dump(
        mode="json", by_alias=True, include={"source", "method", *derive.how.options}
    )


def _mark(derive: Derive, source: _Source, weights: pl.DataFrame, words: dict[str, str]) -> str:
    """Return the fingerprint of what a derived assay is made from."""
    parts = {
        "source": source.made_of,
        "derive": _options(derive),
        "words": words,
        "weights": hashlib.sha256(weights.write_csv().encode()).hexdigest(),
        "engine": ENGINE_VERSION,
        "versions": {name: version(name) for name in ("duckdb", "numpy", "scipy")},
    }
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _provenance(run: DeriveRun, source: _Source) -> dict[str, object]:
    """Return the columns of `derived_assay` that are known before the numbers are."""
    return {
        "made_from": run.derive.source,
        "made_from_layer": source.layer.layer,
        "method": run.derive.method,
        "options": json.dumps(_options(run.derive), sort_keys=True),
        "file": run.derive.file.name,
        "n_features": run.matched.n_wanted,
        "n_found": len(run.matched.positions),
        "found_share": run.matched.share,
        "matched_by": run.matched.by,
        "n_samples": len(run.sample_ids),
    }


def _source(study: Study, home: Home, name: str) -> _Source:
    """Find the last layer of an assay, and how its values are taken."""
    assay, lake = study.assays[name], home.lake
    last = assay.layers[-1]
    current = read_current(lake)
    if last == RAW:
        layer, made_of = raw_source(home, name, assay)
    else:
        entries = tuple(e for e in current if e.part == part_of(name, last))
        layer = layer_source(lake, assay.kind, last, entries)
        made_of = {"files": [e.path for e in entries]}
    rows, names = layer.rows, gene_names(lake, name)
    if assay.kind == COUNTS:
        rows = partial(log_cpm_rows, layer, lake)
    text = json.dumps(names, sort_keys=True).encode()
    made_of = {**made_of, "gene_names": hashlib.sha256(text).hexdigest()}
    return _Source(layer, rows, names, made_of)


def _there(weights: pl.DataFrame, matched: Matched) -> pl.DataFrame:
    """Return the weights of features that the assay has, and constants."""
    known = pl.Series([*matched.positions, INTERCEPT], dtype=pl.String)
    return weights.filter(pl.col("feature_id").is_in(known.implode()))


def _switch(lake: Path, part: str, entries: tuple[Any, ...]) -> None:
    """Make the files of a derived assay current in place of others of it."""
    current = read_current(lake)
    new = [*(e for e in current if e.part != part), *entries]
    if set(new) != set(current):
        switch_current(lake, new)
