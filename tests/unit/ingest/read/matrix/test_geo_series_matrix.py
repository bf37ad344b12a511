"""The table inside a GEO series matrix."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from cohortmart.core.errors import IngestError
from ingest.read.formats import read_header
from tests.support.matrix_files import assay, ingested, write

HEAD = (
    '!Series_title\t"A study, of cells"\n!Series_geo_accession\t"GSE1"\n\n'
    '!Sample_title\t"a"\t"b"\n!Sample_geo_accession\t"GSM1"\t"GSM2"\n'
)
TABLE = (
    '!series_matrix_table_begin\n"ID_REF"\t"GSM1"\t"GSM2"\n'
    '"cg00000029"\t0.1\t\n"cg00000108"\tnull\t1\n'
)
END = "!series_matrix_table_end\n"
BETA = assay("beta")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("after", ["", "\n", "\n\n"])
def test_the_table_is_read(tmp_path: Path, line_end: str, after: str) -> None:
    text = (HEAD + TABLE + END + after).replace("\n", line_end)
    path = write(tmp_path / "x.txt", gzip.compress(text.encode()))
    report, ids, values = ingested(path, BETA)
    assert (report.samples, ids) == (("GSM1", "GSM2"), ["cg00000029", "cg00000108"])
    np.testing.assert_array_equal(values, [[0.1, np.nan], [np.nan, 1.0]])
    assert report.files[0].format == "geo_series_matrix+gzip"
    assert (report.files[0].rows, report.files[0].columns) == (2, 2)


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "x.txt", HEAD + TABLE.replace("null", "1.5") + END)
    with pytest.raises(IngestError, match="outside 0 to 1") as caught:
        ingested(path, BETA)
    assert (caught.value.line, caught.value.column) == (9, "GSM1 (field 2)")
    header = read_header(path, BETA)
    assert header.header_line == 7
    assert header.header_place(1) == (7, 3)


def test_of_rna_seq_there_are_no_values(tmp_path: Path) -> None:
    empty = TABLE[: TABLE.index('"cg')]
    for kind in ("counts", "beta"):
        path = write(tmp_path / "x.txt", HEAD + empty + END)
        with pytest.raises(IngestError, match="holds no values") as caught:
            ingested(path, assay(kind))
        assert caught.value.line == 8
        assert "supplementary" in str(caught.value.hint)
        assert "`samples`" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        (HEAD, "no table", 5),
        (HEAD + TABLE, "does not end", 10),
        (HEAD + TABLE[: TABLE.index('"cg')], "holds no values", 8),
        (HEAD + "!series_matrix_table_begin\n" + END, "empty table", 7),
        (HEAD + '!series_matrix_table_begin\n"ID_REF"\n"cg1"\n' + END, "no sample columns", 7),
        (HEAD + TABLE + '"cg3"\t0.5\n' + END, "too few fields", 10),
    ],
)
def test_what_is_cut_off_is_an_error(tmp_path: Path, text: str, problem: str, line: int) -> None:
    with pytest.raises(IngestError, match=problem) as caught:
        ingested(write(tmp_path / "x.txt", text), BETA)
    assert caught.value.line == line
