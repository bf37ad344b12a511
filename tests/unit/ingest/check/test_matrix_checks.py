"""Each fault of a matrix is one error that names line, column, expected, found and a way out."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.check.matrix import check_header
from ingest.read.formats import read_header
from ingest.read.matrix import text_matrix as matrix
from tests.support.matrix_files import assay, ingest_files, ingested, write

BETA = assay("beta")
COUNTS = assay("counts")


def refused(folder: Path, text: str | bytes, options: Assay) -> IngestError:
    """The error for one matrix; neither a lake file nor scratch may be left behind."""
    path = write(folder / "matrix.csv", text)
    target = folder / "lake" / "matrix.parquet"
    with pytest.raises(IngestError) as caught:
        ingest_files("rna", options, [path], target)
    assert not target.parent.exists() or list(target.parent.iterdir()) == []
    assert caught.value.file == path
    assert str(path) in str(caught.value)
    return caught.value


CELLS: list[tuple[str, Assay, int, str, str, str]] = [
    # third row, assay, line, column, words of the message, words of the hint
    ("g3,1,x", COUNTS, 4, "B (field 3)", "not a number", ""),
    ("g3,-1,2", COUNTS, 4, "A (field 2)", "negative", "logarithms"),
    ("g3,1,NA", COUNTS, 4, "B (field 3)", "missing", "write 0"),
    ("g3,1,", COUNTS, 4, "B (field 3)", "missing", "write 0"),
    ("g3,inf,2", COUNTS, 4, "A (field 2)", "infinite", "the count itself"),
    ("g3,1e999,2", COUNTS, 4, "A (field 2)", "infinite", ""),
    ("g3,0.5,-Inf", BETA, 4, "B (field 3)", "infinite", "NA"),
    ("g3,0.5,1.0500001", BETA, 4, "B (field 3)", "outside 0 to 1", ""),
    ("g3,-0.1,0.5", BETA, 4, "A (field 2)", "outside 0 to 1", ""),
    ("g3,-2.5,3.5", BETA, 4, "A (field 2)", "outside 0 to 1", "M values"),
    ('g3,1,"12,5"', COUNTS, 4, "B (field 3)", "not a number", "decimal comma"),
    ('g3,1,"1,234"', COUNTS, 4, "B (field 3)", "not a number", "thousands"),
    ('g3,1,"1,234,567"', COUNTS, 4, "B (field 3)", "not a number", "thousands"),
    ("g3,1,1-Mar", COUNTS, 4, "B (field 3)", "not a number", "date"),
    ("g3,1,#DIV/0!", COUNTS, 4, "B (field 3)", "not a number", "Excel"),
    ("g3,1,50%", BETA, 4, "B (field 3)", "not a number", "percent"),
    ("g3,1,NULL", COUNTS, 4, "B (field 3)", "not a number", "NA"),
    ("g3,1,0x1A", COUNTS, 4, "B (field 3)", "not a number", "hexadecimal"),
    ("g3,0.5,-0X1.8p-3", BETA, 4, "B (field 3)", "not a number", "hexadecimal"),
    ("g3,1,1_000", COUNTS, 4, "B (field 3)", "not a number", ""),
    ("g3,1", COUNTS, 4, "", "too few fields", ""),
    ("g3,1,2,3", COUNTS, 4, "", "too many fields", "decimal commas"),
    ("", COUNTS, 4, "1", "no feature id", "blank"),
    (",1,2", COUNTS, 4, "1", "no feature id", ""),
    ("NA,1,2", COUNTS, 4, "1", "no feature id", ""),
    ("1-Mar,1,2", COUNTS, 4, "1", "into a date", "without opening it in Excel"),
    ("2-Sep,1,2", COUNTS, 4, "1", "into a date", "without opening it in Excel"),
    ("Dec-01,1,2", COUNTS, 4, "1", "into a date", "without opening it in Excel"),
    ("2024-01-02,1,2", COUNTS, 4, "1", "into a date", "without opening it in Excel"),
    ("2024-01-02 00:00:00,1,2", COUNTS, 4, "1", "into a date", "without opening it in Excel"),
    ("2.31E+19,1,2", COUNTS, 4, "1", "into a number", "without opening it in Excel"),
    ("g1,1,2", COUNTS, 4, "1", "stands twice", "sum_by"),
    ("g1,0.1,0.2", BETA, 4, "1", "stands twice", "keep one row"),
    ("g3,\r1,2", COUNTS, 4, "", "carriage return", "remove"),
]


@pytest.mark.parametrize(("row", "options", "line", "column", "problem", "hint"), CELLS)
def test_a_bad_row_is_named(
    tmp_path: Path, row: str, options: Assay, line: int, column: str, problem: str, hint: str
) -> None:
    error = refused(tmp_path, f"g,A,B\ng1,0.1,0.2\ng2,0.3,0.4\n{row}\ng4,0,0\n", options)
    assert problem in error.problem
    assert error.line == line
    assert column == ("" if error.column is None else str(error.column))
    assert hint in (error.hint or "")
    assert error.expected
    if problem == "stands twice":
        assert "lines 2 and 4" in str(error.found)


def test_percents_are_recognised(tmp_path: Path) -> None:
    error = refused(tmp_path, "g,A,B\ng1,80,90\ng2,0.5,70\n", BETA)
    assert error.line == 2
    assert "divide them by 100" in str(error.hint)


@pytest.mark.parametrize("value", ["inf", "NULL", "-", "NA", ""])
def test_no_hint_says_to_write_what_counts_cannot_have(tmp_path: Path, value: str) -> None:
    hint = str(refused(tmp_path, f"g,A,B\ng1,{value},2\n", COUNTS).hint)
    assert "write NA" not in hint


def test_found_text_is_shown(tmp_path: Path) -> None:
    assert refused(tmp_path, "g,A\ng1,12;5\n", COUNTS).found == "`12;5`"
    assert refused(tmp_path, "g,A\ng1,-0.25\n", COUNTS).found == "-0.25"
    assert "3: g1,1,2" in str(refused(tmp_path, "g,A\ng0,1\ng1,1,2\n", COUNTS).found)


@pytest.mark.parametrize("kind", ["few", "many", "text"])
@pytest.mark.parametrize("row", [0, 700, 1999])
def test_the_first_fault_wins_in_a_large_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, row: int
) -> None:
    """Arrow parses in pieces and in parallel; the line must be right nevertheless."""
    monkeypatch.setattr(matrix, "CHUNK_BYTES", 2 << 20)  # holds two of Arrow's own blocks
    n_samples = 200  # so that 3,000 rows are 3 MB
    good = ",".join(["0.25"] * n_samples)
    lines = [f"g{i},{good}" for i in range(3000)]
    bad = {"few": f"g{row},1", "many": f"g{row},{good},1", "text": f"g{row},{good[:-4]}oops"}[kind]
    lines[row] = bad
    lines[row + 500] = "late,1"
    lines[row + 501] = lines[row + 501].replace("0.25", "later", 1)
    header = ",".join(["g", *(f"S{j}" for j in range(n_samples))])
    error = refused(tmp_path, "\n".join([header, *lines]) + "\n", BETA)
    # A first row with one field too many is R's missing corner cell, so the next row is at fault.
    expected = 3 if (kind, row) == ("many", 0) else row + 2
    assert error.line == expected
    if kind == "text":
        assert error.column == f"S{n_samples - 1} (field {n_samples + 1})"
        assert error.found == "`oops`"


def test_a_bad_cell_behind_skipped_rows_has_its_own_line(tmp_path: Path) -> None:
    """Two faults: the earlier one is told, whichever kind it is."""
    cell = refused(tmp_path, "g,A,B\na,1,2\nb,x,2\nc,1\n", COUNTS)
    assert (cell.line, cell.found) == (3, "`x`")
    length = refused(tmp_path, "g,A,B\na,1,2\nb,1\nc,x,2\n", COUNTS)
    assert (length.line, length.problem) == (3, "the row has too few fields")


def test_a_carriage_return_that_makes_two_good_rows_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, "g,A\ng1,1\ng2,2\rg3,3\n", COUNTS)
    assert "carriage return" in error.problem
    assert error.line == 3


@pytest.mark.parametrize(("earlier", "row"), [(0, 1), (0, 2), (0, 499), (498, 499), (250, 251)])
def test_duplicates_are_found_wherever_they_stand(tmp_path: Path, earlier: int, row: int) -> None:
    ids = [f"g{i}" for i in range(500)]
    ids[row] = ids[earlier]
    error = refused(tmp_path, "g,A\n" + "".join(f"{i},1\n" for i in ids), COUNTS)
    assert error.line == row + 2
    assert f"lines {earlier + 2} and {row + 2}" in str(error.found)


def test_truncated_plain_text_is_called_truncated(tmp_path: Path) -> None:
    error = refused(tmp_path, "g,A,B\ng1,1,2\ng2,1", COUNTS)
    assert "truncated" in error.problem
    assert error.line == 3


def test_truncated_gzip_leaves_nothing(tmp_path: Path, rng: np.random.Generator) -> None:
    text = "g,A,B\n" + "".join(f"g{i},{v},1\n" for i, v in enumerate(rng.random(5000)))
    assert "truncated" in refused(tmp_path, gzip.compress(text.encode())[:-20], COUNTS).problem


def test_non_utf8_deep_in_the_file_is_named(tmp_path: Path) -> None:
    text = b"g,A\n" + b"".join(b"g%d,1\n" % i for i in range(400_000)) + b"\xe9,1\n"
    error = refused(tmp_path, text, COUNTS)
    assert error.line == 400_002
    assert f"byte offset {len(text) - 4}" in str(error.found)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("g,A,B\n", "no data rows"),
        ("g,A,B", "no data rows"),
        ("g,A,B\n\n\n", "no data rows"),
        ("g\ng1\n", "no sample columns"),
        ("g A B\ng1 1 2\n", "no sample columns"),
        ("gene_id,gene_name\nE1,TP53\n", "no column of the matrix is a sample"),
        ("g,A,A\ng1,1,2\n", "stands twice"),
        ("g,A,\ng1,1,2\n", "blank sample name"),
        ('g,A,"B\ng1,1,2\n', "quote"),
        ("\n\n", "no data rows"),
    ],
)
def test_bad_headers(tmp_path: Path, text: str, problem: str) -> None:
    error = refused(tmp_path, text, COUNTS)
    assert problem in error.problem
    assert error.line is not None


def test_samples_that_differ_only_by_the_suffix_are_duplicates(tmp_path: Path) -> None:
    options = assay(strip_suffix="_R1")
    header = read_header(write(tmp_path / "x.csv", "g,A,B,A_R1\ng1,1,2,3\n"), options)
    with pytest.raises(IngestError, match="stands twice") as caught:
        check_header(header)
    assert caught.value.column == 4
    assert "fields 2 and 4" in str(caught.value.found)
    assert "A_R1" in str(caught.value.found)


def test_a_column_of_annotation_is_recognised(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "Geneid,Chr,A\ng1,chr1,2\n")
    report, _, values = ingested(path, COUNTS)
    assert (report.samples, values.tolist()) == (("A",), [[2.0]])
    assert report.notes == ("x.csv: passed over 1 column about the features: Chr",)


def test_versions_that_collide_suggest_summing(tmp_path: Path) -> None:
    text = "g,A,B\nENSG00000141510.18,1,2\nENSG00000141511.1,1,2\nENSG00000141510.17,1,2\n"
    error = refused(tmp_path, text, assay(strip_version=True))
    assert (error.line, error.column) == (4, 1)
    assert "sum_by: gene_name" in str(error.hint)
    assert "version" in str(error.hint)


def notes(folder: Path, text: str, options: Assay) -> str:
    return "\n".join(ingested(write(folder / "m.csv", text), options)[0].notes)


def test_notes_say_what_is_odd_but_allowed(tmp_path: Path) -> None:
    missing = notes(tmp_path, "g,A,B,C\ng1,NA,0.5,\ng2,NA,0.5,0.5\n", BETA)
    assert "no value in 3 of 6 cells, kept as null" in missing
    assert "no value at all in A" in missing
    assert "no count above 0 in A" in notes(tmp_path, "g,A,B\ng1,0,1\ng2,0,2\n", COUNTS)
    assert "TPM" in notes(tmp_path, "g,A,B\ng1,999999.5,1000000\ng2,0.5,0\n", COUNTS)
    assert notes(tmp_path, "g,A,B\ng1,5,1\ng2,1,2\n", COUNTS) == ""


def test_an_error_leaves_the_old_matrix_as_it_was(tmp_path: Path) -> None:
    good = write(tmp_path / "good.csv", "g,A\ng1,1\n")
    bad = write(tmp_path / "bad.csv", "g,A\ng1,1\ng1,2\n")
    target = tmp_path / "lake" / "m.parquet"
    ingest_files("rna", COUNTS, [good], target)
    before = target.read_bytes()
    with pytest.raises(IngestError):
        ingest_files("rna", COUNTS, [bad], target)
    assert target.read_bytes() == before
    assert [p.name for p in target.parent.iterdir()] == ["m.parquet"]


def test_only_counts_are_summed(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "g,A\ng1,0.5\n")
    options: Any = assay("beta", sum_by="gene_name")
    with pytest.raises(IngestError, match="only counts"):
        ingest_files("m", options, [path], tmp_path / "m.parquet")
