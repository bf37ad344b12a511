"""The lines at the end of a run: filters and ComBat, from the warehouse's own tables."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cohortmart.app.commands.summary import summarise
from cohortmart.core.study.load import load_study
from cohortmart.core.warehouse.home import Home
from tests.support.small_betas import COMBAT, EVEN, UNEVEN, write_betas_study

SAFER = "; batch in the model is the safer choice: see `cohortmart check STUDY.yml`"
#: assay, step_order, step, before, dropped, annotation
FUNNEL = [
    ("meth", 1, "detection_p", 1000, 0, "missing"),
    ("meth", 2, "sample_missing", 1000, 0, "not needed"),
    ("meth", 3, "probe_missing", 1000, 30, "not needed"),
    ("meth", 4, "bead_count", 970, 0, "switched off"),
    ("meth", 5, "non_cpg", 970, 12, "not needed"),
    ("meth", 6, "mask", 958, 0, "missing"),
    ("meth", 7, "sex_chromosome", 958, 20, "used"),
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "out")


def write_warehouse(home: Home, rows, *, dropped=(), funnel=FUNNEL, notes=()) -> None:
    """Write the tables that the summary reads; samples by their place in `rows` are dropped."""
    home.root.mkdir()
    samples = [
        (f"B{i}", *r, "sample_missing" if i in dropped else None) for i, r in enumerate(rows)
    ]
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create schema staging")
        con.execute(
            "create table given (sample_id text, subject_id text, study_group text, "
            "timepoint text, slide text, age double, filter_reason text)"
        )
        con.executemany("insert into given values (?, ?, ?, ?, ?, ?, ?)", samples)
        con.execute(
            "create table dim_sample as select * exclude (filter_reason), "
            "cast(null as text) as cell_type from given"
        )
        con.execute("create table dim_subject as select distinct subject_id from given")
        con.execute(
            "create table qc_sample as select 'meth' as assay, sample_id, filter_reason from given"
        )
        con.execute(
            "create table qc_probe_funnel (assay text, step_order int, step text, "
            "n_probes_before bigint, n_probes_dropped bigint, annotation text)"
        )
        if funnel:
            con.executemany("insert into qc_probe_funnel values (?, ?, ?, ?, ?, ?)", funnel)
        con.execute(
            "create table staging.stg_lake__features as "
            "select 'meth' as assay, 'beta' as kind, range as feature_id from range(1000)"
        )
        con.execute(
            "create table staging.stg_lake__matrix_samples as "
            "select 'meth' as assay, 'beta' as kind, sample_id from given"
        )
        con.execute("create table dim_contrast (analysis text, contrast text)")
        con.execute(
            "create table analysis_note (analysis text, note_order int, kind text, note text)"
        )
        if notes:
            con.executemany("insert into analysis_note values (?, ?, ?, ?)", notes)
        con.execute("create table dmp (analysis text, contrast text)")


def lines(tmp_path: Path, home: Home, **options) -> list[str]:
    study = load_study(write_betas_study(tmp_path, **options))
    return [line.strip() for line in summarise(study, home, {"ingest": 1.0}).splitlines()]


def test_what_the_filters_dropped_and_what_they_could_not_do(tmp_path, home):
    write_warehouse(home, EVEN, dropped=(0,))
    said = lines(tmp_path, home, normalise="[]")
    assert (
        "meth: filters dropped 62 of 1,000 probes and 1 of 16 samples (table qc_probe_funnel); "
        "not done, as the annotation is missing: detection_p, mask"
    ) in said
    assert not [line for line in said if "ComBat" in line]


def test_filters_that_all_did_their_work(tmp_path, home):
    write_warehouse(home, EVEN, funnel=[(*step[:5], "used") for step in FUNNEL])
    said = lines(tmp_path, home, normalise="[]")
    assert (
        "meth: filters dropped 62 of 1,000 probes and 0 of 16 samples (table qc_probe_funnel)"
    ) in said


def test_no_betas_no_line_on_filters(tmp_path, home):
    write_warehouse(home, EVEN, funnel=[])
    assert "filters" not in " ".join(lines(tmp_path, home, normalise="[]"))


def test_even_batches_get_a_plain_line(tmp_path, home):
    write_warehouse(home, EVEN)
    assert "meth: ComBat removed slide" in lines(tmp_path, home)


def test_confounded_batches_point_to_the_check(tmp_path, home):
    write_warehouse(home, UNEVEN)
    assert f"meth: ComBat removed slide{SAFER}" in lines(tmp_path, home, rows=UNEVEN)


def test_what_is_not_kept_points_to_the_check(tmp_path, home):
    write_warehouse(home, EVEN)
    lacking = COMBAT.replace("group, ", "")
    assert f"meth: ComBat removed slide{SAFER}" in lines(tmp_path, home, normalise=lacking)


def test_the_page_of_a_report_is_named_where_one_was_written(tmp_path, home, monkeypatch):
    write_warehouse(home, EVEN)
    study = load_study(write_betas_study(tmp_path))
    monkeypatch.chdir(home.root)
    said = summarise(study, home, {"ingest": 1.0}, home.root / "report" / "index.html")
    assert "\nreport: report/index.html\n" in said
    assert "report:" not in summarise(study, home, {"ingest": 1.0})


def test_samples_that_the_filters_dropped_do_not_count(tmp_path, home):
    # without the one sample on S2 all of HP.1st are on S1
    rows = [(*r[:3], "S2" if i == 0 else r[3], r[4]) for i, r in enumerate(UNEVEN)]
    write_warehouse(home, rows, dropped=(0,))
    assert f"meth: ComBat removed slide{SAFER}" in lines(tmp_path, home, rows=rows)


def test_the_same_samples_are_even_while_they_are_kept(tmp_path, home):
    rows = [(*r[:3], "S2" if i == 0 else r[3], r[4]) for i, r in enumerate(UNEVEN)]
    write_warehouse(home, rows)
    assert "meth: ComBat removed slide" in lines(tmp_path, home, rows=rows)


def test_warnings_of_an_analysis_stand_below_it(tmp_path, home):
    notes = [
        ("main", 2, "warning", "second"),
        ("main", 1, "warning", "the chosen samples hold 2 values of cell_type"),
        ("main", 3, "note", "no sample is HP.PP"),
        ("other", 1, "warning", "of an analysis that is gone"),
    ]
    write_warehouse(home, EVEN, notes=notes)
    said = lines(tmp_path, home)
    at = next(i for i, line in enumerate(said) if line.startswith("main:"))
    assert said[at + 1 : at + 3] == [
        "WARNING: the chosen samples hold 2 values of cell_type", "WARNING: second",
    ]  # fmt: skip
    assert "WARNING" not in " ".join(said[:at] + said[at + 3 :])
