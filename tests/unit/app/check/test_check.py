"""`cohortmart check`: what it notices, on small studies and on the real one."""

from __future__ import annotations

import re

import pytest

from cohortmart.app.check.report import check_study
from cohortmart.core.errors import InputError
from tests.support.paths import ROOT
from tests.support.small_study import ROWS, said, write_study


def test_people_per_group_and_visit_and_who_misses_one(tmp_path):
    lines = check_study(write_study(tmp_path)).text.splitlines()
    grid = [line.split() for line in lines if line.startswith(("  HP ", "  MS "))]
    assert grid == [["HP", "3", "3", "2"], ["MS", "3", "2", "3"]]
    assert "    HP without a sample at 3rd: h3" in lines
    assert "    MS without a sample at 1st: m3" in lines


def test_samples_without_counts_are_not_counted(tmp_path):
    text = said(write_study(tmp_path, unmeasured=(1, 4)))
    assert "Assay rna: 8 of the 10 samples have counts" in text
    assert "Analysis main: 8 samples of 5 people" in text
    assert "HP 2 2 1" in text


def test_complete_pairs_and_sides(tmp_path):
    text = said(write_study(tmp_path))
    assert (
        "HP_3rd-1st yes change within people 2 complete pairs (2 HP.3rd against 3 HP.1st)" in text
    )
    assert "MSvsHP_1st yes between groups of people 2 MS.1st against 3 HP.1st" in text


def test_pairs_of_an_interaction_are_counted_by_group(tmp_path):
    text = said(write_study(tmp_path, contrasts="{interaction: all}"))
    assert "change, compared between groups 4 complete pairs (HP 2, MS 2)" in text


def test_a_batch_that_goes_with_a_combination_is_said(tmp_path):
    text = said(write_study(tmp_path))
    assert "WARNING: all samples of HP.1st (3 samples of 3 people) are of batch A" in text
    assert "the samples of the other combinations are 3 of A and 4 of B" in text
    assert "batch is NOT in the model" in text
    # HP.3rd is half B, HP.1st not at all; MS.1st is half B
    assert "HP_3rd-1st (50%), MSvsHP_1st (50%)" in text
    assert "To do: add `covariates: [batch]` to the model." in text


def test_a_batch_in_the_model_is_only_noted(tmp_path):
    model = "{means: [group, timepoint], covariates: [age, batch], block: subject}"
    text = said(write_study(tmp_path, model=model))
    assert "note: all samples of HP.1st (3 samples of 3 people) are of batch A" in text
    assert "batch is in the model, so the contrasts are adjusted for it." in text
    assert "NOT in the model" not in text


def test_a_batch_in_a_formula_counts_as_in_the_model(tmp_path):
    model = "{formula: '~ 0 + group:timepoint + batch', block: subject}"
    study = write_study(tmp_path, model=model, contrasts="{b: 'batch[T.B]'}")
    assert "NOT in the model" not in said(study)


def test_a_balanced_batch_is_not_mentioned(tmp_path):
    rows = [
        (*r[:3], "AB"[i // 2 % 2], r[4]) for i, r in enumerate(sorted(ROWS, key=lambda r: r[:3]))
    ]
    by_cell: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        by_cell.setdefault((row[1], row[2]), set()).add(row[3])
    assert all(len(levels) == 2 for levels in by_cell.values())
    assert "confounded" not in said(write_study(tmp_path, rows=rows))


def test_a_batch_that_is_the_group_cannot_be_told_apart(tmp_path):
    rows = [(*r[:3], "A" if r[1] == "HP" else "B", r[4]) for r in ROWS]
    text = said(write_study(tmp_path, rows=rows))
    assert "No combination has two kinds of batch, so the two cannot be told apart" in text
    assert "MSvsHP_1st (100%)" in text
    assert "HP_3rd-1st (" not in text.partition("NOT in the model")[2]
    assert "but then MSvsHP_1st can no longer be estimated: the data cannot tell" in text


def test_a_contrast_without_samples_is_a_fault(tmp_path):
    report = check_study(
        write_study(tmp_path, where="not (study_group = 'HP' and timepoint = '3rd')")
    )
    text = " ".join(report.text.split())
    assert "HP_3rd-1st no" in text
    assert "CANNOT BE ESTIMATED: HP_3rd-1st" in text
    assert "no sample is HP.3rd" in text
    assert "MSvsHP_1st yes" in text
    assert report.faulty == ("main",)


def test_a_missing_covariate_is_a_fault_that_names_the_samples(tmp_path):
    rows = [*ROWS[:-1], (*ROWS[-1][:4], "NA")]
    report = check_study(
        write_study(tmp_path, rows=rows, model="{means: [group, timepoint], covariates: [age]}")
    )
    text = " ".join(report.text.split())
    assert "CANNOT BE COMPUTED: analysis main: `age` has no value for 1 of" in text
    assert "none for S9" in text
    assert report.faulty == ("main",)


@pytest.mark.parametrize("where", ["nonsense = 1", "study_group = 'XX'"])
def test_a_useless_condition_is_a_fault(tmp_path, where):
    report = check_study(write_study(tmp_path, where=where))
    assert "CANNOT BE COMPUTED" in report.text
    assert report.faulty == ("main",)


def test_a_condition_reads_no_file(tmp_path):
    where = "(select count(*) from read_text('/etc/passwd')) > 0"
    report = check_study(write_study(tmp_path, where=where))
    assert report.faulty == ("main",)


def test_lone_samples_and_few_degrees_of_freedom(tmp_path):
    rows = [r for r in ROWS if r[:3] != ("m2", "MS", "1st")]
    text = said(write_study(tmp_path, rows=rows))
    assert "only one sample is MS.1st" in text
    assert "only 5 residual degrees of freedom" in text
    assert "3 of the 6 blocks (subject) with one sample only" in text
    assert "fewer than 3 people (or complete pairs) stand behind HP_3rd-1st, MSvsHP_1st" in text


def test_faults_of_the_sheet_are_raised_as_ingest_would(tmp_path):
    study = write_study(tmp_path, rows=[*ROWS, ("h1", "HP", "5th", "A", "30")])
    with pytest.raises(InputError, match="5th"):
        check_study(study)


def test_the_rows_are_estimated_from_size_and_first_lines(tmp_path):
    found = re.search(r"rna about (\d+) genes", said(write_study(tmp_path)))
    assert found is not None
    assert abs(int(found[1]) - 50) <= 2


def test_the_real_study_warns_of_its_batches(shared_data, monkeypatch):
    monkeypatch.setenv("COHORTMART_TEST_DATA", str(shared_data))
    report = check_study(ROOT / "examples" / "grams_cd8_rna" / "study.yml")
    text = " ".join(report.text.split())
    assert report.faulty == ()
    assert "Assay rna: 84 of the 203 samples have counts" in text
    warning = (
        "WARNING: all 11 samples of HP.1st (5 samples of 5 women) and HP.PP (6 samples of 6 "
        "women) are of library_batch A; the samples of the other combinations are 31 of A and "
        "18 of B."
    )
    assert warning in text
    assert "library_batch is NOT in the model" in text
    assert "add `covariates: [library_batch]` to the model" in text
    assert "add `covariates: [proportion_memory, cell_viability, age, library_batch]`" in text
    assert "library_batch is in the model" in text.partition("Analysis batch_exact")[2]
    assert "HP_3rd-1st yes change within women 4 complete pairs" in text
    assert "rna about 13,000 genes" in text
