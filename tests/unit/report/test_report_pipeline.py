"""Writing a report: all or nothing, the same bytes again, small enough, and not twice."""

from __future__ import annotations

import struct
from pathlib import Path

import duckdb
import pytest

from cohortmart.core.errors import InputError
from cohortmart.core.pseudonyms import KEY_FILE
from cohortmart.core.warehouse.home import Home
from cohortmart.report import assemble, pipeline
from cohortmart.report.blocks import Figure, Page, Section, Text
from cohortmart.report.context import report_source
from cohortmart.report.source import Detail, Source

SPEC = {
    "data": {"name": "points"}, "height": 60, "mark": "point",
    "encoding": {"x": {"field": "sample", "type": "nominal"}},
}  # fmt: skip


def one_page(source: Source) -> Page:
    points = source.table("select sample from shown_sample order by sample")
    figure = Figure("one-samples", "Samples", "Samples.", "Samples.", SPEC, {"points": points})
    long = Text("x" * source.detail.top_features * 10_000)
    return Page("one", "One", "lead", (Section("Samples", (figure, long)),))


def empty_page(_source: Source) -> Page:
    return Page("rebound", "Rebound", "lead")


def broken_page(_source: Source) -> Page:
    raise ZeroDivisionError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(assemble, "vega_bundle", lambda: "/* Vega */")
    monkeypatch.setattr(pipeline, "PAGES", (("one", one_page),))
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute("create table analysis_run (analysis varchar)")
        con.execute(
            "create table dim_sample as select * from (values "
            "('S1', 'ANNA', 'MS', '1st', 1, 'CD4', ''), ('S2', 'BERTA', 'HP', '1st', 1, 'CD4', '')"
            ") as t(sample_id, subject_id, study_group, timepoint, visit_order, cell_type, "
            "visit_key)"
        )
    (tmp_path / "study.yml").write_text("study: tiny\ngroups: [MS, HP]\ntimepoints: [1st]\n")
    return Home(tmp_path)


#: Tables with the changes of single features.
OF_FEATURES = (
    "fct_contrast_result", "dmp_deg", "explained_change", "explained_variable", "fct_explained",
)  # fmt: skip


def silent(_line: str) -> None:
    pass


def contents(folder: Path) -> dict[str, bytes]:
    paths = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


def test_page_and_figures_are_written_and_are_the_same_bytes_again(home: Home) -> None:
    done = pipeline.write_report(home, say=silent)
    assert done.index == home.root / "report" / "index.html"
    assert (done.n_figures, done.is_new) == (1, True)
    first = contents(home.root / "report")
    assert sorted(first) == [
        ".made_from", "figures/figures.csv", "figures/one-samples-85mm.png",
        "figures/one-samples-85mm.svg", "figures/one-samples.png", "figures/one-samples.svg",
        "index.html",
    ]  # fmt: skip
    png = first["figures/one-samples.png"]
    at = png.index(b"pHYs") + 4
    across, _, unit = struct.unpack(">IIB", png[at : at + 9])
    assert (round(across * 0.0254), unit) == (300, 1)  # dots an inch; the unit is the metre
    assert b"<svg" in first["figures/one-samples.svg"]
    pipeline.write_report(home, say=silent)
    assert contents(home.root / "report") == first


def test_it_is_left_as_it_is_while_nothing_changed(home: Home) -> None:
    assert pipeline.write_report(home, if_needed=True, say=silent).is_new
    again = pipeline.write_report(home, if_needed=True, say=silent)
    assert (again.is_new, again.n_figures) == (False, 1)
    # the page on methods shows the whole file
    (home.root / "study.yml").write_text((home.root / "study.yml").read_text() + "# why\n")
    assert pipeline.write_report(home, if_needed=True, say=silent).is_new
    (home.report() / "index.html").unlink()
    assert pipeline.write_report(home, if_needed=True, say=silent).is_new


