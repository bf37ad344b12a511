"""Spellings that stop a matrix elsewhere: missing values, decimal commas, thousands, betas at 0."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cohortmart.core.errors import IngestError
from ingest.check.matrix import BETA_TOLERANCE
from ingest.read.matrix import text_matrix
from tests.support.matrix_files import assay, ingested, write

BETA, COUNTS = assay("beta"), assay("counts")
CPGS = "cg00000029\tcg00000108\tcg00000109"


@pytest.mark.parametrize(
    "word",
    ["-", "--", ".", "NULL", "null", "None", "<NA>", "#N/A", "n/a", "N/A", "na", "NaN", "", " NA "],
)
@pytest.mark.parametrize("turned", [False, True])
def test_every_spelling_of_missing_is_null_in_betas(
    tmp_path: Path, word: str, turned: bool
) -> None:
    text = f"id\tA\tB\ncg00000029\t0.5\t{word}\ncg00000108\t{word}\t0.25\n"
    if turned:
        text = f"id\tcg00000029\tcg00000108\nA\t0.5\t{word}\nB\t{word}\t0.25\n"
    _, ids, values = ingested(write(tmp_path / "x.tsv", text), BETA)
    assert ids == ["cg00000029", "cg00000108"]
    np.testing.assert_array_equal(values, [[0.5, np.nan], [np.nan, 0.25]])


@pytest.mark.parametrize("word", ["-", ".", "NULL", "#N/A"])
def test_a_count_cannot_be_missing_however_it_is_spelt(tmp_path: Path, word: str) -> None:
    path = write(tmp_path / "x.tsv", f"id\tA\tB\ng1\t5\t{word}\n")
    with pytest.raises(IngestError, match="not a number") as caught:
        ingested(path, COUNTS)
    assert "a count cannot be missing" in str(caught.value.hint)


def test_betas_a_hair_outside_are_clipped_counted_and_told(tmp_path: Path) -> None:
    text = "id,A,B\ncg1,-0.031,0.5\ncg2,1.0000001,NA\ncg3,0,1.05\n"
    report, _, values = ingested(write(tmp_path / "x.csv", text), BETA)
    np.testing.assert_array_equal(values, [[0, 0.5], [1, np.nan], [0, 1]])
    assert "x.csv: 3 betas a hair outside 0 to 1 (-0.031 to 1.05) set to 0 or 1" in report.notes


@pytest.mark.parametrize("value", [-BETA_TOLERANCE - 1e-9, 1 + BETA_TOLERANCE + 1e-9])
def test_betas_further_outside_are_refused(tmp_path: Path, value: float) -> None:
    path = write(tmp_path / "x.csv", f"id,A,B\ncg1,-0.01,0.5\ncg2,0.5,{value!r}\n")
    with pytest.raises(IngestError, match="outside 0 to 1") as caught:
        ingested(path, BETA)
    assert (caught.value.line, caught.value.column) == (3, "B (field 3)")


STYLES = {
    "csv2": ("id;A;B\ncg1;0,25;1\ncg2;0;2,5e-1\n", BETA, [[0.25, 1], [0, 0.25]], "decimal commas"),
    "tabs": ("id\tA\tB\ncg1\t0,25\t1\ncg2\tNA\t,5\n", BETA, [[0.25, 1], [np.nan, 0.5]], "decimal"),
    "three decimals": ("id;A;B\ncg1;0,125;1,000\ncg2;0;0,250\n", BETA, [[0.125, 1], [0, 0.25]],
                       "decimal commas"),
    "ones": ("id;A;B\ncg1;1,000;1\ncg2;0;1,000\n", BETA, [[1, 1], [0, 1]], "decimal commas"),
    "salmon": ("id;A;B\ng1;12,5;1\ng2;1,234;0\n", COUNTS, [[12.5, 1], [1.234, 0]], "decimal"),
    "thousands": ("id\tA\tB\ng1\t1,234\t7\ng2\t12\t1,234,567\n", COUNTS,
                  [[1234, 7], [12, 1234567]], "thousands"),
    "one thousand": ("id\tA\tB\ng1\t1,234\t7\ng2\t12\t999\n", COUNTS, [[1234, 7], [12, 999]],
                     "thousands"),
    "quoted": ('id\tA\tB\ng1\t"1,234"\t7\ng2\t"12"\t9\n', COUNTS, [[1234, 7], [12, 9]],
               "thousands"),
    "both": ("id\tA\tB\ng1\t1,234\t7.5\ng2\t12\t9\n", COUNTS, [[1234, 7.5], [12, 9]], "thousands"),
    "blanks": ("id;A;B\ng1;1 234;7\ng2;12;1\u00a0234\u202f567\n", COUNTS,
               [[1234, 7], [12, 1234567]], "thousands"),
    "Switzerland": ("id;A;B\ng1;1'234.5;7\ng2;12;9\n", COUNTS, [[1234.5, 7], [12, 9]], "thousands"),
    "France": ("id;A;B\ng1;1 234,5;7,5\ng2;12;9,5\n", COUNTS, [[1234.5, 7.5], [12, 9.5]],
               "decimal commas and thousands"),
}  # fmt: skip


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("chunk", [1, 1 << 20])
def test_numbers_that_are_beyond_doubt_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, chunk: int
) -> None:
    text, options, values, said = STYLES[name]
    monkeypatch.setattr(text_matrix, "CHUNK_BYTES", chunk)
    report, _, found = ingested(write(tmp_path / "x", text), options)
    np.testing.assert_array_equal(found, values)
    assert any("read as such" in note and said in note for note in report.notes)


def test_samples_in_rows_may_have_decimal_commas(tmp_path: Path) -> None:
    text = f"id\t{CPGS}\nA\t0,25\t1\t0\nB\t0\t0,5\tNA\n"
    report, _, values = ingested(write(tmp_path / "x", text), BETA)
    np.testing.assert_array_equal(values, [[0.25, 0], [1, 0.5], [0, np.nan]])
    assert "x: numbers with decimal commas read as such" in report.notes


OPEN = [
    # text, assay, line, column, words of the hint
    ("id\tA\tB\ng1\t1,234\t5678\n", COUNTS, 2, "A (field 2)", "or the comma is a decimal comma"),
    ("id;A;B\ncg1;0,5;0\ncg2;0.5;0,25\n", BETA, 2, "A (field 2)", "decimal comma"),
    ("id;A;B\ng1;12,5;1,234,567\n", COUNTS, 2, "A (field 2)", "decimal comma"),
    ("id;A;B\ncg1;0,5;0\n", BETA, 2, "A (field 2)", "decimal comma"),
    ("id;A;B\ng1;1.234.567;1\n", COUNTS, 2, "A (field 2)", "set apart by points"),
    ('id,A,B\ng1,"1,234",1\n', COUNTS, 2, "A (field 2)", "thousands are set apart"),
    ('id,A,B\ncg1,"0,5","0,25"\n', BETA, 2, "A (field 2)", "decimal comma"),
    ("id;A;B\ncg1;0,25;0,5\ncg2;0,5;x\n", BETA, 3, "B (field 3)", None),
    ("id;A;B\ncg1;0,25;0,5\ncg2;0,5\n", BETA, 3, None, None),
]


@pytest.mark.parametrize(("text", "options", "line", "column", "hint"), OPEN)
def test_numbers_that_are_open_are_named(
    tmp_path: Path, text: str, options: object, line: int, column: str | None, hint: str | None
) -> None:
    with pytest.raises(IngestError) as caught:
        ingested(write(tmp_path / "x", text), options)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert hint is None or hint in str(caught.value.hint)


def test_a_point_in_an_earlier_chunk_forbids_decimal_commas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_matrix, "CHUNK_BYTES", 16)
    path = write(tmp_path / "x", "id;A;B\ncg1;0.5;0.25\ncg2;0,5;0,25\n")
    with pytest.raises(IngestError, match="not a number") as caught:
        ingested(path, BETA)
    assert caught.value.line == 3


@pytest.mark.parametrize("head", ["id;A;B", "A;B", "id;A;B;C"])
def test_a_header_above_decimal_commas_is_no_title(tmp_path: Path, head: str) -> None:
    n = len(head.replace("id;", "").split(";"))
    rows = [f"cg0000002{i}" + ";0,25" * n for i in range(3)]
    text = "\n".join([head, *rows]) + "\n"
    _, ids, values = ingested(write(tmp_path / "x.csv", text), BETA)
    assert len(ids) == 3
    np.testing.assert_array_equal(values, np.full((3, n), 0.25))
