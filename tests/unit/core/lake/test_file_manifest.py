"""The list of current files never names one that is not there, and is switched at once."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from cohortmart.core.lake.file_manifest import (
    CURRENT,
    Entry,
    read_current,
    read_part,
    switch_current,
    write_table,
)

OLD, NEW = Entry("sample", "", "sample-1.parquet"), Entry("sample", "", "sample-2.parquet")


def written(room: Path, entry: Entry, value: int) -> Entry:
    write_table(pa.table({"n": [value]}), room / entry.path)
    return entry


def test_what_is_current_is_switched(tmp_path: Path) -> None:
    assert read_current(tmp_path) == []
    assert read_part(tmp_path, "sample") is None
    for n, entry in enumerate((OLD, NEW)):
        switch_current(tmp_path, [written(tmp_path, entry, n)])
        assert read_current(tmp_path) == [entry]
        part = read_part(tmp_path, "sample")
        assert part is not None
        assert part.to_pylist() == [{"n": n}]


def test_a_file_that_is_missing_is_never_made_current(tmp_path: Path) -> None:
    switch_current(tmp_path, [written(tmp_path, OLD, 1)])
    before = (tmp_path / CURRENT).read_bytes()
    other = written(tmp_path, Entry("assay", "", "assay-1.parquet"), 2)
    with pytest.raises(FileNotFoundError, match=r"not made current: \['sample-2.parquet'\]"):
        switch_current(tmp_path, [other, NEW])
    assert (tmp_path / CURRENT).read_bytes() == before
    assert read_current(tmp_path) == [OLD]
