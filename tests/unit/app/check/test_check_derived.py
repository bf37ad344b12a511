"""`cohortmart check`: derived assays, and their numbers as covariates."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.app.check.report import check_study
from cohortmart.core.errors import IngestError, StudyError
from tests.support.small_study import ROWS, said, write_study

DERIVE = """
derive:
  tf: {{from: rna, method: activity, network: net.csv}}
  score: {{from: tf, method: linear_score, weights: w.csv}}
"""


def study(folder: Path, covariates: str = "[]", unmeasured: tuple[int, ...] = ()) -> Path:
    """The small study with two derived assays, of the samples that have counts."""
    file = write_study(
        folder,
        model=f"{{means: [group, timepoint], block: subject, covariates: {covariates}}}",
        unmeasured=unmeasured,
    )
    text = file.read_text()
    file.write_text(text.replace("\nanalyses:", f"{DERIVE.format()}analyses:"))
    (folder / "net.csv").write_text("source,target\nJUN,G1\nJUN,G2\nFOS,G1\n")
    (folder / "w.csv").write_text("feature,weight\nJUN,1\nFOS,2\nIntercept,3\n")
    return file


def test_what_they_are_made_of(tmp_path: Path) -> None:
    text = check_study(study(tmp_path, unmeasured=(3,))).text
    assert "Derived assay tf: activities of 9 samples from rna\n" in text
    assert "  net.csv: 2 targets, 2 sources (FOS, JUN)\n" in text
    assert "Derived assay score: linear scores of 9 samples from tf\n" in text
    assert "  w.csv: 2 features, 1 score (score)\n" in text
    assert "net.csv: no column `weight`" in text


def test_numbers_of_them_as_covariates(tmp_path: Path) -> None:
    report = check_study(study(tmp_path, "[tf.JUN, age]"))
    assert report.faulty == ()
    text = " ".join(report.text.split())
    assert "values of `tf.JUN` come with the run" in text
    assert "4 residual degrees of freedom" in text  # ten samples, four means, two numbers
    assert "adjusted for tf.JUN, age" in text


def test_a_feature_that_they_will_not_have(tmp_path: Path) -> None:
    report = check_study(study(tmp_path, "[tf.JUNB]"))
    assert report.faulty == ("main",)
    text = " ".join(report.text.split())
    assert "the assay tf has no `JUNB`" in text
    assert "did you mean `tf.JUN`?" in text


def test_files_are_read(tmp_path: Path) -> None:
    file = study(tmp_path)
    (tmp_path / "net.csv").write_text("source,target\nJUN,G1\nJUN,G1\n")
    with pytest.raises(IngestError, match="stands twice"):
        check_study(file)
    file.write_text(file.read_text().replace("from: tf", "from: fos"))
    with pytest.raises(StudyError, match="no assay `fos`"):
        check_study(file)


def test_an_analysis_of_one(tmp_path: Path) -> None:
    file = study(tmp_path)
    file.write_text(
        file.read_text().replace("assay: rna", "assay: tf").replace("log_cpm", "measured")
    )
    assert f"Analysis main: {len(ROWS)} samples of 6 people, assay tf" in said(file)
