"""EPIC v2's replicates become one row, whatever the order and size of the blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmart.core.lake.matrix import read_matrix
from cohortmart.core.study.records import Assay
from ingest.read.matrix import joined
from ingest.read.matrix.records import Block
from ingest.read.matrix.replicates import collapsed, common_probe_ids
from tests.support.array_tables import text_table
from tests.support.matrix_files import assay, ingest_files, lake_values, write

SUFFIXES = ("TC21", "TC22", "BO11", "TC110")
Naive = dict[str, dict[str, np.ndarray]]


@pytest.mark.parametrize(
    ("name", "common"),
    [
        ("cg00000029_TC21", "cg00000029"),
        ("cg00000029_BO110", "cg00000029"),
        ("ch.1.109549F_TO12", "ch.1.109549F"),
        ("nv-GRCh38-chr1-1-C-T_BC11", "nv-GRCh38-chr1-1-C-T"),
        ("cg00000029", "cg00000029"),
        ("cg00000029_TC31", "cg00000029_TC31"),
        ("cg00000029_tc21", "cg00000029_tc21"),
        ("cg00000029_TC21_x", "cg00000029_TC21_x"),
        ("cg00000029_TC2", "cg00000029_TC2"),
        ("cg1_TC21_BC11", "cg1_TC21"),
    ],
)
def test_names_that_all_arrays_share(name: str, common: str) -> None:
    assert common_probe_ids(pa.array([name])).to_pylist() == [common]


def naive(ids: list[str], values: np.ndarray, beside: dict[str, np.ndarray]) -> Naive:
    """One row at a time."""
    rows: dict[str, list[int]] = {}
    for i, name in enumerate(ids):
        rows.setdefault(re.sub(r"_[TB][CO][12][0-9]+$", "", name), []).append(i)
    found: Naive = {}
    for name, of_probe in rows.items():
        means = [
            np.mean([v for v in column if not np.isnan(v)])
            if not np.isnan(column).all()
            else np.nan
            for column in values[of_probe].T
        ]
        found[name] = {"values": np.array(means)}
        for quantity, worst in (("detection_p", max), ("bead_count", min)):
            if quantity in beside:
                columns = beside[quantity][of_probe].T
                said = [[v for v in column if not np.isnan(v)] for column in columns]
                found[name][quantity] = np.array([worst(s) if s else np.nan for s in said])
    return found


@st.composite
def replicated(draw: st.DrawFn) -> tuple[list[str], np.ndarray, dict[str, np.ndarray]]:
    """Probes sorted so that replicates follow each other, some without a suffix."""
    ids = []
    for i in range(draw(st.integers(1, 6))):
        own = draw(st.lists(st.sampled_from(SUFFIXES), unique=True, max_size=4))
        ids += [f"cg{i}_{suffix}" for suffix in sorted(own)] or [f"cg{i}"]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = len(ids), draw(st.integers(1, 3))

    def holes(values: np.ndarray) -> np.ndarray:
        return np.where(rng.random(shape) < 0.3, np.nan, values)

    beside = {}
    if draw(st.booleans()):
        beside["detection_p"] = holes(rng.random(shape))
    if draw(st.booleans()):
        beside["bead_count"] = holes(np.floor(rng.random(shape) * 9))
    return ids, holes(rng.random(shape)), beside


@given(replicated(), st.data())
def test_as_one_row_at_a_time(
    given_matrix: tuple[list[str], np.ndarray, dict[str, np.ndarray]], data: st.DataObject
) -> None:
    ids, values, beside = given_matrix
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(ids) - 1)))))

    def blocks(ends: list[int]) -> Iterator[Block]:
        for start, stop in zip([0, *ends], [*ends, len(ids)], strict=True):
            if start < stop:
                extras = {name: v[start:stop] for name, v in beside.items()}
                yield Block(0, pa.array(ids[start:stop]), None, values[start:stop], extras)

    found = list(collapsed(blocks(cuts)))
    want = naive(ids, values, beside)
    assert [name for b in found for name in b.feature_ids.to_pylist()] == list(want)
    np.testing.assert_allclose(
        np.vstack([b.values for b in found]), [w["values"] for w in want.values()], rtol=1e-15
    )
    for name in beside:
        np.testing.assert_array_equal(
            np.vstack([b.further[name] for b in found]), [w[name] for w in want.values()]
        )
    whole = np.vstack([b.values for b in collapsed(blocks([]))])
    np.testing.assert_array_equal(np.vstack([b.values for b in found]), whole)


def test_gene_names_stay_with_their_probe() -> None:
    ids = pa.array(["cg1_TC21", "cg1_TC22", "cg2_TC21"])
    blocks = [
        Block(0, ids.slice(0, 1), pa.array(["A"]), np.zeros((1, 1))),
        Block(0, ids.slice(1), pa.array(["A", "B"]), np.ones((2, 1))),
    ]
    found = list(collapsed(blocks))
    assert [n for b in found for n in b.gene_names.to_pylist()] == ["A", "B"]


class TestIngest:
    """Through the whole reader, rows in any order."""

    IDS = ("cg2_TC21", "cg10_TC21", "cg10_BC11", "cg1_TO11", "cg1_TC22", "cg1_TC21", "ch.9R_BC11")
    SAMPLES = ("A", "B", "C")

    def options(self, **more: object) -> Assay:
        return assay("beta", collapse_replicates=True).model_copy(update=more)

    @pytest.mark.parametrize("block_values", [1, 10**6])
    def test_rows_in_any_order_with_p_and_beads(
        self,
        tmp_path: Path,
        rng: np.random.Generator,
        monkeypatch: pytest.MonkeyPatch,
        block_values: int,
    ) -> None:
        monkeypatch.setattr(joined, "BLOCK_VALUES", block_values)
        shape = len(self.IDS), 3
        values = np.where(rng.random(shape) < 0.2, np.nan, rng.random(shape))
        beside = {"detection_p": rng.random(shape), "bead_count": np.floor(rng.random(shape) * 9)}
        words = {"AVG_Beta": values, "Detection Pval": beside["detection_p"]}
        words["Avg_NBEADS"] = beside["bead_count"]
        columns = [
            (f"{s}.{word}", v[:, j])
            for j, s in enumerate(self.SAMPLES)
            for word, v in words.items()
        ]
        text = text_table(self.IDS, columns)
        file = write(tmp_path / "b.txt", text)
        target = tmp_path / "lake" / "matrix.parquet"
        report = ingest_files("m", self.options(), [file], target)
        want = naive(list(self.IDS), values, beside)
        (ids, found, p, beads) = next(iter(read_matrix(target)))
        assert ids.to_pylist() == ["cg1", "cg10", "cg2", "ch.9R"]
        assert report.features["feature_id"].to_pylist() == ids.to_pylist()
        for got, name in ((found, "values"), (p, "detection_p"), (beads, "bead_count")):
            np.testing.assert_allclose(got, [want[i][name] for i in ids.to_pylist()], rtol=1e-14)
        assert report.rows == 4
        assert "7 probes collapsed to 4 names: replicates are their mean" in report.notes
        assert [(f.rows, f.columns) for f in report.files] == [(7, 3)]

    def test_without_the_option_all_rows_stay(self, tmp_path: Path) -> None:
        rows = "".join(f"{name},0.5\n" for name in self.IDS)
        file = write(tmp_path / "b.csv", f"probe,A\n{rows}")
        target = tmp_path / "matrix.parquet"
        report = ingest_files("m", assay("beta"), [file], target)
        assert lake_values(target)[0] == sorted(self.IDS)
        assert report.notes == ()

    def test_files_that_lack_some_replicates(self, tmp_path: Path) -> None:
        first = write(tmp_path / "a.csv", "probe,A\ncg1_TC21,0.2\ncg1_TC22,0.4\ncg2_TC21,0.5\n")
        second = write(tmp_path / "b.csv", "probe,B\ncg2_TC21,0.7\ncg1_TC22,0.9\n")
        target = tmp_path / "matrix.parquet"
        report = ingest_files("m", self.options(), [first, second], target)
        ids, values = lake_values(target)
        assert ids == ["cg1", "cg2"]
        np.testing.assert_allclose(values, [[0.3, 0.9], [0.5, 0.7]], rtol=1e-15)
        assert report.notes[0].startswith("b.csv: no row for 1 feature of a.csv")

    def test_a_detection_p_file_of_its_own_is_matched_before(self, tmp_path: Path) -> None:
        file = write(tmp_path / "a.csv", "probe,A,B\ncg1_TC21,0.2,0.2\ncg1_TC22,0.4,NA\n")
        p = write(tmp_path / "p.csv", "probe,B,A\ncg1_TC22,0.9,0.001\ncg1_TC21,0.0,0.3\n")
        target = tmp_path / "matrix.parquet"
        ingest_files("m", self.options(detection_p=(p,)), [file], target)
        (ids, values, of_p) = next(iter(read_matrix(target)))
        assert ids.to_pylist() == ["cg1"]
        np.testing.assert_allclose(values, [[0.3, 0.2]], rtol=1e-15)
        np.testing.assert_array_equal(of_p, [[0.3, 0.9]])
