"""`cohortmart check` refuses what `cohortmart analyse` would refuse."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.design.model_matrix import Design
from analyses.stats.linear.basis import design_basis
from analyses.stats.mixed.block_correlation import block_correlation
from analyses.stats.mixed.blocks import make_blocks
from cohortmart.app.check.refusals import find_refusals
from cohortmart.app.check.report import check_study
from cohortmart.core.study.model_records import Model
from cohortmart.core.study.records import Analysis
from tests.support.small_study import CHANGES, ROWS, WITH_GROUP, said, write_study


@pytest.mark.parametrize(
    ("block", "where", "found"),
    [
        ("subject", "timepoint = '1st'", "5 blocks (subject) over 5 samples, 2 coefficients"),
        ("batch", "batch = 'A'", "1 block (batch) over 6 samples, 2 coefficients"),
    ],
)
def test_a_block_that_tells_nothing_is_a_fault(tmp_path, block, where, found):
    model = f"{{means: [group], block: {block}}}"
    report = check_study(write_study(tmp_path, where=where, model=model, contrasts="{g: MS - HP}"))
    text = " ".join(report.text.split())
    assert "CANNOT BE COMPUTED: the correlation within blocks cannot be estimated" in text
    assert f"found: {found}" in text
    assert "to do: leave `block` out of the model" in text
    assert "with one sample only" not in text
    assert report.faulty == ("main",)


def _design(labels: list[str], matrix: np.ndarray) -> Design:
    return Design(
        matrix=matrix,
        columns=tuple(f"c{i}" for i in range(matrix.shape[1])),
        sample_ids=tuple(f"s{i}" for i in range(len(labels))),
        blocks=np.array(labels),
        mean_labels=None,
        notes=(),
    )


def _analysis(**keys: object) -> Analysis:
    model = Model(means=("group",), block="subject")
    given = {"assay": "rna", "values": "log_cpm", "model": model, "contrasts": {"x": "a"}}
    return Analysis(**{**given, **keys})


@pytest.mark.parametrize("n", range(3, 8))
@pytest.mark.parametrize("n_columns", [1, 2, 3])
def test_blocks_are_refused_exactly_where_the_fit_refuses_them(n, n_columns):
    matrix = np.vander(np.arange(1.0, n + 1), n_columns)
    for n_blocks in range(1, n + 1):
        labels = [str(min(i, n_blocks - 1)) for i in range(n)]
        y = np.random.default_rng(1).normal(size=(3, n))
        try:
            block_correlation(y, design_basis(matrix), make_blocks(labels))
            refused = False
        except ValueError:
            refused = True
        said = find_refusals(_design(labels, matrix), _analysis())
        assert bool(said) == refused, (n_blocks, said)


def test_limma_errors_need_full_rank(tmp_path):
    study = write_study(
        tmp_path,
        rows=WITH_GROUP,
        model="{means: [group, timepoint], covariates: [batch]}",
        contrasts=CHANGES,
        more="contrast_errors: limma",
    )
    report = check_study(study)
    text = " ".join(report.text.split())
    assert "CANNOT BE COMPUTED: `contrast_errors: limma` needs every coefficient" in text
    assert "MS.1st, MS.3rd, batchB cannot be told apart" in text
    assert "to do: use `contrast_errors: exact`, or take one of these out of the model" in text
    assert report.faulty == ("main",)
    exact = study.read_text().replace("contrast_errors: limma", "contrast_errors: exact")
    study.write_text(exact)
    assert check_study(study).faulty == ()


def test_what_is_refused_does_not_hide_behind_an_analysis_that_is_not(tmp_path):
    study = write_study(
        tmp_path,
        rows=WITH_GROUP,
        model="{means: [group, timepoint], covariates: [batch]}",
        contrasts=CHANGES,
    )
    text = study.read_text()
    body = text.partition("  main:\n")[2].rstrip()
    study.write_text(f"{text.rstrip()}\n  limma:\n{body}\n    contrast_errors: limma\n")
    report = check_study(study)
    assert report.faulty == ("limma",)
    assert "CANNOT BE COMPUTED" not in report.text.partition("Analysis limma")[0]
    assert "CANNOT BE COMPUTED" in report.text.partition("Analysis limma")[2]


def test_a_study_without_analyses_says_so(tmp_path):
    study = write_study(tmp_path)
    study.write_text(study.read_text().partition("analyses:")[0])
    report = check_study(study)
    assert "The study names no analyses" in report.text
    assert "0 analyses" not in report.text


def test_one_is_said_as_one(tmp_path):
    rows = [r for r in ROWS if r[:3] != ("h2", "HP", "3rd")]
    text = said(write_study(tmp_path, rows=rows, where="study_group = 'HP'"))
    assert "1 complete pair (1 HP.3rd against 3 HP.1st)" in text
    only = said(write_study(tmp_path, rows=rows, unmeasured=tuple(range(1, 9))))
    assert "Assay rna: 1 of the 9 samples has counts" in only


def test_an_unknown_contrast_of_enrichment_is_a_fault(tmp_path):
    study = write_study(
        tmp_path,
        model="{means: [group, timepoint]}",
        contrasts="{time_within_group: all}",
        more="enrichment: {contrasts: [MS_3rd-2nd],"
        " from_contrasts: {a: {analysis: main, contrast: MS_3rd-1st}}}",
    )
    report = check_study(study)
    text = " ".join(report.text.split())
    assert "CANNOT BE COMPUTED: `enrichment` names a contrast that the analysis does not" in text
    assert "MS_3rd-1st" in text
    assert report.faulty == ("main",)


def test_a_pair_that_no_group_has_is_a_fault(tmp_path):
    study = write_study(
        tmp_path,
        model="{means: [group, timepoint]}",
        contrasts="{time_within_group: all}",
        more="rebound: {pairs: [[3rd-1st, PP-3rd]]}",
    )
    report = check_study(study)
    text = " ".join(report.text.split())
    assert "CANNOT BE COMPUTED: no group has both contrasts of the pair 3rd-1st/PP-3rd" in text
    assert report.faulty == ("main",)
