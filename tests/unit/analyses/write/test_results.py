"""Result files: one set an analysis, switched as a whole, old ones swept afterwards."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyses.fingerprints import CONTRAST_TABLES
from analyses.quality.assays import TABLES as QUALITY_TABLES
from analyses.write.results import (
    drop_outdated,
    fingerprint,
    is_current,
    keep_only,
    shown_results,
    sweep_results,
    write_set,
)
from cohortmart.core.lake.file_manifest import Entry, read_current, switch_current
from cohortmart.core.schemas.tables import RESULT_TABLES
from cohortmart.core.warehouse.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def tables(analysis: str) -> dict[str, list[pa.Table]]:
    """One row of nulls, the analysis named, for every result table."""
    return {
        name: [
            pa.Table.from_pylist([{"analysis": analysis}], schema=RESULT_TABLES[name]),
        ]
        for name in CONTRAST_TABLES
    }


def files(home: Home) -> set[str]:
    return {p.relative_to(home.results).as_posix() for p in home.results.glob("*/*")}


def test_results_are_current_for_their_fingerprint_only(home: Home) -> None:
    write_set(home, CONTRAST_TABLES, "a", "1" * 64, tables("a"))
    assert is_current(home, CONTRAST_TABLES, "a", "1" * 64)
    assert not is_current(home, CONTRAST_TABLES, "a", "2" * 64)
    assert not is_current(home, CONTRAST_TABLES, "b", "1" * 64)


def test_a_missing_file_is_not_current(home: Home) -> None:
    write_set(home, CONTRAST_TABLES, "a", "1" * 64, tables("a"))
    (home.results / read_current(home.results)[0].path).unlink()
    assert not is_current(home, CONTRAST_TABLES, "a", "1" * 64)


def test_old_files_stay_until_swept(home: Home) -> None:
    write_set(home, CONTRAST_TABLES, "a", "1" * 64, tables("a"))
    write_set(home, CONTRAST_TABLES, "b", "1" * 64, tables("b"))
    before = files(home)
    write_set(home, CONTRAST_TABLES, "a", "2" * 64, tables("a"))
    assert before < files(home)
    sweep_results(home)
    assert files(home) == {e.path for e in read_current(home.results)}
    assert is_current(home, CONTRAST_TABLES, "a", "2" * 64)
    assert is_current(home, CONTRAST_TABLES, "b", "1" * 64)


def test_files_that_readers_still_see_stay_for_one_sweep_more(home: Home) -> None:
    write_set(home, CONTRAST_TABLES, "a", "1" * 64, tables("a"))
    first = shown_results(home)
    write_set(home, CONTRAST_TABLES, "a", "2" * 64, tables("a"))
    second = shown_results(home)
    sweep_results(home, first)
    assert files(home) == {e.path for e in first | second}
    write_set(home, CONTRAST_TABLES, "a", "3" * 64, tables("a"))
    sweep_results(home, second)
    assert files(home) == {e.path for e in second | shown_results(home)}


def test_analyses_that_left_the_study_leave_the_results(home: Home) -> None:
    for name in ("a", "b"):
        write_set(home, CONTRAST_TABLES, name, "1" * 64, tables(name))
    keep_only(home, dict.fromkeys(CONTRAST_TABLES, ("b",)))
    assert {e.part for e in read_current(home.results)} == {"b"}
    sweep_results(home)
    assert not (home.results / "a").exists()


def test_quality_stays_with_its_assay_whatever_becomes_of_analyses(home: Home) -> None:
    empty = {name: [RESULT_TABLES[name].empty_table()] for name in QUALITY_TABLES}
    for assay in ("rna", "a"):  # an assay may be called like an analysis
        write_set(home, QUALITY_TABLES, assay, "1" * 64, empty)
    write_set(home, CONTRAST_TABLES, "a", "1" * 64, tables("a"))
    keep_only(
        home,
        dict.fromkeys(
            QUALITY_TABLES,
            (
                "a",
                "rna",
            ),
        ),
    )
    assert {e.part for e in read_current(home.results)} == {"a", "rna"}
    assert {e.table_name for e in read_current(home.results)} == set(QUALITY_TABLES)
    write_set(home, CONTRAST_TABLES, "a", "1" * 64, tables("a"))
    of_analyses = dict.fromkeys(CONTRAST_TABLES, ("a",))
    keep_only(home, of_analyses | dict.fromkeys(QUALITY_TABLES, ("rna",)))
    left = {(e.table_name in QUALITY_TABLES, e.part) for e in read_current(home.results)}
    assert left == {(True, "rna"), (False, "a")}


def test_results_of_an_earlier_version_go_as_a_set(home: Home) -> None:
    for analysis in ("a", "b", "c"):
        write_set(home, CONTRAST_TABLES, analysis, "1" * 64, tables(analysis))
    assert drop_outdated(home) == []
    of_contrast = {e.part: e.path for e in read_current(home.results) if e.table_name == "contrast"}
    earlier = pq.read_table(home.results / of_contrast["b"]).drop_columns(["contrast_order"])
    pq.write_table(earlier, home.results / of_contrast["b"])
    quality = {name: [RESULT_TABLES[name].empty_table()] for name in QUALITY_TABLES}
    write_set(home, QUALITY_TABLES, "b", "2" * 64, quality)  # of an assay with the same name
    (home.results / of_contrast["c"]).unlink()
    assert drop_outdated(home) == ["b", "c"]
    of_contrasts = [e for e in read_current(home.results) if e.table_name in CONTRAST_TABLES]
    assert {e.part for e in of_contrasts} == {"a"}
    assert is_current(home, QUALITY_TABLES, "b", "2" * 64)
    assert not is_current(home, CONTRAST_TABLES, "b", "1" * 64)
    assert is_current(home, CONTRAST_TABLES, "a", "1" * 64)


def test_what_names_contrasts_goes_with_them(home: Home) -> None:
    """Else the models would find rows of contrasts that are not there."""
    behind = {name: [RESULT_TABLES[name].empty_table()] for name in ("explained", "sensitivity")}
    for analysis in ("a", "b"):
        write_set(home, CONTRAST_TABLES, analysis, "1" * 64, tables(analysis))
        write_set(home, tuple(behind), analysis, "3" * 64, behind)
    path = next(
        home.results / e.path
        for e in read_current(home.results)
        if (e.table_name, e.part) == ("contrast", "b")
    )
    pq.write_table(pq.read_table(path).drop_columns(["contrast_order"]), path)
    assert drop_outdated(home) == ["b"]
    assert {e.part for e in read_current(home.results)} == {"a"}
    assert {"explained", "sensitivity"} < {e.table_name for e in read_current(home.results)}


def test_a_table_that_this_version_does_not_know_goes_alone(home: Home) -> None:
    write_set(home, CONTRAST_TABLES, "a", "1" * 64, tables("a"))
    known = read_current(home.results)
    (home.results / "a" / f"no_more-{'1' * 12}.parquet").touch()
    gone = Entry("no_more", "a", f"a/no_more-{'1' * 12}.parquet")
    switch_current(home.results, [*known, gone])
    assert drop_outdated(home) == ["a"]
    assert read_current(home.results) == known


def test_a_failure_leaves_the_old_results(home: Home) -> None:
    write_set(home, CONTRAST_TABLES, "a", "1" * 64, tables("a"))
    old = read_current(home.results)

    def broken():
        yield tables("a")["contrast_result"][0]
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="full"):
        write_set(home, CONTRAST_TABLES, "a", "2" * 64, tables("a") | {"contrast_result": broken()})
    assert read_current(home.results) == old
    sweep_results(home)
    assert files(home) == {e.path for e in old}


def test_fingerprint_depends_on_content_not_on_order() -> None:
    assert fingerprint({"a": 1, "b": [1]}) == fingerprint({"b": [1], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})
