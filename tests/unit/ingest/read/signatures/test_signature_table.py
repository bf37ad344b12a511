"""Published tables as limma, edgeR, DESeq2 and others write them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from scipy import stats

from cohortmart.core.errors import IngestError
from cohortmart.core.study.signature_records import SignatureFile
from ingest.read.signatures.signature_table import SignatureTable, read_signature

LIMMA = (
    '"","logFC","AveExpr","t","P.Value","adj.P.Val","B"\n'
    '"TP53",1.5,6.1,5.5,1e-5,0.002,3.1\n'
    '"IL2",-0.25,4,-1.25,0.21,0.4,-5\n'
)
EDGER = "logFC\tlogCPM\tF\tPValue\tFDR\nENSG00000141510\t1.5\t6\t30\t1e-5\t0.002\n"
DESEQ2 = (
    ",baseMean,log2FoldChange,lfcSE,stat,pvalue,padj\n"
    "ENSG00000141510,100,1.5,0.25,6,2e-9,1e-8\n"
    "ENSG00000000005,0,NA,NA,NA,NA,NA\n"
    "ENSG00000109471,5,-0.5,0.5,-1,0.32,NA\n"
)


def read(folder: Path, text: str | bytes, name: str = "t.csv", **options: Any) -> SignatureTable:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_signature(SignatureFile(file=file, **options), "ms")


def rows(table: SignatureTable) -> list[tuple[Any, ...]]:
    return list(table.rows.iter_rows())


def test_limma(tmp_path: Path) -> None:
    found = read(tmp_path, LIMMA)
    assert rows(found) == [
        ("TP53", 1.5, None, 5.5, 1e-5, 0.002),
        ("IL2", -0.25, None, -1.25, 0.21, 0.4),
    ]
    assert found.columns == {
        "id": "", "estimate": "logFC", "t": "t", "p": "P.Value", "adj_p": "adj.P.Val",
    }  # fmt: skip
    assert (found.n_rows, found.n_columns, found.format, found.notes) == (2, 7, "csv", ())


def test_edger_without_its_corner(tmp_path: Path) -> None:
    found = read(tmp_path, EDGER, "t.tsv")
    z = -stats.norm.ppf(0.5e-5)
    ((name, estimate, se, t, p, adj_p),) = rows(found)
    assert (name, estimate, se, p, adj_p) == ("ENSG00000141510", 1.5, None, 1e-5, 0.002)
    assert t == pytest.approx(z)


def test_deseq2(tmp_path: Path) -> None:
    found = read(tmp_path, gzip.compress(DESEQ2.encode(), mtime=0), "t.csv.gz")
    assert rows(found) == [
        ("ENSG00000141510", 1.5, 0.25, 6.0, 2e-9, 1e-8),
        ("ENSG00000109471", -0.5, 0.5, -1.0, 0.32, None),
    ]
    assert (found.n_incomplete, found.format) == (1, "csv+gzip")
    assert found.notes == ("t.csv.gz: 1 row without a name or an estimate left out",)


def test_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["Supplementary Table 3"], ["CpG", "beta", "SE", "P"],
                ["cg00000029", 0.04, 0.01, 6.3e-5]):  # fmt: skip
        book.active.append(row)
    book.save(tmp_path / "ewas.xlsx")
    found = read_signature(SignatureFile(file=tmp_path / "ewas.xlsx"), "ms")
    assert rows(found) == [("cg00000029", 0.04, 0.01, pytest.approx(4.0), 6.3e-5, None)]


def test_decimal_commas(tmp_path: Path) -> None:
    found = read(tmp_path, "gene;logFC;SE\nTP53;1,5;0,25\nIL2;-2,5;0,5\n")
    assert rows(found) == [("TP53", 1.5, 0.25, 6.0, None, None), ("IL2", -2.5, 0.5, -5, None, None)]


def test_columns_that_are_named(tmp_path: Path) -> None:
    text = "gene,other,logFC,mine,err,prob\nA,TP53,9,1.5,0.5,0.01\n"
    found = read(tmp_path, text, id="other", estimate="mine", se="err", p="prob")
    assert rows(found) == [("TP53", 1.5, 0.5, 3.0, 0.01, None)]


def test_ids_before_symbols_and_before_numbers_of_rows(tmp_path: Path) -> None:
    text = ",symbol,logFC\n1,TP53,1\n2,IL2,2\n"
    assert read(tmp_path, text).columns["id"] == "symbol"
    text = ",symbol,logFC\nENSG00000141510,TP53,1\nENSG00000109471,IL2,2\n"
    assert read(tmp_path, text).columns["id"] == ""
    text = "symbol,ensembl_gene_id,logFC\nTP53,ENSG00000141510,1\n"
    assert read(tmp_path, text).columns["id"] == "ensembl_gene_id"
    text = "gene,CpG,logFC\nTP53,cg00000029,1\n"
    assert read(tmp_path, text).columns["id"] == "CpG"


def test_opposite(tmp_path: Path) -> None:
    found = read(tmp_path, LIMMA, opposite=True)
    assert [(r[1], r[3]) for r in rows(found)] == [(-1.5, -5.5), (0.25, 1.25)]
    by_p = read(tmp_path, "gene,logFC,P.Value\nA,2,0.05\n", opposite=True)
    assert rows(by_p)[0][3] == pytest.approx(-1.959963984540054)


def test_several_rows_of_a_feature(tmp_path: Path) -> None:
    text = "gene,logFC,P.Value\nTP53,1,0.5\nIL2,2,0.1\nTP53,3,0.01\nIL2,4,NA\nTP53,5,0.01\n"
    found = read(tmp_path, text)
    assert [r[:2] for r in rows(found)] == [("IL2", 2.0), ("TP53", 3.0)]
    assert found.n_repeated == 3
    assert found.notes == (
        "t.csv: 2 features in several rows (IL2, TP53); the row with the smallest P counts",
    )
    without = read(tmp_path, "gene,logFC\nTP53,1\nTP53,3\n")
    assert [r[:2] for r in rows(without)] == [("TP53", 1.0)]
    assert without.notes == ("t.csv: 1 feature in several rows (TP53); the first row counts",)


def test_ratios_are_remarked_on(tmp_path: Path) -> None:
    body = "".join(f"G{i},{1 + i / 10}\n" for i in range(25))
    note = read(tmp_path, "gene,logFC\n" + body).notes[0]
    assert note == (
        "t.csv: no estimate in `logFC` is below zero: are they ratios? Then give their logarithms"
    )
    assert "are they ratios" in read(tmp_path, "gene,logFC\n" + body, opposite=True).notes[0]
    assert read(tmp_path, "gene,logFC\nB,-1\n" + body).notes == ()


def test_impossible_t(tmp_path: Path) -> None:
    """P = 0 and an error of 0 say nothing of t."""
    found = read(tmp_path, "gene,logFC,se,p\nA,2,0,0\nB,2,0,0.05\n")
    assert rows(found)[0][3] is None
    assert rows(found)[1][3] == pytest.approx(1.959963984540054)


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("a,b\nx,1\n", {}, "the signature `ms` has no column of genes or probes"),
        ("gene,b\nx,1\n", {}, "the signature `ms` has no column of estimates"),
        ("gene,logFC\nx,1\n", {"p": "pp"}, "the signature `ms` has no column `pp`"),
        ("gene,logFC\nx,1\ny,high\n", {}, "the estimate is no number"),
        ("gene,logFC,P.Value\nx,1,<0.001\n", {}, "the P value is no number"),
        ("gene,logFC,P.Value\nx,1,1.5\n", {}, "the P value cannot be"),
        ("gene,logFC,SE\nx,1,-0.1\n", {}, "the standard error cannot be"),
        ("gene,logFC\nx,NA\n,3\n", {}, "the signature `ms` has no feature with an estimate"),
        ("gene,logFC\n2-Sep,1\nTP53,2\n", {}, "Excel"),
        ("gene,logFC\nx,1,4\ny,2\n", {}, "the row does not have as many fields as the header"),
    ],
)
def test_faults(tmp_path: Path, text: str, options: dict[str, str], said: str) -> None:
    with pytest.raises(IngestError) as error:
        read(tmp_path, text, **options)
    assert said in str(error.value)
    assert "t.csv" in str(error.value)


def test_a_fault_has_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(IngestError) as error:
        read(tmp_path, "gene,logFC,P.Value\nx,1,0.1\ny,high,0.2\n")
    assert (error.value.line, error.value.column) == (3, 2)
    assert error.value.found == "`high`"
