"""The demo's raw files and the real RNA-seq study: the roles that their study.yml has."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cohortmart.app.demo.write import write_demo
from cohortmart.app.init.command import init_study
from cohortmart.app.study_file import load_study

ROLES = ("sample", "subject", "group", "timepoint", "cell_type")


@pytest.mark.slow
def test_the_demo_is_proposed_as_it_was_written(tmp_path: Path) -> None:
    write_demo(tmp_path / "raw", "small")
    wanted = load_study(tmp_path / "raw" / "study.yml")
    shutil.rmtree(tmp_path / "raw" / "truth")
    (tmp_path / "raw" / "study.yml").rename(tmp_path / "written.yml")
    written = init_study([tmp_path / "raw"], tmp_path / "study.yml")
    found = load_study(written.path)
    assert not written.check.faulty
    (sheet,), (wanted_sheet,) = found.samples, wanted.samples
    for role in ROLES:
        assert getattr(sheet, role) == getattr(wanted_sheet, role)
    assert set(sheet.factors) == set(wanted_sheet.factors)
    assert set(sheet.covariates) == set(wanted_sheet.covariates)
    assert (found.timepoints, found.groups) == (wanted.timepoints, wanted.groups)
    assert {q.key for q in written.open} == {"timepoints", "groups"}
    assert {(a.kind, a.files, a.sample) for a in found.measured_assays.values()} == {
        (a.kind, a.files, a.sample) for a in wanted.measured_assays.values()
    }
    assert found.reference == wanted.reference
    assert found.derive == wanted.derive


@pytest.mark.slow
def test_real_counts_with_activated_and_resting_cells(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "grams_cd8_rna"
    written = init_study(
        [folder / "samples.csv", folder / "gene_counts.tsv.gz"], tmp_path / "study.yml"
    )
    study = load_study(written.path)
    assert not written.check.faulty
    assert [getattr(study.samples[0], role) for role in ROLES] == [
        *("sample_id", "subject", "group", "timepoint", "cell_type")
    ]
    assert study.visit_key == ("state",)
    assert study.timepoints == ("NP", "BP", "1st", "2nd", "3rd", "PP")
    assert set(study.analyses) == {"rna_Activated", "rna_Resting"}
