"""A person who withdraws is in no layer either."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ingest.forget.pipeline import forget_file, forget_subject
from tests.support.array_study import ArrayStudy

ANNA = {"anna", "A1", "A2"}


@pytest.fixture
def full(made: ArrayStudy) -> ArrayStudy:
    """With layers of today, and one of other options that is not current."""
    made.normalise_steps = "[bmiq, {combat: {batch: slide}}]"
    made.impute = "mean"
    made.make()
    return made


def everything(folder: Path) -> set[Any]:
    """All values and words in all Parquet files below a folder."""
    found: set[Any] = set()

    def add(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                add(item)
        elif isinstance(value, str):
            for sign in '":,[]{}\n':
                value = value.replace(sign, " ")
            found.update(value.split())
        elif isinstance(value, float):
            found.add(value)

    for path in folder.rglob("*.parquet"):
        add(path.name)
        for row in pq.read_table(path).to_pylist():
            add(list(row.values()))
        add([v.decode(errors="replace") for v in (pq.read_schema(path).metadata or {}).values()])
    return found


def annas_values(arrays: ArrayStudy) -> set[float]:
    """Values that no one else has, of every layer."""
    hers, others = set(), set()
    for layer in arrays.current():
        _, samples, values = arrays.layer(layer)
        for j, sample in enumerate(samples):
            (hers if sample in ANNA else others).update(values[:, j].tolist())
    return {v for v in hers - others if v == v}


def test_of_a_forgotten_subject_nothing_is_left(full: ArrayStudy) -> None:
    hers = annas_values(full)
    assert len(hers) > 1500
    assert everything(full.home.root) >= ANNA | hers
    forget_subject(full.home, "anna", full.said.append)
    assert full.current() == ["raw"]
    assert not everything(full.home.root) & (ANNA | hers)
    assert derived_files(full) == []

    assert not full.ingest()
    assert full.normalise().done == ("meth:bmiq", "meth:combat", "meth:imputed")
    assert full.layer("imputed")[1] == ["B1", "B2", "C1", "C2", "D1", "D2"]
    assert not everything(full.home.lake) & (ANNA | hers)


def test_a_forgotten_manifest_leaves_no_layer_made_with_it(made: ArrayStudy) -> None:
    forget_file(made.home, "manifest.csv", made.said.append)
    assert made.current() == ["raw"]
    assert list(made.home.lake.glob("probe-*")) == []
    assert derived_files(made) == []


def derived_files(arrays: ArrayStudy) -> list[str]:
    return [p.name for p in arrays.home.lake.glob("*-meth-*") if "-raw-" not in p.name]
