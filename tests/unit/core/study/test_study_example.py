"""The example study of the real data."""

from cohortmart.core.study.load import load_study
from tests.support.paths import ROOT

EXAMPLE = ROOT / "examples" / "grams_cd8_rna" / "study.yml"


def test_the_example_reads_and_finds_the_data(shared_data, monkeypatch):
    monkeypatch.setenv("COHORTMART_TEST_DATA", str(shared_data))
    study = load_study(EXAMPLE)
    assert study.samples[0].file == shared_data / "grams_cd8_rna" / "samples.csv"
    assert study.samples[0].file.exists()
    assert study.assays["rna"].files[0].exists()


def test_the_default_place_is_beside_the_project(monkeypatch):
    monkeypatch.delenv("COHORTMART_TEST_DATA", raising=False)
    beside = EXAMPLE.parents[3] / "shared" / "data"
    assert load_study(EXAMPLE).samples[0].file == beside / "grams_cd8_rna" / "samples.csv"


def test_the_recipes_are_those_of_the_reference():
    analyses = load_study(EXAMPLE).analyses
    assert list(analyses) == [
        "logcpm",
        "logcpm_trend",
        "logcpm_robust",
        "voom_exact",
        "voom_limma",
        "study",
        "batch_exact",
        "activated",
    ]
    assert {n: len(a.contrasts) for n, a in analyses.items()} == {
        "logcpm": 4,
        "logcpm_trend": 4,
        "logcpm_robust": 4,
        "voom_exact": 19,
        "voom_limma": 19,
        "study": 6,
        "batch_exact": 19,
        "activated": 1,
    }
    assert [n for n, a in analyses.items() if a.contrast_errors == "limma"] == [
        "voom_limma",
        "study",
    ]
    assert analyses["logcpm_trend"].moderation.trend
    assert analyses["logcpm_robust"].moderation.robust
    assert analyses["study"].model.baseline == "MS.BP"
    assert "library_batch" in analyses["batch_exact"].model.covariates
