"""Probes and samples that pass the filters, against the same rules in NumPy."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyses.load.probe_filters import Kept, kept_in_lake
from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import Entry, switch_current, write_table
from cohortmart.core.lake.matrix import write_matrix
from cohortmart.core.lake.matrix_samples import matrix_sample_rows, matrix_sample_table
from cohortmart.core.schemas import tables
from cohortmart.core.warehouse.home import Home

_COUNT = itertools.count()


@dataclass(frozen=True)
class Arrays:
    """One assay and all that decides what is kept of it.

    `manifest` is (order, probe_id, chromosome), `masks` is (probe_id, mask).
    """

    probes: tuple[str, ...]
    values: np.ndarray
    detection_p: np.ndarray | None = None
    beads: np.ndarray | None = None
    p_limit: float | None = 0.01
    sample_limit: float | None = 0.1
    probe_limit: float | None = 0.2
    bead_minimum: float | None = 3.0
    bead_share: float | None = 0.05
    non_cpg: bool = True
    use_masks: bool = True
    sex: bool = True
    manifest: tuple[tuple[int, str, str | None], ...] = ()
    masks: tuple[tuple[str, str], ...] = ()


def common(name: str) -> str:
    return re.sub(r"_[TB][CO][12]\d+$", "", name)


def chromosome(arrays: Arrays, probe: str) -> str | None:
    """By its own name in the first manifest that has it, else by the name of all replicates."""
    known = [row for row in arrays.manifest if row[1] == probe]
    known = known or [row for row in arrays.manifest if common(row[1]) == probe]
    return min(known)[2] if known else None


def expected(a: Arrays) -> tuple[list[str], list[int]]:
    missing = np.isnan(a.values)
    if a.detection_p is not None and a.p_limit is not None:
        missing |= np.nan_to_num(a.detection_p) > a.p_limit
    samples = np.full(a.values.shape[1], True)
    if a.sample_limit is not None:
        samples = missing.mean(axis=0) <= a.sample_limit
    if not samples.any():
        return [], []
    keep = np.full(len(a.probes), True)
    if a.probe_limit is not None:
        keep &= missing[:, samples].mean(axis=1) <= a.probe_limit
    if a.beads is not None and a.bead_minimum is not None and a.bead_share is not None:
        few = np.nan_to_num(a.beads, nan=np.inf) < a.bead_minimum
        keep &= few[:, samples].mean(axis=1) <= a.bead_share
    masked = {probe for probe, _ in a.masks}
    for i, probe in enumerate(a.probes):
        if a.non_cpg and not probe.startswith("cg"):
            keep[i] = False
        if a.use_masks and {probe, common(probe)} & masked:
            keep[i] = False
        if a.sex and chromosome(a, probe) in ("X", "Y"):
            keep[i] = False
    return sorted(p for p, k in zip(a.probes, keep, strict=True) if k), list(
        np.flatnonzero(samples)
    )


def write_lake(folder: Path, assays: dict[str, Arrays]) -> Home:
    """Write what `kept_in_lake` reads."""
    lake = folder / "lake"
    rows: dict[str, list[dict[str, object]]] = {
        name: [] for name in ("assay", "feature", "probe", "probe_mask")
    }
    columns, entries = [], []
    for assay, a in assays.items():
        n = a.values.shape[1]
        order = np.argsort(np.array(a.probes))
        extras = {"detection_p": a.detection_p, "bead_count": a.beads}
        given = {name: v for name, v in extras.items() if v is not None}
        block = [pa.array([a.probes[i] for i in order]), a.values[order]]
        block += [v[order] for v in given.values()]
        path = f"matrix-{assay}.parquet"
        write_matrix([tuple(block)], n, lake / path, extras=list(given))
        entries.append(Entry("matrix", f"{assay}:raw", path))
        for layer in ("raw", "bmiq"):  # the second must not count
            names = [f"{layer}{j}" for j in range(n)]
            ids = [f"{assay}{j}" for j in range(n)]
            columns += matrix_sample_rows(assay, "beta", layer, names, ids)
        rows["assay"].append(
            {
                "assay": assay,
                "kind": "beta",
                "filter_detection_p": a.p_limit,
                "filter_sample_missing": a.sample_limit,
                "filter_probe_missing": a.probe_limit,
                "filter_bead_minimum": a.bead_minimum,
                "filter_bead_share": a.bead_share,
                "filter_non_cpg": a.non_cpg,
                "filter_masks": a.use_masks,
                "filter_sex_chromosomes": a.sex,
            }
        )
        rows["feature"] += [{"assay": assay, "kind": "beta", "feature_id": p} for p in a.probes]
        rows["probe"] += [
            {
                "manifest": f"m{o}",
                "manifest_order": o,
                "probe_id": p,
                "common_probe_id": common(p),
                "chromosome": c,
            }
            for o, p, c in a.manifest
        ]
        rows["probe_mask"] += [{"probe_id": p, "mask": m} for p, m in a.masks]
    made = {n: pa.Table.from_pylist(r, tables.LAKE_TABLES[n]) for n, r in rows.items()}
    made["matrix_sample"] = matrix_sample_table(columns)
    for name, table in made.items():
        if table.num_rows:
            write_table(table, lake / f"{name}.parquet")
            entries.append(Entry(name, "", f"{name}.parquet"))
    switch_current(lake, entries)
    return Home(folder)


def check(home: Home, assay: str, a: Arrays) -> Kept | None:
    probes, positions = expected(a)
    if not probes or not positions:
        with pytest.raises(AnalysisError, match=f"the filters leave no .* of the assay {assay}"):
            kept_in_lake(home, assay)
        return None
    kept = kept_in_lake(home, assay)
    assert kept.probe_ids.to_pylist() == probes
    assert kept.positions.tolist() == positions
    assert kept.sample_ids == tuple(f"{assay}{j}" for j in positions)
    assert kept.columns == tuple(f"raw{j}" for j in positions)
    return kept


#: Replicates with and without their common name, an odd one, and none of a CpG.
NAMES = [
    *(f"cg0000000{i}" for i in range(6)),
    *(f"cg0000001{i}_{s}" for i in range(4) for s in ("TC21", "TC22", "BO11")),
    *("cg00000010", "cg00000011"),
    *("cg00000020_x", "ch.1.5F", "rs1", "nv-GRCh38_TC21", "CG00000001"),
]


def share(*of: float) -> st.SearchStrategy[float | None]:
    return st.sampled_from([None, *of])


@st.composite
def arrays(draw: st.DrawFn) -> Arrays:
    probes = draw(st.permutations(NAMES))[: draw(st.integers(1, len(NAMES)))]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = len(probes), draw(st.integers(1, 7))

    def holes(values: np.ndarray, rate: float) -> np.ndarray:
        return np.where(rng.random(shape) < rate, np.nan, values)

    few = draw(st.sampled_from([0.02, 0.2]))
    p = holes(rng.choice([0.001, 0.01, 0.02], shape, p=[0.9 - few, 0.1, few]), 0.05)
    beads = holes(rng.choice([2.0, 3.0, 9.0], shape, p=[few, 0.1, 0.9 - few]), 0.05)
    known = {*NAMES, *map(common, NAMES)}
    places = [
        (order, name, str(rng.choice(["1", "X", "Y", "M"])) if rng.random() < 0.9 else None)
        for order in (1, 2)
        for name in sorted(known)
        if rng.random() < 0.3
    ]
    masks = [(n, m) for n in sorted(known) for m in ("snp", "cross") if rng.random() < 0.05]
    return Arrays(
        probes=tuple(probes),
        values=holes(rng.random(shape), draw(st.sampled_from([0.0, 0.05, 0.3]))),
        detection_p=p if draw(st.booleans()) else None,
        beads=beads if draw(st.booleans()) else None,
        p_limit=draw(share(0.01)),
        sample_limit=draw(share(0.1, 0.25, 0.5)),
        probe_limit=draw(share(0.2, 0.25, 0.5)),
        bead_minimum=draw(st.sampled_from([None, 3.0])),
        bead_share=draw(share(0.05, 0.25)),
        non_cpg=draw(st.booleans()),
        use_masks=draw(st.booleans()),
        sex=draw(st.booleans()),
        manifest=tuple(places) if draw(st.booleans()) else (),
        masks=tuple(masks) if draw(st.booleans()) else (),
    )


@given(arrays())
@settings(max_examples=10)
def test_the_rules_in_numpy(tmp_path_factory: pytest.TempPathFactory, a: Arrays) -> None:
    folder = tmp_path_factory.getbasetemp() / f"kept{next(_COUNT)}"
    check(write_lake(folder, {"meth": a}), "meth", a)


OPEN = Arrays(
    probes=("cg2", "cg10", "cg1_TC21", "rs7"),
    values=np.array([[0.1, np.nan, 0.3], [0.2, 0.5, 0.6], [0.7, 0.8, 0.9], [0.0, 1.0, 0.5]]),
    p_limit=None,
    sample_limit=None,
    probe_limit=None,
    bead_minimum=None,
    non_cpg=False,
    use_masks=False,
    sex=False,
)


def test_with_all_filters_off_all_is_kept_in_byte_order(tmp_path: Path) -> None:
    kept = check(write_lake(tmp_path, {"meth": OPEN}), "meth", OPEN)
    assert kept is not None
    assert kept.probe_ids.to_pylist() == ["cg10", "cg1_TC21", "cg2", "rs7"]


def test_what_lies_exactly_at_a_limit_is_kept(tmp_path: Path) -> None:
    values = np.full((8, 4), 0.5)
    p, beads = np.full((8, 4), 0.01), np.full((8, 4), 3.0)
    values[0, 0] = np.nan  # 1/8 of the sample, 1/4 of the probe
    p[1, 0] = 0.02  # with that 2/8
    p[2, 1:3] = 0.02  # 2/4 of the probe: dropped
    beads[3, 2] = 2  # 1/4
    beads[4, 1:3] = 2  # dropped
    values[5:, 3] = np.nan  # 3/8: dropped, and counts for no probe
    limits = {"p_limit": 0.01, "sample_limit": 0.25, "probe_limit": 1 / 3, "bead_share": 1 / 3}
    arrays = replace(
        OPEN,
        probes=tuple(f"cg{i}" for i in range(8)),
        values=values,
        detection_p=p,
        beads=beads,
        bead_minimum=3.0,
        **limits,
    )
    kept = check(write_lake(tmp_path, {"meth": arrays}), "meth", arrays)
    assert kept is not None
    assert kept.positions.tolist() == [0, 1, 2]
    assert kept.probe_ids.to_pylist() == ["cg0", "cg1", "cg3", "cg5", "cg6", "cg7"]


def test_places_of_replicates(tmp_path: Path) -> None:
    """A collapsed probe lies where the first replicate of the first manifest does."""
    places = [
        (2, "cg1_TC11", "X"),
        (1, "cg1_TC22", "1"),
        (1, "cg1_TC23", "X"),
        (2, "cg2", "Y"),
        (1, "cg2_TC21", "1"),
        (1, "cg3_TC21", "X"),
        (1, "cg3_TC22", "1"),
        (1, "cg4_TC21", "X"),
    ]
    names = ("cg1", "cg2", "cg3_TC22", "cg3_TC23", "cg3", "cg4_TC22")
    arrays = replace(OPEN, probes=names, values=np.zeros((6, 1)), sex=True, manifest=tuple(places))
    kept = check(write_lake(tmp_path, {"meth": arrays}), "meth", arrays)
    assert kept is not None
    assert kept.probe_ids.to_pylist() == ["cg1", "cg3_TC22", "cg3_TC23", "cg4_TC22"]


def test_another_assay_of_the_lake_changes_nothing(tmp_path: Path) -> None:
    """Not even one with the same probes, masks off and other limits; in a folder with a quote."""
    strict = replace(OPEN, probe_limit=0.2, non_cpg=True, masks=(("cg1", "m"),), use_masks=True)
    home = write_lake(tmp_path / "anna's [2]", {"a": strict, "meth": OPEN})
    first = check(home, "a", strict)
    second = check(home, "meth", OPEN)
    assert first is not None
    assert second is not None
    assert first.probe_ids.to_pylist() == ["cg10"]
    assert first.mark != second.mark


def test_the_mark_is_of_what_is_kept(tmp_path: Path) -> None:
    def mark(name: str, a: Arrays) -> str:
        return kept_in_lake(write_lake(tmp_path / name, {"meth": a}), "meth").mark

    first = mark("a", OPEN)
    assert mark("b", replace(OPEN, values=np.zeros((4, 3)))) == first
    assert mark("c", replace(OPEN, non_cpg=True)) != first
    assert mark("d", replace(OPEN, sample_limit=0.2)) != first


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"sample_limit": 0.2, "values": np.full((4, 3), np.nan)}, "sample"),
        ({"probe_limit": 0.2, "values": np.full((4, 3), np.nan)}, "probe"),
    ],
)
def test_nothing_left(tmp_path: Path, change: dict[str, object], what: str) -> None:
    home = write_lake(tmp_path, {"meth": replace(OPEN, **change)})  # type: ignore[arg-type]
    with pytest.raises(AnalysisError, match=f"leave no {what} of the assay meth") as caught:
        kept_in_lake(home, "meth")
    assert caught.value.file == home.lake
    assert "assays.meth.filter" in str(caught.value.hint)
