"""Derived assays in the lake: made once, made anew when something changed, and forgotten."""

from __future__ import annotations

import hashlib
import shutil
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from analyses.normalise.pipeline import NormaliseSummary
from analyses.stats.composition.constrained_projection import constrained_projection
from cohortmart.core.errors import AnalysisError, IngestError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.lake.matrix import read_matrix
from ingest.forget.pipeline import forget_file, forget_subject
from tests.support.array_study import ArrayStudy

CELLS = "cells: {from: meth, method: cell_fractions, reference: ref.csv}"
CLOCK = "clock: {from: meth, method: linear_score, weights: clock.csv, transform: anti_log_linear}"
RISK = "risk: {from: cells, method: linear_score, weights: risk.csv, intercept: 1}"
TYPES = ["B", "Mono", "NK"]
N_REFERENCE = 40


def asked(*derived: str) -> str:
    return "{}\nderive:\n" + "".join(f"  {line}\n" for line in derived)


def write_files(arrays: ArrayStudy, absent: int = 0, seed: int = 1) -> np.ndarray:
    """Write a reference of kept probes and some that are nowhere; return its betas."""
    raw = arrays.root / "raw"
    raw.mkdir(exist_ok=True)
    betas = np.round(np.random.default_rng(seed).random((N_REFERENCE, 3)), 4)
    kept = [p for p, k in zip(arrays.probes, arrays.kept, strict=True) if k][:N_REFERENCE]
    names = [f"cg99{i:06d}" if i < absent else p for i, p in enumerate(kept)]
    rows = [",".join([n, *map(str, b)]) for n, b in zip(names, betas, strict=True)]
    (raw / "ref.csv").write_text("\n".join([",".join(["CpG", *TYPES]), *rows]) + "\n")
    (raw / "clock.csv").write_text(
        "CpG,weight\n(Intercept),0.2\n" + "".join(f"{n},0.01\n" for n in names)
    )
    (raw / "risk.csv").write_text("feature,weight\nB,2\nNK,-1\n")
    return betas


@pytest.fixture
def study(made: ArrayStudy) -> ArrayStudy:
    """With the layers bmiq and combat, and two derived assays asked for."""
    write_files(made)
    made.analyses = asked(CELLS, CLOCK)
    return made


def matrix(arrays: ArrayStudy, name: str) -> tuple[list[str], np.ndarray]:
    entries = read_current(arrays.home.lake)
    path = next(e.path for e in entries if (e.table_name, e.part) == ("matrix", f"{name}:derived"))
    blocks = list(read_matrix(arrays.home.lake / path))
    ids = [i for block in blocks for i in block[0].to_pylist()]
    return ids, np.vstack([block[1] for block in blocks])


def rows(arrays: ArrayStudy, table: str, name: str) -> list[dict[str, Any]]:
    entries = read_current(arrays.home.lake)
    path = next(e.path for e in entries if (e.table_name, e.part) == (table, f"{name}:derived"))
    found: list[dict[str, Any]] = pq.read_table(arrays.home.lake / path).to_pylist()
    return found


def hashes(arrays: ArrayStudy) -> dict[str, str]:
    return {
        e.path: hashlib.sha256((arrays.home.lake / e.path).read_bytes()).hexdigest()
        for e in read_current(arrays.home.lake)
        if e.part.endswith(":derived")
    }


def derived(summary: NormaliseSummary) -> list[str]:
    return [part for part in summary.done if part.endswith(":derived")]


def test_fractions_come_from_the_last_layer(study: ArrayStudy) -> None:
    assert derived(study.make()) == ["cells:derived", "clock:derived"]
    ids, samples, betas = study.layer("combat")
    names, found = matrix(study, "cells")
    assert names == TYPES
    reference = [line.split(",") for line in (study.root / "raw" / "ref.csv").read_text().split()]
    profile = np.array([[float(v) for v in row[1:]] for row in reference[1:]])
    values = betas[[ids.index(row[0]) for row in reference[1:]]]
    wanted = constrained_projection(values, profile, whole=False).fractions.T
    np.testing.assert_allclose(found, wanted, atol=1e-12)
    columns = rows(study, "matrix_sample", "cells")
    assert [r["sample_id"] for r in columns] == samples
    assert {(r["assay"], r["kind"], r["layer"]) for r in columns} == {
        ("cells", "continuous", "derived")
    }
    assert [r["feature_id"] for r in rows(study, "feature", "cells")] == TYPES
    assert {r["unit"] for r in rows(study, "measure", "cells")} == {"fraction"}


def test_where_the_numbers_come_from(study: ArrayStudy) -> None:
    write_files(study, absent=8)
    study.make()
    (found,) = rows(study, "derived_assay", "cells")
    said = "32 of the 40 CpGs of ref.csv (80 %) are in meth"
    assert found.pop("notes").splitlines()[0] == said
    assert found == {
        "assay": "cells",
        "made_from": "meth",
        "made_from_layer": "combat",
        "method": "cell_fractions",
        "options": '{"from": "meth", "method": "cell_fractions", "solver": "constrained", '
        '"sum": "at_most_one"}',
        "file": "ref.csv",
        "n_features": 40,
        "n_found": 32,
        "found_share": 0.8,
        "matched_by": "feature_id",
        "n_measures": 3,
        "n_samples": 8,
    }
    assert f"note: cells: {said}" in study.said


