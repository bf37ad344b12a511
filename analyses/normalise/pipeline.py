"""The layers that a study asks for: computed where they are not in the lake yet."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from analyses.normalise.derived.pipeline import make_derived
from analyses.normalise.lake_source import layer_source, raw_source
from analyses.normalise.layer_step import StepRun
from analyses.normalise.steps.registry import LAYER_STEPS
from analyses.normalise.write import layer_entries, written_layer
from cohortmart.core.errors import InputError
from cohortmart.core.lake.assays import assay_rows
from cohortmart.core.lake.file_manifest import Entry, read_current, read_part, switch_current
from cohortmart.core.lake.layers import part_of
from cohortmart.core.lake.lock import lake_lock
from cohortmart.core.progress import counted_off
from cohortmart.core.schemas.tables import ASSAY
from cohortmart.core.study.kinds import KINDS
from cohortmart.core.study.records import Assay, Study
from cohortmart.core.warehouse.home import Home

#: Raised when the same inputs and options would give other values than before.
ENGINE_VERSION = "1"
_INGEST_FIRST = "read the raw files first: cohortmart ingest STUDY.yml --out DIR"
Say = Callable[[str], None]


@dataclass(frozen=True)
class NormaliseSummary:
    """What `normalise` did: layers as `assay:layer`."""

    done: tuple[str, ...]
    skipped: tuple[str, ...]


def normalise(study: Study, home: Home, say: Say = print) -> NormaliseSummary:
    """Make the layers that `normalise` and `impute` of every assay name, then derived assays.

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
        layered = [(n, a) for n, a in sorted(study.assays.items()) if len(a.layers) > 1]
        for name, assay in counted_off(layered, "layers of assays", name=lambda one: one[0]):
            _layers_of(study, home, name, assay, say, done, skipped)
        make_derived(study, home, say, done, skipped)
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
    source, start = raw_source(home, name, assay)
    mark = _digest({**start, "engine": ENGINE_VERSION})
    features = KINDS[assay.kind].features
    for i, layer in enumerate(assay.layers[1:], start=1):
        step, part = LAYER_STEPS[layer], part_of(name, layer)
        options, inputs = step.asked(assay), step.depends_on(home.lake, study, name, assay)
        mark = _digest({"from": mark, layer: options, "inputs": inputs, "versions": _versions()})
        there = layer_entries(home.lake, name, layer, mark)
        if there is None:
            shape = f"{len(source.feature_ids):,} {features} x {len(source.sample_ids)}"
            say(f"{name}: {layer} of {shape}")
            with tempfile.TemporaryDirectory(
                prefix=f".{layer}.parquet.", suffix=".tmp", dir=home.lake
            ) as folder:
                run = StepRun(
                    study, home.lake, name, assay, step.options(assay), source.heard(),
                    Path(folder), where=f"assay {name}, {layer}",
                )  # fmt: skip
                result = step.run(run)
                there = written_layer(home.lake, name, layer, mark, source, result, options)
            for note in result.notes:
                say(f"note: {name}: {note}")
            done.append(part)
        else:
            say(f"{name}: {layer} is in the lake already")
            skipped.append(part)
        _switch(home.lake, name, assay.layers[i:], there)
        source = layer_source(home.lake, assay.kind, layer, there)


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
