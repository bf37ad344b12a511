"""Ids with a name behind them, versions, and genes that Excel made dates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.matrix.assay_headers import read_headers
from ingest.matrix.gene_ids import gene_ids
from ingest.matrix.lake_matrix import MatrixReport, ingest_matrix
from ingest.matrix.paired_ids import has_pairs, number_pattern, split_pairs
from ingest.plan import _reader_version
from ingest.read.genes.gene_reference import read_genes
from ingest.read.text.excel_dates import former_names, month_and_day
from ingest.reference.gene_lookup import GeneLookup

REFERENCE = (
    "symbol,ensembl,entrez\nSEPTIN2,ENSG00000168385,4735\nSEPTIN7,ENSG00000122545,989\n"
    "MARCHF1,ENSG00000145416,55016\nMTARC1,ENSG00000186205,64757\nDELEC1,ENSG00000173077,50514\n"
    "SELENOF,ENSG00000183291,9403\nTP53,ENSG00000141510,7157\n"
)


@pytest.fixture
def lookup(tmp_path: Path) -> GeneLookup:
    file = tmp_path / "reference.csv"
    file.write_text(REFERENCE)
    return GeneLookup(read_genes([file]).aliases)


def ingest(
    folder: Path, rows: list[str], lookup: GeneLookup | None = None, head: str = "gene", **read: Any
) -> MatrixReport:
    file = folder / "counts.tsv"
    values = [f"{row}\t{10 * i + 1}\t{10 * i + 2}" for i, row in enumerate(rows)]
    file.write_text("\n".join([f"{head}\tS1\tS2", *values]) + "\n")
    assay = Assay(kind="counts", files=(file,), read=read)
    target = folder / "matrix.parquet"
    return ingest_matrix("rna", assay, read_headers(assay), target, lookup=lookup)


def features(report: MatrixReport) -> dict[str, str | None]:
    return dict(zip(*(report.features[c].to_pylist() for c in ("feature_id", "gene_name")),
                    strict=True))  # fmt: skip


A, B = "ENSG00000141510", "ENSG00000012048"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"{A}.18_TP53", f"{B}.23_BRCA1"), (f"{A}|TP53", f"{B}|BRCA1"),
        (f"{A}.18|TP53|protein_coding", f"{B}.1|BRCA1|protein_coding"),
        (f"TP53|{A}.18", f"BRCA1|{B}"), (f"TP53_{A}", f"BRCA1_{B}.2"),
        (f"{A};TP53", f"{B};BRCA1"), (f"{A}:TP53", f"{B}:BRCA1"), (f"{A}.TP53", f"{B}.4.BRCA1"),
        (f"{A} (TP53)", f"{B} (BRCA1)"), (f"{A}-TP53", f"{B}-BRCA1"), (f"TP53.{A}", f"BRCA1.{B}.2"),
        (f"{A}.1|ENST00000269305.9|OTTHUMG00000162125.10|TP53|protein_coding|", f"{B}.1|{B}|BRCA1"),
        (f"{A}.18_TP53_protein_coding", f"{B}_BRCA1_transcribed_unprocessed_pseudogene"),
    ],
)  # fmt: skip
def test_an_id_and_a_name(tmp_path: Path, first: str, second: str) -> None:
    report = ingest(tmp_path, [first, second], strip_version=True)
    assert features(report) == {A: "TP53", B: "BRCA1"}
    assert "2 of 2 ids are an id and a name" in report.notes[0]


def test_tcga(tmp_path: Path) -> None:
    report = ingest(tmp_path, ["?|100130426", "TP53|7157", "SLC35E2|728661", "SLC35E2|9906"])
    assert features(report) == {
        "100130426": None, "7157": "TP53", "728661": "SLC35E2", "9906": "SLC35E2",
    }  # fmt: skip
    summed = ingest(tmp_path, ["SLC35E2|728661", "SLC35E2|9906"], sum_by="gene_name")
    assert features(summed) == {"SLC35E2": "SLC35E2"}


@pytest.mark.parametrize("written", ["gene-{}", "{}.0"])
def test_what_ncbi_and_data_frames_put_around_an_id(tmp_path: Path, written: str) -> None:
    ids = ["7157", "672"]
    report = ingest(tmp_path, [written.format(one) for one in ids])
    assert features(report) == dict.fromkeys(sorted(ids))


def test_what_is_no_pair_stays(tmp_path: Path) -> None:
    rows = [f"{A}.18", f"{B}_PAR_Y", f"{B}.4_PAR_Y", "HLA-A|B", "MT-ND1", "HLA_DRB1", "A|1"]
    ids, names, pairs = split_pairs(pa.array(rows), number_pattern(pa.array(rows)))
    assert (ids.to_pylist(), names.null_count, pairs) == (rows, len(rows), 0)
    report = ingest(tmp_path, [f"{B}.4_PAR_Y_PLCXD1", f"{B}.4_PLCXD1", f"{A}_"])
    assert features(report) == {f"{B}.4_PAR_Y": "PLCXD1", f"{B}.4": "PLCXD1", A: None}
    assert "the versions stay" in report.notes[0]


def test_a_name_column_counts_more(tmp_path: Path) -> None:
    report = ingest(tmp_path, [f"{A}_P53\tTP53", f"{B}_BRCA1\tNA"], head="gene_id\tgene_name")
    assert features(report) == {A: "TP53", B: "BRCA1"}


def test_versions_that_were_not_there(tmp_path: Path) -> None:
    report = ingest(tmp_path, [A, B], strip_version=True)
    assert "strip_version changed none of 2 ids" in report.notes[0]
    assert not ingest(tmp_path, [f"{A}.1", B], strip_version=True).notes


def test_only_files_with_pairs_are_another_reading(tmp_path: Path) -> None:
    """A matrix of plain ids that is in a lake is not read anew."""
    for rows, paired in (([A, B], False), ([f"{A}_TP53", B], True), (["TP53|7157"], True)):
        ingest(tmp_path, rows)
        assay = Assay(kind="counts", files=(tmp_path / "counts.tsv",))
        headers = read_headers(assay)
        assert has_pairs(headers.values[0]) is paired
        assert ("pairs" in _reader_version(assay, headers)) is paired


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("2-Sep", [(9, 2)]), ("02-sep", [(9, 2)]), ("2. Sep", [(9, 2)]), ("1. Mrz", [(3, 1)]),
        ("01-mars", [(3, 1)]), ("1-déc", [(12, 1)]), ("1-dic", [(12, 1)]), ("2-set", [(9, 2)]),
        ("2-Sep-21", [(9, 2)]), ("2021-09-02", [(9, 2)]), ("2021-09-02 00:00:00", [(9, 2)]),
        ("2021-09-02T00:00:00", [(9, 2)]), ("2/9/2021", [(2, 9), (9, 2)]),
        ("02.09.2021", [(9, 2)]), ("44441", [(9, 2)]), ("44256", [(3, 1)]), ("Sep-21", []),
        ("TP53", []), ("1-2", []),
    ],
)  # fmt: skip
def test_dates(text: str, dates: list[tuple[int, int]]) -> None:
    assert list(month_and_day(text)) == dates
    if dates == [(9, 2)]:
        assert former_names(text) == ["SEPT2", "Sept2", "SEP2", "Sep2"]


@pytest.mark.parametrize(
    ("date", "gene"),
    [("2-Sep", "SEPTIN2"), ("44441", "SEPTIN2"), ("2021-09-02", "SEPTIN2"), ("2/9/2021", "SEPTIN2"),
     ("1. Dez", "DELEC1"), ("15-Sep", "SELENOF"), ("7-Sep", "SEPTIN7")],
)  # fmt: skip
def test_a_date_that_means_one_gene_is_mended(
    tmp_path: Path, lookup: GeneLookup, date: str, gene: str
) -> None:
    report = ingest(tmp_path, ["TP53", date, "ZZZ"], lookup)
    assert features(report) == {"TP53": None, gene: None, "ZZZ": None}
    assert f"{date} is {gene}" in report.notes[0]
    named = ingest(tmp_path, ["TP53", date], lookup, head="Symbol")
    assert features(named) == {"TP53": "TP53", gene: gene}


@pytest.mark.parametrize(
    ("rows", "may"),
    [
        (["TP53", "1-Mar"], "MARCHF1 or MTARC1"),
        (["2-Sep", "SEPTIN2"], ""), (["SEPT2", "2-Sep"], ""),
        (["2-Sep", "44441", "TP53"], ""), (["2-Sep", "TP53", "2-Sep"], ""), (["TP53", "9-Sep"], ""),
    ],
)  # fmt: skip
def test_other_dates_are_not(tmp_path: Path, lookup: GeneLookup, rows: list[str], may: str) -> None:
    with pytest.raises(IngestError, match="Excel turned the name") as caught:
        ingest(tmp_path, rows, lookup)
    assert may in str(caught.value.found)
    assert "excel_dates: drop" in str(caught.value.hint)


def test_what_is_there_helps(tmp_path: Path, lookup: GeneLookup) -> None:
    report = ingest(tmp_path, ["1-Mar", "MARC1"], lookup)
    assert set(features(report)) == {"MARCHF1", "MARC1"}
    report = ingest(tmp_path, ["ENSG00000145416\t1-Mar", "ENSG00000186205\t1-Mar", "ENSG0\tX"],
                    lookup, head="gene_id\tgene_name")  # fmt: skip
    assert list(features(report).values()) == ["X", "MARCHF1", "MTARC1"]


ROWS = ["TP53", "1-Mar", "2-Sep", "BRCA1", "1-Mar", "44441"]


def test_all_are_counted_with_the_first_line(tmp_path: Path) -> None:
    with pytest.raises(IngestError) as caught:
        ingest(tmp_path, ROWS)
    assert caught.value.problem == "Excel turned the names of 4 genes into dates"
    assert (caught.value.line, caught.value.column) == (3, 1)
    assert caught.value.found == "`1-Mar`, `2-Sep`, `44441`"
    assert "reference: {genes: FILE}" in str(caught.value.hint)


def test_rows_left_out(tmp_path: Path) -> None:
    report = ingest(tmp_path, ROWS, excel_dates="drop")
    assert set(features(report)) == {"TP53", "BRCA1"}
    assert report.rows == 2
    assert "4 rows left out" in report.notes[0]
    with pytest.raises(IngestError) as caught:  # lines of what follows are still right
        ingest(tmp_path, [*ROWS, ""], excel_dates="drop")
    assert caught.value.line == 8


def test_rows_kept(tmp_path: Path) -> None:
    report = ingest(tmp_path, ROWS, excel_dates="keep")
    assert set(features(report)) == {*ROWS, "1-Mar.1"}
    assert "the second of a date is called 1-Mar.1" in report.notes[0]
    summed = ingest(tmp_path, ROWS, head="Symbol", excel_dates="keep", sum_by="gene_name")
    assert summed.rows == 6


def test_names_beside_ids(tmp_path: Path) -> None:
    rows = [f"{A}\t1-Mar", f"{B}\tBRCA1"]
    head = "gene_id\tgene_name"
    with pytest.raises(IngestError, match="into a date"):
        ingest(tmp_path, rows, head=head)
    assert features(ingest(tmp_path, rows, head=head, excel_dates="drop")) == {A: None, B: "BRCA1"}
    assert features(ingest(tmp_path, rows, head=head, excel_dates="keep"))[A] == "1-Mar"


def test_numbers_are_no_days_where_ids_are_numbers(tmp_path: Path) -> None:
    assert set(features(ingest(tmp_path, ["44441", "7157", "672"]))) == {"44441", "7157", "672"}


def test_a_file_without_dates_is_read_once(tmp_path: Path) -> None:
    ingest(tmp_path, [A, B])
    assay = Assay(kind="counts", files=(tmp_path / "counts.tsv",))
    header = read_headers(assay).values[0]
    named = gene_ids(header, assay)
    first = next(iter(named._read()))
    times = []
    named._read = lambda: times.append(1) or iter([first])  # type: ignore[func-returns-value]
    assert sum(len(block.values) for block in named.blocks()) == 2
    assert len(times) == 1
