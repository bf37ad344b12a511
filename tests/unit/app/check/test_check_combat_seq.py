"""What `cohortmart check` says of ComBat-seq on a small RNA-seq study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from cohortmart.app.check.report import Report, check_study
from tests.support.small_study import ROWS, WITH_GROUP, write_study

SAFER = "the batch in the model is the safer choice: leave `combat_seq` out, and add"
EVEN = [
    (f"{group[0].lower()}{i}", group, time, "AB"[(i + k) % 2], "30")
    for group in ("HP", "MS")
    for i in range(4)
    for k, time in enumerate(("1st", "3rd"))
]


def report_of(
    folder: Path, rows: Sequence[tuple[str, ...]], keep: str = "[group, timepoint]", **options: str
) -> tuple[Report, str]:
    study = write_study(folder, rows=list(rows), **options)
    step = f"normalise: [{{combat_seq: {{batch: batch, keep: {keep}}}}}]"
    study.write_text(study.read_text().replace("[counts.tsv]}", f"[counts.tsv], {step}}}"))
    report = check_study(study)
    return report, " ".join(report.text.split())


def test_the_batches_are_shown_and_what_is_safer(tmp_path: Path) -> None:
    report, text = report_of(tmp_path, EVEN)
    assert "ComBat-seq removes batch and keeps group and timepoint" in text
    assert "all 16 8 8 group HP 8 4 4 group MS 8 4 4" in text
    assert f"note: {SAFER} `covariates: [batch]` to the models" in text
    assert "After ComBat-seq a test believes that batch was never there" in text
    assert "ComBat " not in text
    assert "WARNING" not in text
    assert report.faulty == ()


def test_confounded_batches_are_a_warning(tmp_path: Path) -> None:
    _, text = report_of(tmp_path, ROWS)
    assert "WARNING: all samples of HP.1st (3 samples of 3 people) are of batch A" in text
    assert "ComBat-seq parts them only as far as the other samples tell." in text
    assert f"WARNING: {SAFER}" in text


def test_what_normalise_would_refuse_is_refused(tmp_path: Path) -> None:
    report, text = report_of(tmp_path, WITH_GROUP)
    assert (
        "CANNOT BE COMPUTED: assay rna, combat_seq: covariate groupMS cannot be told from" in text
    )
    assert "main" in report.faulty
    assert len(report.faulty) == 2  # the step, and the analysis that would follow it


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        ("", "`batch` has no value for 1 of the 16 samples"),
        ("C", "batch C has one sample only"),
    ],
)
def test_samples_that_cannot_be_adjusted(tmp_path: Path, batch: str, said: str) -> None:
    rows = [(*EVEN[0][:3], batch, EVEN[0][4]), *EVEN[1:]]
    report, text = report_of(tmp_path, rows)
    assert said in text
    assert "mean_only" not in text  # which ComBat-seq does not have
    assert "main" in report.faulty


def test_what_is_compared_and_not_kept(tmp_path: Path) -> None:
    _, text = report_of(tmp_path, EVEN, keep="[group]")
    assert "`keep` lacks timepoint, which main compares. ComBat-seq removes part of" in text
    assert "To do: `keep: [group, timepoint]`." in text


def test_a_batch_that_is_in_the_model_as_well(tmp_path: Path) -> None:
    model = "{means: [group, timepoint], covariates: [batch]}"
    _, text = report_of(tmp_path, EVEN, model=model)
    assert "batch is removed twice: by ComBat-seq, and by the model of main." in text
    assert "The model alone is enough. To do: leave `combat_seq` out." in text
