"""A curve through day 0: limma 3.54 with `splines::ns`, boundary knots 0 and 28."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.support.finished_run import cohortmart

pytestmark = pytest.mark.slow

_STUDY = """\
study: day zero
samples:
  file: {folder}/samples.csv
  sample: sample
  subject: subject
  group: group
  timepoint: visit
  covariates: [day]
timepoints: [d0, d1, d3, d7, d14, d28]
groups: [vac]
assays:
  rna: {{kind: counts, files: [{folder}/counts.tsv]}}
analyses:
  main:
    assay: rna
    values: log_cpm
    model: {{curve: {{of: day, knots: [0, 1, 7, 28]}}, block: subject}}
    contrasts: {{time_within_group: all}}
"""


@pytest.fixture(scope="module")
def con(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    folder = tmp_path_factory.mktemp("day_zero")
    study = folder / "study.yml"
    case = shared_data.parent / "cases" / "curve_day_zero"
    if not case.is_dir():
        pytest.skip(f"no made-up study at {case}")
    study.write_text(_STUDY.format(folder=case))
    cohortmart("run", study, "--out", folder / "out", "--no-report")
    return duckdb.connect(str(folder / "out" / "warehouse.duckdb"), read_only=True)


def test_all_samples_are_on_the_curve(con: duckdb.DuckDBPyConnection) -> None:
    row = con.sql(
        "select n_samples, round(consensus_correlation, 5) from dim_contrast "
        "where contrast = 'vac_1-0'"
    ).fetchall()
    assert row == [(69, 0.32506)]


def test_the_first_rise_is_that_of_r(con: duckdb.DuckDBPyConnection) -> None:
    found = con.sql(
        "select feature_id, log_fc, t from fct_contrast_result "
        "where contrast = 'vac_1-0' order by p_value limit 3"
    ).fetchall()
    values = {feature: (log_fc, t) for feature, log_fc, t in found}
    assert values["SYN008"] == pytest.approx((0.3605428, 3.964643), rel=1e-6)
    assert values["SYN011"] == pytest.approx((0.3547632, 3.957977), rel=1e-6)
    assert values["SYN010"][0] == pytest.approx(0.3489803, rel=1e-6)


def test_it_is_found(con: duckdb.DuckDBPyConnection) -> None:
    row = con.sql(
        "select count(*), count_if(feature_id < 'SYN020') from fct_contrast_result "
        "where contrast = 'vac_1-0' and adj_p_value < 0.05"
    ).fetchall()
    assert row == [(12, 10)]
