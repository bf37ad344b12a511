"""Plain lists of genes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.schemas.tables import LAKE_TABLES
from ingest.read.gene_sets.gene_list import read_gene_list
from ingest.read.gene_sets.gmt import GeneSets


def read(folder: Path, text: str | bytes) -> GeneSets:
    file = folder / "list.txt"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_gene_list(file, "activation")


def genes_of(sets: GeneSets) -> list[str]:
    assert sets.members.columns == LAKE_TABLES["gene_set"].names
    assert set(sets.members.drop("gene_name").unique().iter_rows()) == {
        ("gene_lists", "activation", None)
    }
    assert sets.n_sets == 1
    return sets.members["gene_name"].to_list()


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("TP53\nIL2\n", "csv"),
        ("TP53\r\nIL2\r\n", "csv"),
        ("\n TP53 \n\nIL2", "csv"),
        ("﻿gene\nTP53\nIL2\n", "csv"),
        ("# Reactome, 2020\n# two, of many\nTP53\n#NKX2-5\nIL2\n", "csv"),
        ("# Reactome, 2020\nTP53\tx\nIL2\ty\n", "tsv"),
        ("symbol,why\nTP53,known\nIL2,\n", "csv"),
        ("Gene Symbol\tlogFC\nTP53\t1.5\nIL2\t-1\n", "tsv"),
        ("HGNC.symbol;p\nTP53;0,05\nIL2;0,01\n", "csv2"),
        ('"x"\n"TP53"\n"IL2"\n', "csv"),
        ('"","x"\n"1","TP53"\n"2","IL2"\n', "csv"),  # R's write.csv
        (gzip.compress(b"TP53\nIL2\n", mtime=0), "csv+gzip"),
    ],
)
def test_a_list_of_genes(tmp_path: Path, text: str | bytes, form: str) -> None:
    found = read(tmp_path, text)
    assert genes_of(found) == ["TP53", "IL2"]
    assert (found.format, found.notes) == (form, ())


@pytest.mark.parametrize(
    "header",
    ["gene", "Symbol", "gene_name", "gene_symbol", "hgnc_symbol", "ensembl", "id", "ENTREZID"],
)
def test_words_that_are_headers(tmp_path: Path, header: str) -> None:
    assert genes_of(read(tmp_path, f"{header}\nTP53\n")) == ["TP53"]


@pytest.mark.parametrize("gene", ["ID1", "GENE1", "ENSG00000141510", "7157", "SYMBOLX"])
def test_other_words_are_genes(tmp_path: Path, gene: str) -> None:
    assert genes_of(read(tmp_path, f"{gene}\nTP53\n")) == [gene, "TP53"]


def test_a_gene_that_looks_like_a_month_is_one(tmp_path: Path) -> None:
    assert genes_of(read(tmp_path, "Oct-4\nTP53\n")) == ["Oct-4", "TP53"]


def test_duplicates_and_missing_names(tmp_path: Path) -> None:
    found = read(tmp_path, "gene\nTP53\nIL2\nNA\nTP53\n\nTP53,again\n-\n")
    assert genes_of(found) == ["TP53", "IL2"]
    assert found.notes == ("list.txt: 2 genes listed twice, counted once",)


def test_genes_side_by_side_are_noted(tmp_path: Path) -> None:
    found = read(tmp_path, "TP53,IL2,IL7\n")
    assert genes_of(found) == ["TP53"]
    assert "one gene a line" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("gene\n", "names no gene", None),
        ("# nothing\n\n", "names no gene", None),
        ("NA\n\n-\n", "names no gene", None),
        ("logFC,gene\n1.5,TP53\n", "not stand in the first column", 1),
        ("# a list\n\nTP53\n1-Mar\n", "into a date", 4),
        ("TP53\rIL2\r", "carriage return alone", 1),
        (b"TP53\n\xff\n", "not UTF-8", 2),
        ("", "is empty", None),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str | bytes, problem: str, line: int | None) -> None:
    with pytest.raises(IngestError) as caught:
        read(tmp_path, text)
    assert problem in caught.value.problem
    assert (caught.value.file, caught.value.line) == (tmp_path / "list.txt", line)
    assert caught.value.hint


def test_real_seeds(shared_data: Path) -> None:
    file = shared_data / "diamond" / "seeds.txt"
    genes = genes_of(read_gene_list(file, "activation"))
    assert genes == file.read_text().split()
    assert len(genes) == 25
