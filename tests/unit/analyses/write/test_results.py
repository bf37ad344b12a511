"""Result files: one set an analysis, switched as a whole, old ones swept afterwards."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyses.write.results import (
    drop_outdated,
    fingerprint,
    is_current,
    keep_only,
    sweep_results,
    write_set,
)
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.schemas.tables import RESULT_SETS
from cohortmart.core.warehouse.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def tables(analysis: str) -> dict[str, list[pa.Table]]:
    """One row of nulls, the analysis named, for every result table."""
    return {
        name: [
            pa.Table.from_pylist([{"analysis": analysis}], schema=schema),
        ]
        for name, schema in RESULT_SETS["contrasts"].items()
    }


def files(home: Home) -> set[str]:
    return {p.relative_to(home.results).as_posix() for p in home.results.glob("*/*")}


def test_results_are_current_for_their_fingerprint_only(home: Home) -> None:
    write_set(home, "contrasts", "a", "1" * 64, tables("a"))
    assert is_current(home, "contrasts", "a", "1" * 64)
    assert not is_current(home, "contrasts", "a", "2" * 64)
    assert not is_current(home, "contrasts", "b", "1" * 64)


def test_a_missing_file_is_not_current(home: Home) -> None:
    write_set(home, "contrasts", "a", "1" * 64, tables("a"))
    (home.results / read_current(home.results)[0].path).unlink()
    assert not is_current(home, "contrasts", "a", "1" * 64)


def test_old_files_stay_until_swept(home: Home) -> None:
    write_set(home, "contrasts", "a", "1" * 64, tables("a"))
    write_set(home, "contrasts", "b", "1" * 64, tables("b"))
    before = files(home)
    write_set(home, "contrasts", "a", "2" * 64, tables("a"))
    assert before < files(home)
    sweep_results(home)
    assert files(home) == {e.path for e in read_current(home.results)}
    assert is_current(home, "contrasts", "a", "2" * 64)
    assert is_current(home, "contrasts", "b", "1" * 64)


def test_analyses_that_left_the_study_leave_the_results(home: Home) -> None:
    for name in ("a", "b"):
        write_set(home, "contrasts", name, "1" * 64, tables(name))
    keep_only(home, ["b"], [])
    assert {e.part for e in read_current(home.results)} == {"b"}
    sweep_results(home)
    assert not (home.results / "a").exists()


def test_quality_stays_with_its_assay_whatever_becomes_of_analyses(home: Home) -> None:
    empty = {name: [s.empty_table()] for name, s in RESULT_SETS["quality"].items()}
    for assay in ("rna", "a"):  # an assay may be called like an analysis
        write_set(home, "quality", assay, "1" * 64, empty)
    write_set(home, "contrasts", "a", "1" * 64, tables("a"))
    keep_only(home, [], ["a", "rna"])
    assert {e.part for e in read_current(home.results)} == {"a", "rna"}
    assert {e.table_name for e in read_current(home.results)} == set(RESULT_SETS["quality"])
    keep_only(home, ["a"], ["rna"])
    assert {e.part for e in read_current(home.results)} == {"rna"}


def test_results_of_an_earlier_version_go_as_a_set(home: Home) -> None:
    for analysis in ("a", "b", "c"):
        write_set(home, "contrasts", analysis, "1" * 64, tables(analysis))
    assert drop_outdated(home) == []
    of_contrast = {e.part: e.path for e in read_current(home.results) if e.table_name == "contrast"}
    earlier = pq.read_table(home.results / of_contrast["b"]).drop_columns(["contrast_order"])
    pq.write_table(earlier, home.results / of_contrast["b"])
    (home.results / of_contrast["c"]).unlink()
    assert drop_outdated(home) == ["b", "c"]
    assert {e.part for e in read_current(home.results)} == {"a"}
    assert not is_current(home, "contrasts", "b", "1" * 64)
    assert is_current(home, "contrasts", "a", "1" * 64)


def test_a_failure_leaves_the_old_results(home: Home) -> None:
    write_set(home, "contrasts", "a", "1" * 64, tables("a"))
    old = read_current(home.results)

    def broken():
        yield tables("a")["contrast_result"][0]
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="full"):
        write_set(home, "contrasts", "a", "2" * 64, tables("a") | {"contrast_result": broken()})
    assert read_current(home.results) == old
    sweep_results(home)
    assert files(home) == {e.path for e in old}


def test_fingerprint_depends_on_content_not_on_order() -> None:
    assert fingerprint({"a": 1, "b": [1]}) == fingerprint({"b": [1], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})
