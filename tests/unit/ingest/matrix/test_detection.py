"""Detection p and beads in files of their own; and rows that turn out to be unsorted late."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.lake.matrix import extras_of, read_matrix
from ingest.forget.pipeline import forget_subject
from ingest.matrix.lake_matrix import MatrixReport
from ingest.read.matrix import joined
from ingest.read.matrix import text_matrix as matrix
from tests.support.array_tables import text_table
from tests.support.matrix_files import assay, ingest_files, text_of, write
from tests.support.raw_study import RawStudy

PROBES = [f"cg{i:03d}" for i in range(20)]
SAMPLES = ["A", "B", "C", "D"]


def matrix_file(
    path: Path,
    values: np.ndarray,
    samples: Sequence[str] = SAMPLES,
    probes: Sequence[str] = PROBES,
) -> Path:
    cells = [["NA" if np.isnan(v) else repr(v) for v in row] for row in values.tolist()]
    return write(path, text_of(probes, samples, cells))


def ingested(
    folder: Path, files: Sequence[Path], leave_out: tuple[str, ...] = (), **beside: Sequence[Path]
) -> tuple[MatrixReport, list[str], dict[str, np.ndarray]]:
    options = assay("beta").model_copy(
        update={"files": tuple(files), **{name: tuple(paths) for name, paths in beside.items()}}
    )
    target = folder / "lake" / "matrix.parquet"
    report = ingest_files("m", options, files, target, leave_out)
    assert [p.name for p in target.parent.iterdir()] == ["matrix.parquet"]
    blocks = list(read_matrix(target))
    ids = [name for block in blocks for name in block[0].to_pylist()]
    names = ("values", *extras_of(target))
    return report, ids, {n: np.vstack([b[i] for b in blocks]) for i, n in enumerate(names, 1)}


@pytest.mark.parametrize("block_values", [9, 10**6])
def test_columns_and_rows_in_any_order_in_several_files(
    tmp_path: Path,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    block_values: int,
) -> None:
    monkeypatch.setattr(joined, "BLOCK_VALUES", block_values)
    beta, p, beads = rng.random((20, 4)), rng.random((20, 4)), np.floor(rng.random((20, 4)) * 9)
    beta[3, 1] = p[4, 2] = np.nan
    order, other = rng.permutation(20), rng.permutation(20)[:15]
    names = np.array(PROBES)
    files = [
        matrix_file(tmp_path / "b1.csv", beta[order][:, [2, 0]], ["C", "A"], names[order]),
        matrix_file(tmp_path / "b2.csv", beta[:, [1, 3]], ["B", "D"]),
    ]
    of_p = [
        matrix_file(tmp_path / "p1.csv", p[other][:, [3, 0]], ["D", "A"], names[other]),
        # X is of no beta, cg999 neither
        matrix_file(
            tmp_path / "p2.csv",
            np.column_stack([np.vstack([p, p[:1]])[:, [1, 2]], np.zeros(21)]),
            ["B", "C", "X"],
            [*PROBES, "cg999"],
        ),
    ]
    of_beads = [matrix_file(tmp_path / "n.csv", beads[::-1], SAMPLES, PROBES[::-1])]
    report, ids, found = ingested(tmp_path, files, detection_p=of_p, bead_count=of_beads)
    assert ids == PROBES
    assert report.samples == ("C", "A", "B", "D")
    columns = [2, 0, 1, 3]
    want_p = p.copy()
    lacking = np.setdiff1d(np.arange(20), other)
    want_p[np.ix_(lacking, [0, 3])] = np.nan
    np.testing.assert_array_equal(found["values"], beta[:, columns])
    np.testing.assert_array_equal(found["detection_p"], want_p[:, columns])
    np.testing.assert_array_equal(found["bead_count"], beads[:, columns])
    some = ", ".join(names[lacking[:3]])
    assert f"p1.csv: no detection p for 5 probes of the betas: {some}, ..." in report.notes
    assert not any("no row for" in note or "number of beads for" in note for note in report.notes)
    sizes = [(f.path.name, f.rows, f.columns) for f in report.files]
    assert sizes == [
        *(("b1.csv", 20, 2), ("b2.csv", 20, 2)),
        *(("p1.csv", 15, 2), ("p2.csv", 21, 3), ("n.csv", 20, 4)),
    ]


def test_a_file_of_its_own_counts_more_than_the_file_of_the_betas(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    beta, p = rng.random((20, 1)), rng.random((20, 1))
    columns = [("A.AVG_Beta", beta[:, 0]), ("A.Detection Pval", np.ones(20))]
    file = write(tmp_path / "b.txt", text_table(PROBES, columns))
    _, _, found = ingested(
        tmp_path, [file], detection_p=[matrix_file(tmp_path / "p.csv", p, ["A"])]
    )
    np.testing.assert_array_equal(found["detection_p"], p)


def refused(folder: Path, p: Path, **beside: Any) -> IngestError:
    betas = matrix_file(folder / "b.csv", np.full((20, 4), 0.5))
    with pytest.raises(IngestError) as caught:
        ingested(folder, [betas], **(beside or {"detection_p": [p]}))
    assert caught.value.file == p
    assert caught.value.hint
    assert not list((folder / "lake").glob("*"))
    return caught.value


def test_a_sample_without_a_column(tmp_path: Path) -> None:
    p = matrix_file(tmp_path / "p.csv", np.zeros((20, 3)), ["A", "b", "D"])
    error = refused(tmp_path, p)
    assert "`detection_p` has no column for 2 of the samples of the betas" in str(error)
    assert (error.line, error.expected, error.found) == (1, "B, C", "A, b, D")
    both = {"bead_count": [p]}
    assert "`bead_count` has no column" in str(refused(tmp_path, p, **both))


def test_a_sample_in_two_files(tmp_path: Path) -> None:
    first = matrix_file(tmp_path / "p1.csv", np.zeros((20, 4)))
    second = matrix_file(tmp_path / "p2.csv", np.zeros((20, 1)), ["B"])
    assert "two files" in str(refused(tmp_path, second, detection_p=[first, second]))


def test_other_probes(tmp_path: Path) -> None:
    p = matrix_file(tmp_path / "p.csv", np.zeros((2, 4)), SAMPLES, ["cg1_TC21", "cg2_TC21"])
    error = refused(tmp_path, p)
    assert "`detection_p` names no probe of the betas" in str(error)
    assert error.expected == "probes such as cg000, cg001, cg002"
    assert error.found == "cg1_TC21, cg2_TC21"


@pytest.mark.parametrize(
    ("quantity", "value", "problem"),
    [
        ("detection_p", 1.5, "a detection p lies outside 0 to 1"),
        ("bead_count", -1.0, "a number of beads is negative"),
    ],
)
def test_a_value_that_cannot_be(tmp_path: Path, quantity: str, value: float, problem: str) -> None:
    values = np.zeros((20, 4))
    values[7, 2] = value
    p = matrix_file(tmp_path / "p.csv", values)
    error = refused(tmp_path, p, **{quantity: [p]})
    assert problem in str(error)
    assert error.line == 9
    assert "C" in str(error.column)


def test_a_file_that_holds_betas_too(tmp_path: Path) -> None:
    columns = [
        (f"{s}.{word}", np.full(20, 0.5))
        for s in SAMPLES
        for word in ("AVG_Beta", "Detection Pval")
    ]
    p = write(tmp_path / "p.txt", text_table(PROBES, columns))
    error = refused(tmp_path, p)
    assert "names a file that holds betas, too" in str(error)
    assert error.found == "betas with detection p"


def test_a_probe_twice(tmp_path: Path) -> None:
    p = matrix_file(tmp_path / "p.csv", np.zeros((2, 4)), SAMPLES, ["cg001", "cg001"])
    assert "stands twice" in str(refused(tmp_path, p))


class TestForgotten:
    """anna is M1 and M2, the first two columns."""

    NAMES = ("M1", "M2", "M3", "M5", "M6")

    @pytest.fixture
    def raw(self, tmp_path: Path) -> RawStudy:
        raw = RawStudy(tmp_path, assays=("methylation",))
        probes = [f"cg{n:03d}" for n in range(5)]
        p = np.arange(25).reshape(5, 5) / 1000
        files = []
        for name, columns in (("anna_p.csv", [0]), ("both_p.csv", [4, 1]), ("p.csv", [2, 3])):
            names = [self.NAMES[j] for j in columns]
            files.append(matrix_file(raw.raw / name, p[:, columns], names, probes))
        raw.options = {"methylation": {"detection_p": tuple(files)}}
        raw.ingest()
        return raw

    def of_p(self, raw: RawStudy) -> np.ndarray:
        entry = next(e for e in read_current(raw.home.lake) if e.part == "methylation:raw")
        return np.asarray(next(iter(read_matrix(raw.home.lake / entry.path)))[2])

    def test_a_file_that_was_the_subjects_alone_is_named_no_more(self, raw: RawStudy) -> None:
        whole = self.of_p(raw)
        files = {r["file"] for r in raw.table("ingested_file")}
        assert {"anna_p.csv", "both_p.csv", "p.csv"} <= files
        forget_subject(raw.home, "anna", raw.said.append)
        files = {r["file"] for r in raw.table("ingested_file")}
        assert files >= {"both_p.csv", "p.csv"}
        assert not any("anna" in name for name in files)
        for path in raw.home.lake.glob("*.parquet"):
            content = path.read_bytes()
            assert not [w for w in (b"anna", b'"M1"', b'"M2"') if w in content], path.name
        np.testing.assert_array_equal(self.of_p(raw), whole[:, 2:])

    def test_what_is_read_anew_is_the_same(self, raw: RawStudy) -> None:
        forget_subject(raw.home, "anna", raw.said.append)
        (entry,) = (e for e in read_current(raw.home.lake) if e.table_name == "matrix")
        dropped = (raw.home.lake / entry.path).read_bytes()
        assert raw.ingest().assays[0].was_in
        (raw.home.lake / entry.path).unlink()
        assert not raw.ingest().assays[0].was_in
        assert (raw.home.lake / entry.path).read_bytes() == dropped

    def test_a_changed_file_is_read_again(self, raw: RawStudy) -> None:
        assert raw.ingest().assays[0].was_in
        file = raw.raw / "p.csv"
        file.write_text(file.read_text().replace("0.002", "0.9"))
        assert not raw.ingest().assays[0].was_in
        assert self.of_p(raw)[0, 2] == 0.9
        roles = {(r["file"], r["status"]) for r in raw.table("ingested_file")}
        assert {("p.csv", "current"), ("p.csv", "replaced"), ("both_p.csv", "current")} <= roles


class TestUnsortedLate:
    """The writer sees only at a later chunk that the rows are not in order."""

    @pytest.mark.parametrize("late", [False, True])
    def test_the_file_is_read_again_and_sorted(
        self,
        tmp_path: Path,
        rng: np.random.Generator,
        monkeypatch: pytest.MonkeyPatch,
        late: bool,
    ) -> None:
        monkeypatch.setattr(matrix, "CHUNK_BYTES", 300)
        beta, p = rng.random((20, 2)), rng.random((20, 2))
        beta[2, 0] = np.nan
        order = np.arange(20)
        if late:
            order[[17, 18]] = [18, 17]
        columns = [
            (f"{s}.{word}", values[order, j])
            for j, s in enumerate("AB")
            for word, values in (("AVG_Beta", beta), ("Detection Pval", p))
        ]
        text = text_table([PROBES[i] for i in order], columns)
        assert len(text) > 5 * 300
        report, ids, found = ingested(tmp_path, [write(tmp_path / "b.txt", text)])
        assert ids == report.features["feature_id"].to_pylist() == PROBES
        np.testing.assert_array_equal(found["values"], beta)
        np.testing.assert_array_equal(found["detection_p"], p)
        # nothing is counted twice
        assert report.notes == ("b.txt: no value in 1 of 40 cells, kept as null",)
        assert [(f.rows, f.columns) for f in report.files] == [(20, 2)]

    def test_a_fault_behind_the_unsorted_row_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(matrix, "CHUNK_BYTES", 40)
        rows = "".join(f"{name},0.5\n" for name in (PROBES[1], PROBES[0], *PROBES[2:]))
        file = write(tmp_path / "b.csv", f"probe,A\n{rows}{PROBES[5]},0.1\n")
        with pytest.raises(IngestError, match="stands twice") as caught:
            ingested(tmp_path, [file])
        assert caught.value.line == 22
        assert list((tmp_path / "lake").iterdir()) == []
