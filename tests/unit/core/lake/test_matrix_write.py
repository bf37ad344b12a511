"""The lake matrix: its schema, its bytes and its size."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cohortmart.core.lake import matrix as writer
from cohortmart.core.lake.matrix import UnsortedError, extras_of, read_matrix, write_matrix
from cohortmart.core.schemas.tables import matrix_schema
from tests.support.matrix_files import assay, ingested, lake_values, text_of, write


def blocks(values: np.ndarray, size: int) -> Iterator[tuple[Any, np.ndarray]]:
    for start in range(0, len(values), size):
        part = values[start : start + size]
        yield pa.array([f"g{start + i:05d}" for i in range(len(part))]), part


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_values_come_back_exactly_in_groups_of_bounded_size(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "GROUP_VALUES", 1000)
    values = rng.random((777, 7))
    values[rng.random(values.shape) < 0.1] = np.nan
    target = tmp_path / "m.parquet"
    assert write_matrix(blocks(values, 50), 7, target) == 777
    ids, found = lake_values(target)
    assert ids == [f"g{i:05d}" for i in range(777)]
    np.testing.assert_array_equal(found, values)
    metadata = pq.read_metadata(target)
    sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    assert sizes == [142] * 5 + [67]
    assert pq.read_schema(target).equals(matrix_schema(7))


def test_bytes_depend_on_the_matrix_and_not_on_blocks_or_dialect(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    values = 1000 * rng.random((300, 5))
    for size in (1, 37, 300):
        write_matrix(blocks(values, size), 5, tmp_path / f"{size}.parquet")
    assert len({sha(tmp_path / f"{size}.parquet") for size in (1, 37, 300)}) == 1

    cells = [[repr(v) for v in row] for row in values.tolist()]
    ids, names = [f"g{i:05d}" for i in range(300)], list("ABCDE")
    shas = set()
    for delimiter, line_end in ((",", "\n"), ("\t", "\r\n")):
        text = text_of(ids, names, cells, delimiter=delimiter, line_end=line_end)
        ingested(write(tmp_path / "m.txt", text), assay())
        shas.add(sha(tmp_path / "lake" / "matrix.parquet"))
    assert len(shas) == 1


def test_sql_sees_null_and_never_nan(tmp_path: Path) -> None:
    target = tmp_path / "m.parquet"
    write_matrix(blocks(np.array([[0.5, np.nan], [np.nan, np.nan]]), 2), 2, target)
    rows = duckdb.sql(
        f"select feature_id, values[1], values[2] from '{target}' order by feature_id"
    ).fetchall()
    assert rows == [("g00000", 0.5, None), ("g00001", None, None)]


def test_rounded_betas_take_less_than_two_bytes(tmp_path: Path, rng: np.random.Generator) -> None:
    values = np.round(rng.beta(0.5, 0.5, (20_000, 30)), 4)
    target = tmp_path / "m.parquet"
    write_matrix(blocks(values, 5000), 30, target)
    assert target.stat().st_size / values.size < 2.1
    np.testing.assert_array_equal(lake_values(target)[1], values)


def test_distinct_doubles_are_not_made_larger_by_a_dictionary(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    values = rng.random((20_000, 30))
    target = tmp_path / "m.parquet"
    write_matrix(blocks(values, 5000), 30, target)
    assert target.stat().st_size / values.size < 8.0


def test_an_error_among_the_blocks_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[Any, np.ndarray]]:
        yield pa.array(["g0"]), np.ones((1, 2))
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        write_matrix(broken(), 2, tmp_path / "m.parquet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "parts", [[["g1", "g0"]], [["g0"], ["g0"]], [["g0", "g2"], ["g1"]], [["g\u00e9", "gz"]]]
)
def test_rows_out_of_order_are_refused_and_leave_nothing(
    tmp_path: Path, parts: list[list[str]]
) -> None:
    rows = [(pa.array(ids), np.ones((len(ids), 2))) for ids in parts]
    with pytest.raises(UnsortedError):
        write_matrix(rows, 2, tmp_path / "m.parquet")
    assert list(tmp_path.iterdir()) == []


def test_what_stands_beside_the_values_comes_back(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "GROUP_VALUES", 12)
    ids = pa.array([f"cg{i}" for i in range(9)])
    values, p, beads = rng.random((3, 9, 4))
    p[0, 0] = np.nan
    target = tmp_path / "m.parquet"
    write_matrix([(ids, values, p, beads)], 4, target, extras=("detection_p", "bead_count"))
    assert extras_of(target) == ("detection_p", "bead_count")
    found = list(read_matrix(target, np.array([3, 1])))
    for k, want in enumerate((values, p, beads), start=1):
        np.testing.assert_array_equal(np.vstack([r[k] for r in found]), want[:, [3, 1]])