def test_a_second_run_makes_nothing_and_the_same_inputs_the_same_bytes(
    study: ArrayStudy,
) -> None:
    study.make()
    before = hashes(study)
    assert len(before) == 10
    summary = study.make()
    assert summary.done == ()
    assert summary.skipped[-2:] == ("cells:derived", "clock:derived")
    assert hashes(study) == before
    shutil.rmtree(study.home.root)
    study.make()
    assert hashes(study) == before


def test_what_changes_one_leaves_the_other(study: ArrayStudy) -> None:
    study.make()
    study.analyses = asked(CELLS[:-1] + ", solver: robust}", CLOCK)
    assert derived(study.make()) == ["cells:derived"]
    text = (study.root / "raw" / "clock.csv").read_text()
    (study.root / "raw" / "clock.csv").write_text(text.replace("0.2", "0.3"))
    assert derived(study.make()) == ["clock:derived"]
    study.analyses = asked(CLOCK)
    assert derived(study.make()) == []
    assert {part for part in parts(study) if part.endswith(":derived")} == {"clock:derived"}


def parts(arrays: ArrayStudy) -> set[str]:
    return {e.part for e in read_current(arrays.home.lake)}


def test_another_layer_makes_all_anew(study: ArrayStudy) -> None:
    study.make()
    study.normalise_steps = "[bmiq]"
    assert derived(study.make()) == ["cells:derived", "clock:derived"]
    assert rows(study, "derived_assay", "cells")[0]["made_from_layer"] == "bmiq"
    study.normalise_steps = "[]"
    assert derived(study.make()) == ["cells:derived", "clock:derived"]
    assert rows(study, "derived_assay", "cells")[0]["made_from_layer"] == "raw"
    study.normalise_steps = "[bmiq]"
    assert derived(study.make()) == []  # the files are still there


def test_numbers_of_numbers(study: ArrayStudy) -> None:
    study.analyses = asked(RISK, CELLS)
    assert derived(study.make()) == ["cells:derived", "risk:derived"]
    _, fractions = matrix(study, "cells")
    names, risk = matrix(study, "risk")
    assert names == ["risk"]
    np.testing.assert_allclose(risk[0], 1 + 2 * fractions[0] - fractions[2], rtol=1e-12)


def test_numbers_of_measurements_as_they_are_transformed(study: ArrayStudy) -> None:
    study.more = "\n  labs: {kind: continuous, columns: [age], unit: years, transform: log2}"
    (study.root / "raw" / "labs.csv").write_text("name,weight\nage,2\n")
    study.analyses = asked("old: {from: labs, method: linear_score, weights: labs.csv}", CELLS)
    assert derived(study.make()) == ["cells:derived", "old:derived"]
    samples = [r["sample_id"] for r in rows(study, "matrix_sample", "old")]
    ages = {row[0]: float(row[5]) for row in study.sheet}
    wanted = [2 * np.log2(ages[sample]) for sample in samples]
    np.testing.assert_allclose(matrix(study, "old")[1][0], wanted, rtol=1e-12)
    assert rows(study, "derived_assay", "old")[0]["made_from_layer"] == "transformed"
    assert study.make().done == ()


def test_too_few_features_leave_nothing_outdated(study: ArrayStudy) -> None:
    study.make()
    write_files(study, absent=21)
    study.ingest()
    with pytest.raises(AnalysisError, match="only 19 of the 40 CpGs"):
        study.normalise()
    assert "cells:derived" not in parts(study)
    write_files(study, absent=20)
    assert "cells:derived" in study.make().done
    assert any(line.startswith("note: cells: warning: only 20 of") for line in study.said)


def test_a_wrong_file_stops_the_ingest(study: ArrayStudy) -> None:
    (study.root / "raw" / "ref.csv").write_text("CpG,B,NK\ncg1,0.3,1.2\n")
    with pytest.raises(IngestError, match="a beta of `NK` is not in"):
        study.ingest()
    (study.root / "raw" / "ref.csv").unlink()
    with pytest.raises(IngestError, match=r"ref\.csv"):
        study.ingest()


def test_a_forgotten_person_is_in_no_derived_assay(study: ArrayStudy) -> None:
    study.make()
    forget_subject(study.home, "anna", study.said.append)
    assert list(study.home.lake.glob("*-cells-*")) == []
    # made anew from what is left, without reading a raw file
    assert derived(study.normalise()) == ["cells:derived", "clock:derived"]
    assert [r["sample_id"] for r in rows(study, "matrix_sample", "cells")][:1] == ["B1"]


def test_a_forgotten_person_stays_out_when_the_files_are_read_again(study: ArrayStudy) -> None:
    study.make()
    forget_subject(study.home, "anna", study.said.append)
    assert derived(study.make()) == ["cells:derived", "clock:derived"]
    assert [r["sample_id"] for r in rows(study, "matrix_sample", "cells")][:1] == ["B1"]


def test_a_forgotten_reference_takes_its_assay_with_it(study: ArrayStudy) -> None:
    study.make()
    forget_file(study.home, "ref.csv", study.said.append)
    assert any("all files of derived assays" in line for line in study.said)
    assert list(study.home.lake.glob("*-cells-*")) == []
    assert list(study.home.lake.glob("derive_weight-*")) == []
    with pytest.raises(IngestError, match="forgotten"):
        study.ingest()
