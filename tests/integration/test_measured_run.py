"""Continuous assays through every command: same numbers as counts, planted truth, every table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from tests.support.finished_run import FinishedRun, cohortmart, finished_run
from tests.support.protein_study import MODEL, N_PLANTED, ProteinStudy, analysis

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def proteins(tmp_path_factory: pytest.TempPathFactory) -> ProteinStudy:
    study = ProteinStudy(tmp_path_factory.mktemp("proteins"))
    fixed = {"means": ["group", "timepoint"], "within": "subject"}
    study.analyses = {
        "block": analysis(
            "olink",
            rebound={"pairs": [["3rd-1st", "PP-3rd"]]},
            permutations={"contrasts": ["MS_3rd-1st"], "n": 99},
            sensitivity={"contrasts": ["MS_3rd-1st"], "top": 5},
        ),
        "own": analysis("olink", model={**MODEL, "correlation": "per_feature"}),
        "fixed": analysis("olink", model=fixed),
        "hormones": analysis("hormones"),
    }
    return study


@pytest.fixture(scope="module")
def run(proteins: ProteinStudy) -> Iterator[FinishedRun]:
    done = finished_run(proteins.write(), proteins.root, proteins.home.root)
    yield done
    done.con.close()


def test_what_was_planted_is_found(run: FinishedRun, proteins: ProteinStudy) -> None:
    planted = set(proteins.proteins[:N_PLANTED])
    for name in ("block", "own", "fixed"):
        found = run.table(
            "from changed_measure where analysis = $1 and contrast = 'MS_3rd-1st'", name
        )
        assert planted <= set(found["feature_id"])
        assert len(found) <= N_PLANTED + 3
        rows = run.results(name, "MS_3rd-1st").filter(pl.col("feature_id").is_in(planted))
        assert abs(rows["log_fc"].mean() - 1.2) < 0.15  # type: ignore[operator]
    assert found["measure_name"][0].startswith("PROT")
    assert set(found["transformed_unit"]) == {"NPX"}
    swung = run.table("from rebound where analysis = 'block' and is_found and study_group = 'MS'")
    assert planted <= set(swung["feature_id"])
    assert run.table("from permutation_check")["n_features"][0] == 60
    assert run.table("from fct_sensitivity").height > 0


def test_hormones_are_in_units_of_the_transform(run: FinishedRun) -> None:
    row = run.results("hormones", "HP_3rd-1st").filter(pl.col("feature_id") == "estradiol")
    assert abs(row["log_fc"][0] - np.log2(6)) < 0.6
    unit = run.table("select transformed_unit from dim_measure where feature_id = 'estradiol'")
    assert unit.item() == "log2 pmol/l"


def test_tables_of_values(run: FinishedRun, proteins: ProteinStudy) -> None:
    rows = run.table("from visit_measurement where assay = 'hormones' order by sample_id")
    assert rows.height == 2 * len(proteins.sheet)
    low = rows.filter(pl.col("below_detection"))
    assert set(low["value"]) == {2.0}
    assert set(low["transformed_value"]) == {0.0}
    assert set(low["detection_limit"]) == {2.0}
    npx = run.table("from fct_measurement where assay = 'olink'")
    assert set(npx["qc_flag"]) == {"pass"}
    assert npx["below_detection"].sum() == (proteins.npx < 1).sum()
    means = run.table(
        "from group_measurement where analysis = 'block' and feature_id = 'OID000'"
        " and study_group = 'MS' and timepoint = '3rd'"
    )
    at = [i for i, row in enumerate(proteins.sheet) if row[2:] == ("MS", "3rd")]
    np.testing.assert_allclose(means["mean_transformed_value"][0], proteins.npx[0, at].mean())
    quality = run.table("from qc_sample where assay = 'olink' order by sample_id")
    assert quality["n_detected"].sum() == (proteins.npx >= 1).sum()
    assert run.table("select count(*) from qc_pca where assay = 'olink'").item() > 0


def test_the_report_speaks_of_measures(run: FinishedRun) -> None:
    cohortmart("report", "--out", run.out)
    page = (run.out / "report" / "index.html").read_text()
    assert "measures tested" in page.lower()
    assert (run.out / "report" / "figures" / "rebound-courses-block.svg").exists()


def test_log2_cpm_as_measurements_give_the_contrasts_of_log_cpm(tmp_path: Path) -> None:
    """The same numbers through the other door: estimates, t and P to 1e-12."""
    rng = np.random.default_rng(8)
    study = ProteinStudy(tmp_path)
    raw = study.write().parent
    counts = rng.negative_binomial(5, 0.05, (80, len(study.sheet)))
    lines = ["gene\t" + "\t".join(study.samples)]
    lines += [f"G{i:02d}\t" + "\t".join(map(str, row)) for i, row in enumerate(counts)]
    (raw / "counts.tsv").write_text("\n".join(lines) + "\n")
    study.assays = {"rna": {"kind": "counts", "files": ["counts.tsv"]}}
    study.analyses = {"counts": {**analysis("rna"), "values": "log_cpm"}}
    first = finished_run(study.write(), raw, tmp_path / "first")
    wide = first.table("select gene_id, sample_id, log2_cpm from fct_gene_expression").pivot(
        on="sample_id", index="gene_id", values="log2_cpm"
    )
    wide.write_csv(raw / "log2_cpm.csv")
    study.assays = {"array": {"kind": "continuous", "files": ["log2_cpm.csv"]}}
    study.analyses = {"measured": analysis("array")}
    second = finished_run(study.write(), raw, tmp_path / "second")
    columns = "contrast, feature_id, log_fc, se, t, p_value, adj_p_value, df_total, ave_expr"
    query = f"select {columns} from fct_contrast_result order by contrast, feature_id"
    want, got = first.table(query), second.table(query)
    assert want.select("contrast", "feature_id").equals(got.select("contrast", "feature_id"))
    for name in want.columns[2:]:
        np.testing.assert_allclose(got[name], want[name], rtol=1e-12, atol=1e-12)
    for done in (first, second):
        done.con.close()


def test_forgetting_and_comparing(tmp_path: Path) -> None:
    """A person goes from every layer; diff names what was found differently."""
    study = ProteinStudy(tmp_path)
    study.analyses = {"hormones": analysis("hormones")}
    out = tmp_path / "out"
    cohortmart("run", study.write(), "--out", out, "--no-report")
    other = tmp_path / "other"
    study.hormone[::3] *= 40
    cohortmart("run", study.write(), "--out", other, "--no-report")
    text = cohortmart("diff", out, other)
    assert "hormones" in text
    cohortmart("forget", "--subject", "ms3", "--out", out)
    cohortmart("build", "--out", out)
    left = cohortmart(
        "sql", "select count(*) as n from visit_measurement where subject_id = 'ms3'",
        "--out", out, "--format", "json",
    )  # fmt: skip
    assert json.loads(left)[0]["n"] == 0
    assert yaml.safe_load((out / "study.yml").read_text())["study"] == "proteins"
