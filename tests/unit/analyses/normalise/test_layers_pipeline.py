"""Layers of a study: which are made anew, which are found, and what a failure leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from analyses.normalise import pipeline, write
from analyses.normalise.pipeline import NormaliseSummary, normalise
from analyses.normalise.steps import bmiq as steps
from cohortmart.core.errors import AnalysisError, InputError
from cohortmart.core.lake.file_manifest import read_part, switch_current
from cohortmart.core.lake.hashed_tables import write_named
from cohortmart.core.schemas.tables import PROBE
from tests.support.array_study import COMBAT, ON_X, ArrayStudy

ALL = ("meth:bmiq", "meth:combat")


def failing(at: str, take: int = 0) -> Callable[..., Any]:
    """`write_matrix` that dies over one layer, having written some blocks of it."""
    real = write.write_matrix

    def write_matrix(blocks: Any, n: int, target: Path, *further: Any) -> int:
        def some() -> Any:
            for i, block in enumerate(blocks):
                if i == take:
                    raise KeyboardInterrupt
                yield block

        return real(some() if f"-{at}-" in target.name else blocks, n, target, *further)

    return write_matrix


def test_every_layer_is_current_as_soon_as_it_is_complete(arrays: ArrayStudy) -> None:
    arrays.impute = "mean"
    arrays.ingest()
    raw = arrays.sha256("raw")
    at_the_time = []

    def say(line: str) -> None:
        at_the_time.append((line.split(" of ")[0], arrays.current()))

    assert normalise(arrays.study, arrays.home, say).done == (*ALL, "meth:imputed")
    starts = [pair for pair in at_the_time if not pair[0].startswith("note")]
    assert starts == [
        ("meth: bmiq", ["raw"]),
        ("meth: combat", ["bmiq", "raw"]),
        ("meth: imputed", ["bmiq", "combat", "raw"]),
    ]
    assert arrays.current() == ["bmiq", "combat", "imputed", "raw"]
    assert arrays.sha256("raw") == raw
    assert arrays.leftovers() == []


def test_what_the_tables_say_of_a_layer(made: ArrayStudy) -> None:
    n = int(made.kept.sum())
    found = {layer: made.rows("layer", layer)[0] for layer in ("bmiq", "combat")}
    assert [r["made_from"] for r in found.values()] == ["raw", "bmiq"]
    assert [(r["n_features"], r["n_samples"]) for r in found.values()] == [(n, 8), (n, 8)]
    assert found["bmiq"]["n_changed"] == made.is_type_ii[made.kept].sum()
    assert found["combat"]["options"] == (
        '{"combat": {"batch": "slide", "keep": ["group", "timepoint"], "mean_only": false}}'
    )
    columns = made.rows("matrix_sample", "combat")
    assert [(r["position"], r["sample_id"], r["column_name"]) for r in columns] == [
        (i, s, s) for i, s in enumerate(made.samples, start=1)
    ]
    assert {(r["kind"], r["layer"]) for r in columns} == {("beta", "combat")}
    assert [r["fault"] for r in made.rows("layer_sample", "bmiq")] == [None] * 8


def test_a_second_run_does_nothing(made: ArrayStudy) -> None:
    before = {p.name: p.stat().st_mtime_ns for p in made.home.lake.glob("*.parquet")}
    assert made.normalise() == NormaliseSummary(done=(), skipped=ALL)
    assert {p.name: p.stat().st_mtime_ns for p in made.home.lake.glob("*.parquet")} == before


def test_an_unchanged_ingest_keeps_the_layers(made: ArrayStudy) -> None:
    before = (made.home.lake / "current.parquet").read_bytes()
    assert not made.ingest()
    assert (made.home.lake / "current.parquet").read_bytes() == before
    assert made.current() == ["bmiq", "combat", "raw"]


def test_other_options_of_a_step_redo_it_alone(made: ArrayStudy) -> None:
    bmiq, combat = made.sha256("bmiq"), made.sha256("combat")
    made.normalise_steps = "[bmiq, {combat: {batch: slide, keep: [group]}}]"
    assert made.make() == NormaliseSummary(done=("meth:combat",), skipped=("meth:bmiq",))
    assert made.sha256("bmiq") == bmiq
    assert made.sha256("combat").keys().isdisjoint(combat)
    made.normalise_steps = f"[bmiq, {COMBAT}]"  # its files are still there
    assert made.make().done == ()
    assert made.sha256("combat") == combat


def test_a_further_step_keeps_those_before(made: ArrayStudy) -> None:
    before = made.sha256("bmiq", "combat")
    made.impute = "mean"
    made.ingest()
    assert made.current() == ["raw"]
    assert made.normalise() == NormaliseSummary(done=("meth:imputed",), skipped=ALL)
    assert made.sha256("bmiq", "combat") == before


@pytest.mark.parametrize("steps", ["[bmiq]", "[]"])
def test_a_dropped_step_goes_out(made: ArrayStudy, steps: str) -> None:
    made.normalise_steps = steps
    with pytest.raises(InputError, match="not made for the assay meth as study") as caught:
        made.normalise()
    assert caught.value.found == "another value of layers"
    assert "cohortmart ingest" in str(caught.value.hint)
    assert made.current() == ["bmiq", "combat", "raw"]
    made.make()
    assert made.current() == (["bmiq", "raw"] if "bmiq" in steps else ["raw"])


def test_a_changed_filter_computes_all_anew(made: ArrayStudy) -> None:
    before = made.sha256("bmiq", "combat")
    made.filters = "{detection_p: 0.6, sex_chromosomes: false}"
    with pytest.raises(InputError, match="not made for the assay") as caught:
        made.normalise()
    assert caught.value.found == "another value of filter_detection_p, filter_sex_chromosomes"
    assert made.make().done == ALL
    assert made.sha256("bmiq", "combat").keys().isdisjoint(before)
    ids, _, values = made.layer("bmiq")
    assert ON_X in ids
    kept = [made.probes.index(name) for name in ids]
    assert np.isnan(values).sum() == np.isnan(made.betas[kept]).sum()


def test_what_a_step_does_not_read_does_not_redo_it(made: ArrayStudy) -> None:
    bmiq = made.sha256("bmiq")
    made.sheet[0] = (*made.sheet[0][:5], "99")  # an age
    assert made.make() == NormaliseSummary(done=("meth:combat",), skipped=("meth:bmiq",))
    assert made.sha256("bmiq") == bmiq
    made.more = "m_value_clip: 1.0e-3"
    assert made.make() == NormaliseSummary(done=("meth:combat",), skipped=("meth:bmiq",))


def test_other_design_types_redo_bmiq(made: ArrayStudy) -> None:
    made.is_type_ii = made.is_type_ii.copy()
    made.is_type_ii[:3] ^= True
    assert made.make().done == ALL


def test_the_same_bytes_every_time(made: ArrayStudy) -> None:
    before = made.sha256("bmiq", "combat")
    for path in before:
        (made.home.lake / path).unlink()
    assert made.normalise().done == ALL
    assert made.sha256("bmiq", "combat") == before


def test_a_file_of_a_layer_that_is_not_whole_is_made_again(made: ArrayStudy) -> None:
    before = made.sha256("bmiq", "combat")
    made.path("layer_sample", "bmiq").unlink()
    assert made.normalise().done == ("meth:bmiq",)
    assert made.sha256("bmiq", "combat") == before


def test_a_failure_leaves_the_old_layer(made: ArrayStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    before = made.sha256("raw", "bmiq", "combat")
    made.normalise_steps = "[bmiq, {combat: {batch: slide, keep: [group]}}]"
    with monkeypatch.context() as patch:
        # one group a block, so that the second is begun
        patch.setattr("cohortmart.core.lake.matrix.GROUP_VALUES", 8 * 100)
        patch.setattr("cohortmart.core.lake.matrix.READ_VALUES", 8 * 100)
        patch.setattr(write, "write_matrix", failing("combat", take=1))
        with pytest.raises(KeyboardInterrupt):
            made.normalise()
    assert made.sha256("raw", "bmiq", "combat") == before
    assert made.layer("combat")[2].shape == (made.kept.sum(), 8)
    assert made.leftovers() == []
    assert made.normalise().done == ("meth:combat",)
    assert made.leftovers() == []


def test_a_failure_of_the_first_run_leaves_the_layers_before(
    arrays: ArrayStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays.normalise_steps, arrays.impute = f"[{COMBAT}]", "mean"
    arrays.ingest()
    with monkeypatch.context() as patch:
        patch.setattr(write, "write_matrix", failing("imputed"))
        with pytest.raises(KeyboardInterrupt):
            arrays.normalise()
    assert arrays.current() == ["combat", "raw"]
    done = arrays.normalise()
    assert done == NormaliseSummary(done=("meth:imputed",), skipped=("meth:combat",))


def test_layers_made_from_a_layer_that_changed_go_with_it(
    made: ArrayStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = made.sha256("bmiq")
    monkeypatch.setattr(pipeline, "ENGINE_VERSION", "other")
    monkeypatch.setattr(write, "write_matrix", failing("combat"))
    with pytest.raises(KeyboardInterrupt):
        made.normalise()
    assert made.current() == ["bmiq", "raw"]
    assert made.sha256("bmiq").keys().isdisjoint(old)


def test_a_sample_that_cannot_be_fitted_is_left_out(made: ArrayStudy) -> None:
    arrays = made
    all_ids, _, all_values = arrays.layer("bmiq")
    arrays.betas[~np.isnan(arrays.betas[:, 1]), 1] = 0.5  # the same probes are kept
    arrays.make()
    assert arrays.current() == ["bmiq", "combat", "raw"]
    ids, samples, values = arrays.layer("bmiq")
    assert samples == ["A1", "B1", "B2", "C1", "C2", "D1", "D2"]
    assert ids == all_ids
    np.testing.assert_array_equal(values, np.delete(all_values, 1, axis=1))
    said = {r["sample_id"]: r for r in arrays.rows("layer_sample", "bmiq")}
    assert list(said) == arrays.samples
    assert said["A2"]["fault"].startswith("type I probes: fewer than 3 distinct values")
    assert said["A2"]["type_distance_after"] is None
    assert [r["fault"] for s, r in said.items() if s != "A2"] == [None] * 7
    assert said["A1"]["type_distance_before"] > said["A1"]["type_distance_after"] > 0
    notes = arrays.rows("layer", "bmiq")[0]["notes"]
    assert notes.startswith("A2 is left out, BMIQ: ")
    assert any(line == f"note: meth: {notes}" for line in arrays.said)
    assert arrays.layer("combat")[1] == samples
    assert [r["position"] for r in arrays.rows("matrix_sample", "combat")] == list(range(1, 8))


def test_no_sample_that_can_be_fitted(arrays: ArrayStudy) -> None:
    arrays.betas[:] = 0.5
    arrays.ingest()
    with pytest.raises(AnalysisError, match="assay meth, bmiq: no sample can be norm") as caught:
        arrays.normalise()
    assert str(caught.value.found).startswith("A1: type I probes: fewer than 3 distinct")
    assert arrays.current() == ["raw"]
    assert arrays.leftovers() == []


def test_combat_that_lost_a_sample_says_why_it_cannot(arrays: ArrayStudy) -> None:
    """The first layer stays."""
    arrays.sheet = [(*r[:4], "S3" if r[0] in ("A1", "A2") else r[4], r[5]) for r in arrays.sheet]
    arrays.betas[:, 1] = 0.5
    arrays.ingest()
    with pytest.raises(AnalysisError, match=r"assay meth, combat: .*one sample") as caught:
        arrays.normalise()
    assert caught.value.found == "S3"
    assert arrays.current() == ["bmiq", "raw"]


PROBES = [
    # manifest_order, probe_id, common_probe_id, design_type
    (1, "cg1", "cg1", "II"),
    (2, "cg1", "cg1", "I"),
    (1, "cg2", "cg2", None),
    (2, "cg2", "cg2", "II"),
    (2, "cg3_TC21", "cg3", "I"),
    (2, "cg3_TC22", "cg3", "II"),
    (1, "cg4_BC11", "cg4", "II"),
    (2, "cg4", "cg4", "I"),
    (1, "cg5", "cg5", None),
]


def design_types(lake: Path, *names: str) -> list[str]:
    two, known = steps._design_types(read_part(lake, "probe"), pa.array(names), "here")
    return ["?" if not k else "II" if t else "I" for t, k in zip(two, known, strict=True)]


def test_design_types_come_from_the_first_manifest_that_knows_them(tmp_path: Path) -> None:
    names = ("manifest_order", "probe_id", "common_probe_id", "design_type")
    rows = [dict(zip(names, row, strict=True)) for row in reversed(PROBES)]
    switch_current(tmp_path, [write_named(pa.Table.from_pylist(rows, PROBE), tmp_path, "probe")])
    assert design_types(tmp_path, "cg1", "cg2", "cg4", "cg5", "cg6") == ["II", "II", "I", "?", "?"]
    # by its own name, else by the common one
    assert design_types(tmp_path, "cg3_TC22", "cg3_TC21") == ["II", "I"]
    assert design_types(tmp_path, "cg4_BC11", "cg4_BC12", "cg1_TC11", "cg3") == ["II", *"??", "II"]
    with pytest.raises(AnalysisError, match="here: the manifest knows the design") as caught:
        design_types(tmp_path, "cg5", "cg6")
    assert caught.value.expected == "probes such as cg5"
    assert caught.value.found == "cg4_BC11, cg1, cg4"
    assert "Infinium_Design_Type" in str(caught.value.hint)


def test_a_manifest_without_any_design_type(tmp_path: Path) -> None:
    switch_current(tmp_path, [write_named(PROBE.empty_table(), tmp_path, "probe")])
    with pytest.raises(AnalysisError, match="knows the design type of no probe"):
        design_types(tmp_path, "cg1")
    switch_current(tmp_path, [])
    with pytest.raises(AnalysisError, match="no probe annotation"):
        design_types(tmp_path, "cg1")


def test_without_a_lake(arrays: ArrayStudy) -> None:
    with pytest.raises(InputError, match="no lake here") as caught:
        arrays.normalise()
    assert "cohortmart ingest" in str(caught.value.hint)
    assert not arrays.home.lake.exists()
    arrays.home.lake.mkdir(parents=True)
    with pytest.raises(InputError, match="not made for the assay meth"):
        arrays.normalise()


def test_another_filter_counts_even_if_little_changes(arrays: ArrayStudy) -> None:
    arrays.normalise_steps, arrays.impute = "[]", "mean"
    arrays.filters = "{probe_missing: false}"
    arrays.make()
    before = arrays.layer("imputed")
    arrays.filters = "{probe_missing: false, detection_p: 0.6}"
    assert arrays.make().done == ("meth:imputed",)
    after = arrays.layer("imputed")
    assert after[:2] == before[:2]
    changed = (after[2] != before[2]).any(axis=1)
    failed = (arrays.detection_p > 0.01) & ~np.isnan(arrays.betas)
    by_name = dict(zip(arrays.probes, failed.any(axis=1), strict=True))
    np.testing.assert_array_equal(changed, [by_name[name] for name in after[0]])
    arrays.filters = "{probe_missing: false, detection_p: 0.6, sex_chromosomes: false}"
    assert arrays.make().done == ("meth:imputed",)
    assert set(arrays.layer("imputed")[0]) - set(after[0]) == {ON_X}
