"""What lists of genes look like, and what is said when two have none in common."""

from __future__ import annotations

import pytest

from analyses.load.identifiers import no_gene_in_common
from cohortmart.core.text.identifiers import kind_of_ids

SYMBOLS = ["TP53", "HLA-DRB1", "C1orf112", "P2RY11", "LOC100130417", "RP11-34P13.7"]


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["ENSG00000141510", "ENSG00000012048.23"], "Ensembl genes"),
        (["ENSMUSG00000059552"], "mouse Ensembl genes"),
        (["ENST00000269305", "ENSMUST00000108658.10"], "Ensembl transcripts"),
        (["ENSP00000269305"], "Ensembl proteins"),
        (["7157", "672"], "Entrez numbers"),
        (["HGNC:11998"], "HGNC numbers"),
        (["NM_000546.6", "XR_001739"], "RefSeq accessions"),
        (["cg00000029", "ch.1.1024274R", "rs10796216"], "methylation probes"),
        (["P04637", "Q9Y6K9-2", "A0A024R1R8"], "UniProt accessions"),
        (SYMBOLS, "gene symbols"),
        (["Trp53", "Il2ra", "2310057M21Rik", "mt-Nd1"], "mouse gene symbols"),
        (["tp53", "il2ra"], "gene symbols in lower case"),
        (["TP53", "7157"], "names of several kinds"),
        (["TP53", "BRCA1", "7157"], "gene symbols"),
        (["a b", "(none)"], "names of an unknown kind"),
        ([], "no names"),
    ],
)
def test_kinds(names: list[str], kind: str) -> None:
    assert kind_of_ids(names) == kind
    assert kind_of_ids(iter(reversed(names))) == kind


def test_the_error_shows_five_of_each_and_guesses_both() -> None:
    numbers = [str(i) for i in range(100, 120)]
    error = no_gene_in_common("the gene list `ms`", numbers, "the tested genes", SYMBOLS[:5])
    assert str(error).splitlines() == [
        "no gene of the gene list `ms` is among the tested genes",
        "  expected: gene symbols, such as C1orf112, HLA-DRB1, LOC100130417, P2RY11, TP53",
        "  found:    Entrez numbers, such as 100, 101, 102, 103, 104, ...",
        "  to do:    turn the Entrez numbers into gene symbols",
    ]


@pytest.mark.parametrize(
    ("names", "universe", "advice"),
    [
        (["ENSG00000141510.17"], ["ENSG00000141510"], "leave out the version after the dot"),
        (["tp53"], ["TP53"], "write both in the same case"),
        (["Trp53", "Tp53"], ["TP53"], "write both in the same case"),
        (["Trp53"], ["TP53"], "turn the mouse gene symbols into gene symbols"),
        (["BRCA1"], ["TP53"], "both look like gene symbols: are they of the same species"),
        ([], ["TP53"], "give it genes"),
    ],
)
def test_what_would_help(names: list[str], universe: list[str], advice: str) -> None:
    hint = no_gene_in_common("a list", names, "the genes", universe).hint
    assert hint is not None
    assert hint.startswith(advice)
