"""Edge lists: which two fields of a line are genes, and what is left out."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmart.core.errors import IngestError
from ingest.read.gene_sets.edges import Network, read_edges
from ingest.read.gene_sets.network_layout import is_named_sif


def read(folder: Path, text: str | bytes, name: str = "net.txt") -> Network:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_edges(file)


def pairs(network: Network) -> list[tuple[str, str]]:
    assert network.edges.columns == ["gene_a", "gene_b"]
    return list(network.edges.iter_rows())


TWO = [("BRCA1", "TP53"), ("IL2", "IL2RA")]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("TP53\tBRCA1\nIL2\tIL2RA\n", "tsv"),
        ("TP53,BRCA1\r\n\r\nIL2,IL2RA\r\n", "csv"),
        ("TP53;BRCA1;0,5\nIL2;IL2RA;0,6\n", "csv2"),
        ("TP53 BRCA1\nIL2   IL2RA  900\n", "blanks"),
        (" TP53 BRCA1 pmid:1,pmid:2\nIL2 IL2RA pmid:3,pmid:4\n", "blanks"),
        ('"symbol1","symbol2"\n"TP53","BRCA1"\n"IL2","IL2RA"\n', "csv"),
        ("﻿symbol1\tsymbol2\tentrez1\tentrez2\nTP53\tBRCA1\t1\t2\nIL2\tIL2RA\t3\t4\n", "tsv"),
        ("protein1 protein2 combined_score\nTP53 BRCA1 999\nIL2 IL2RA 998\n", "blanks"),
        ("#node1\tnode2\nTP53\tBRCA1\n# more\nIL2\tIL2RA\n", "tsv"),
        ("Official Symbol Interactor A\tOfficial Symbol Interactor B\nTP53\tBRCA1\nIL2\tIL2RA\n",
         "tsv"),
        ("TP53 pp BRCA1\nIL2 pp IL2RA\n", "sif"),
        (gzip.compress(b"TP53\tBRCA1\nIL2\tIL2RA\n", mtime=0), "tsv+gzip"),
    ],
)  # fmt: skip
def test_two_genes_a_line(tmp_path: Path, text: str | bytes, form: str) -> None:
    found = read(tmp_path, text)
    assert pairs(found) == TWO
    assert (found.n_rows, found.n_self, found.n_repeated) == (2, 0, 0)
    assert found.format == form
    assert all("not used" in note for note in found.notes)


@pytest.mark.parametrize(
    "header",
    ["gene_a,gene_b", "geneA,geneB", "source,target", "node1,node2", "From,To", "V1,V2",
     "Interactor A,Interactor B", "entrez_id_1,entrez_id_2", "symbol,partner", "ID1,ID2"],
)  # fmt: skip
def test_words_that_are_headers(tmp_path: Path, header: str) -> None:
    assert pairs(read(tmp_path, f"{header}\nTP53,BRCA1\n")) == TWO[:1]


@pytest.mark.parametrize("first", ["NID1,NID2", "TOX,TOX2", "3920,5476", "gene,TP53", "TO,NGF1"])
def test_other_words_are_genes(tmp_path: Path, first: str) -> None:
    assert len(pairs(read(tmp_path, f"{first}\nTP53,BRCA1\n"))) == 2


def test_header_words_that_stand_in_the_table_are_genes(tmp_path: Path) -> None:
    assert pairs(read(tmp_path, "ID1,ID2\nTP53,ID1\n")) == [("ID1", "ID2"), ("ID1", "TP53")]


def test_sif(tmp_path: Path) -> None:
    text = "TP53\t0.9\tBRCA1\tIL2\nLONELY\nIL2\t1\tIL2RA\n"
    found = read(tmp_path, text, "net.SIF.gz")
    assert pairs(found) == [("BRCA1", "TP53"), ("IL2", "IL2RA"), ("IL2", "TP53")]
    assert (found.format, found.n_rows) == ("sif", 3)
    assert found.notes == ("net.SIF.gz: 1 gene without interactions left out",)
    assert pairs(read(tmp_path, "source pp target\nA pp B\n", "x.sif")) == [("A", "B")]
    assert not is_named_sif(Path("sif.txt.gz"))


def test_self_interactions_and_repeated_pairs_are_counted(tmp_path: Path) -> None:
    text = "A\tB\nB\tA\nA\tA\nB\tC\nA\tB\nA\tA\n"
    found = read(tmp_path, text)
    assert pairs(found) == [("A", "B"), ("B", "C")]
    assert (found.n_rows, found.n_self, found.n_repeated) == (6, 2, 3)
    assert found.notes == (
        "net.txt: 2 self-interactions and 3 repeated pairs (1 of them both) left out",
    )
    assert read(tmp_path, "A\tB\nA\tA\n").notes == ("net.txt: 1 self-interaction left out",)


GENE = st.text("abBé9", min_size=1, max_size=3)


@given(st.lists(st.tuples(GENE, GENE), min_size=1, max_size=30))
def test_edges_are_those_of_sets(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    """Against sets in plain Python; the first row is known to be neither header nor alone."""
    rows = [("0x", "0y"), *rows]
    text = "".join(f"{a}\t{b}\n" for a, b in rows)
    found = read(tmp_path_factory.mktemp("edges"), text)
    both = [(min(pair), max(pair)) for pair in rows]
    assert pairs(found) == sorted({(a, b) for a, b in both if a != b})
    assert found.n_self == sum(a == b for a, b in both)
    assert found.n_repeated == len(both) - len(set(both))


@pytest.mark.parametrize(
    ("text", "problem", "line", "name"),
    [
        ("A\tB\nC\n", "one gene only", 2, "net.txt"),
        ("A\tB\n\nC\tNA\n", "one gene only", 3, "net.txt"),
        ("A,B\n,C\n", "one gene only", 2, "net.txt"),
        ("A\n", "one gene only", 1, "net.txt"),
        ("source,target\nA,B\nC\n", "one gene only", 3, "net.txt"),
        ("A 0.5 B\nC 1 D\n", "second field is a number", 1, "net.txt"),
        ("A B\n", "two fields", 1, "net.sif"),
        ("A\tpp\tB\nA\tpp\t-\n", "has no name", 2, "net.sif"),
        ("A,B\nC,1-Mar\n", "into a date", 2, "net.txt"),
        ("1-Mar,B\n", "into a date", 1, "net.txt"),
        ("A,A\nB,B\n", "no interaction", None, "net.txt"),
        ("source,target\n", "no interaction", None, "net.txt"),
        ("ALONE\n", "no interaction", None, "net.sif"),
        ("# none\n\n", "no interaction", None, "net.txt"),
        ("A,B\rC,D\r", "carriage return alone", 1, "net.txt"),
        (b"A,B\nC,\xff\n", "not UTF-8", 2, "net.txt"),
        ("", "is empty", None, "net.txt"),
    ],
)
def test_what_is_refused(
    tmp_path: Path, text: str | bytes, problem: str, line: int | None, name: str
) -> None:
    with pytest.raises(IngestError) as caught:
        read(tmp_path, text, name)
    assert problem in caught.value.problem
    assert (caught.value.file, caught.value.line) == (tmp_path / name, line)
    assert caught.value.hint


def test_the_real_interactome(shared_data: Path) -> None:
    found = read_edges(shared_data / "ppi" / "interactome_menche2015.tsv.gz")
    assert (found.n_rows, found.n_self, found.n_repeated) == (140_791, 2_862, 24)
    assert found.edges.height == 137_907  # two of the pairs are a self-interaction, repeated
    assert "2,862 self-interactions and 24 repeated pairs (2 of them both)" in found.notes[0]
    a, b = found.edges["gene_a"], found.edges["gene_b"]
    assert (a < b).all()
    assert found.edges.equals(found.edges.sort("gene_a", "gene_b"))


def test_the_network_of_fem(shared_data: Path) -> None:
    found = read_edges(shared_data / "ppi" / "hprd_fem.tsv.gz")
    genes = set(found.edges["gene_a"].to_list()) | set(found.edges["gene_b"].to_list())
    assert (found.edges.height, len(genes), found.notes) == (303_551, 8_432, ())


def test_ids_without_header(shared_data: Path) -> None:
    found = read_edges(shared_data / "diamond" / "edges.csv")
    text = (shared_data / "diamond" / "edges.csv").read_text()
    both = [tuple(sorted(line.split(","))) for line in text.split()]
    assert pairs(found) == sorted({p for p in both if p[0] != p[1]})
    assert (found.n_rows, found.n_self) == (2_618, 202)