def test_a_failure_leaves_the_earlier_report(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline.write_report(home, say=silent)
    before = contents(home.root)
    monkeypatch.setattr(pipeline, "PAGES", (("one", one_page), ("two", broken_page)))
    with pytest.raises(ZeroDivisionError):
        pipeline.write_report(home, say=silent)
    assert contents(home.root) == before


def test_pages_with_nothing_to_show_are_one_line(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = (("one", one_page), ("rebound", empty_page))
    monkeypatch.setattr(pipeline, "PAGES", pages)
    text = pipeline.write_report(home, say=silent).index.read_text()
    assert 'data-page="one"' in text
    assert 'data-page="rebound"' not in text
    assert "Not in this report: Rebound, as no analysis has a rebound." in text
    monkeypatch.setattr(pipeline, "PAGES", pages[1:])  # a report of nothing is one all the same
    assert 'data-page="rebound"' in pipeline.write_report(home, say=silent).index.read_text()


def test_what_a_killed_report_left_is_in_nobodys_way(home: Home) -> None:
    (home.root / ".report.new").mkdir()
    (home.root / ".report.old" / "figures").mkdir(parents=True)
    pipeline.write_report(home, say=silent)
    assert sorted(p.name for p in home.root.iterdir()) == [
        "report", "study.yml", "warehouse.duckdb",
    ]  # fmt: skip


def test_too_large_a_page_is_made_with_less_detail(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "LARGEST_BYTES", 150_000)
    said: list[str] = []
    done = pipeline.write_report(home, say=said.append)
    assert done.index.stat().st_size <= 150_000
    assert sum("too large" in line for line in said) == 2
    monkeypatch.setattr(pipeline, "LARGEST_BYTES", 1)  # whatever is left is written all the same
    assert pipeline.write_report(home, say=silent).index.exists()
    assert Detail().halved() != Detail()


def test_the_pseudonymised_report_names_no_one(home: Home) -> None:
    done = pipeline.write_report(home, pseudonymise=True, say=silent)
    assert done.index == home.root / "report_pseudonymised" / "index.html"
    assert not (home.root / "report").exists()
    written = b"".join(contents(done.index.parent).values())
    for name in (b"ANNA", b"BERTA", b"S1", b"S2"):
        assert name not in written
    assert b"sample 1" in written
    key = (home.root / KEY_FILE).read_text()
    assert "ANNA" in key
    first = contents(done.index.parent)
    pipeline.write_report(home, pseudonymise=True, say=silent)
    assert contents(done.index.parent) == first


def test_changes_of_a_single_person_do_not_leave_the_house(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(
            "create table dim_contrast as select * from (values ('a', 'hers', 1), ('a', 'all', 9),"
            " ('b', 'hers', 9)) as t(analysis, contrast, n_subjects)"
        )
        for table in OF_FEATURES:
            con.execute(f"create table {table} as select analysis, contrast from dim_contrast")
        con.execute(
            "create view rebound as select 'a' as analysis, unnest(['all', 'all', 'hers']) as "
            "first_contrast, unnest(['all', 'hers', 'all']) as second_contrast"
        )
    left = [("a", "all"), ("b", "hers")]
    for pseudonymise in (True, False):
        with report_source(home, pseudonymise=pseudonymise) as source:
            for table in OF_FEATURES:
                query = f"select analysis, contrast from {table} order by all"
                found = [tuple(r.values()) for r in source.rows(query)]
                assert found == (left if pseudonymise else sorted([*left, ("a", "hers")]))
            assert source.value("select count(*) from rebound") == (1 if pseudonymise else 3)
            assert source.has_rows("rebound")


def test_returns_of_one_person_stay_out(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create table dim_contrast as select 'a' as analysis, 'c' as contrast, 9 as "
                    "n_subjects")  # fmt: skip
        con.execute(
            "create table return_summary as select 'a' as analysis, 'r' as return_name, "
            "unnest(['one', 'many']) as to_mean, unnest([1, 2]) as n_subjects"
        )
        con.execute("create table fct_return as select analysis, return_name, to_mean "
                    "from return_summary")  # fmt: skip
    for pseudonymise, left in ((True, ["many"]), (False, ["many", "one"])):
        with report_source(home, pseudonymise=pseudonymise) as source:
            for table in ("return_summary", "fct_return"):
                rows = source.rows(f"select to_mean from {table} order by to_mean")
                assert [r["to_mean"] for r in rows] == left


def test_a_folder_without_a_warehouse_or_samples_is_refused(tmp_path: Path, home: Home) -> None:
    with pytest.raises(InputError, match="no warehouse"):
        pipeline.write_report(Home(tmp_path / "empty"), say=silent)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("delete from dim_sample")
    with pytest.raises(InputError, match="no samples"):
        pipeline.write_report(home, say=silent)
