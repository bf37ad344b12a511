"""Networks whose first two columns are not the genes, with scores and species."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cohortmart.core.errors import IngestError
from cohortmart.core.study.reference_records import NetworkFile
from ingest.read.gene_sets.edges import Network, read_edges
from ingest.read.gene_sets.network_layout import read_layout

SYMBOLS = frozenset({"TP53", "BRCA1", "IL2", "IL2RA", "MDM2"})
NUMBERS = frozenset({"7157", "672", "3558", "3559", "4193"})
OF_SYMBOLS = [("BRCA1", "TP53"), ("IL2", "IL2RA")]
OF_NUMBERS = [("672", "7157"), ("3558", "3559")]

BIOGRID = (
    "#BioGRID Interaction ID\tEntrez Gene Interactor A\tEntrez Gene Interactor B\t"
    "BioGRID ID Interactor A\tBioGRID ID Interactor B\tSystematic Name Interactor A\t"
    "Systematic Name Interactor B\tOfficial Symbol Interactor A\tOfficial Symbol Interactor B\t"
    "Synonyms Interactor A\tSynonyms Interactor B\tExperimental System\tScore\t"
    "Organism ID Interactor A\tOrganism ID Interactor B\n"
    "672\t7157\t672\t1\t2\t-\t-\tTP53\tBRCA1\tP53\t-\tTwo-hybrid\t-\t9606\t9606\n"
    "673\t3558\t3559\t3\t4\t-\t-\tIL2\tIL2RA\t-\t-\tTwo-hybrid\t-\t9606\t9606\n"
)
OMNIPATH = (
    "source\ttarget\tsource_genesymbol\ttarget_genesymbol\tis_directed\n"
    "P04637\tP38398\tTP53\tBRCA1\t1\nP60568\tP01589\tIL2\tIL2RA\t0\n"
)
BIOPLEX = (
    "GeneA,GeneB,UniprotA,UniprotB,SymbolA,SymbolB,pW,pNI,pInt\n"
    "7157,672,P04637,P38398,TP53,BRCA1,0.1,0.2,0.99\n"
    "3558,3559,P60568,P01589,IL2,IL2RA,0.1,0.2,0.7\n"
)
SIGNOR = (
    "ENTITYA\tTYPEA\tIDA\tDATABASEA\tENTITYB\tTYPEB\tIDB\tDATABASEB\n"
    "TP53\tprotein\tP04637\tUNIPROT\tBRCA1\tprotein\tP38398\tUNIPROT\n"
    "IL2\tprotein\tP60568\tUNIPROT\tIL2RA\tprotein\tP01589\tUNIPROT\n"
)
ACCESSIONS_FIRST = (
    "uniprot_a uniprot_b symbol_a symbol_b\nP04637 P38398 TP53 BRCA1\nP60568 P01589 IL2 IL2RA\n"
)
NO_HEADER = (  # as HIPPIE has it
    "P53_HUMAN\t7157\tBRCA1_HUMAN\t672\t0.9\nIL2_HUMAN\t3558\tIL2RA_HUMAN\t3559\t0.7\n"
)


def mitab(taxon_b: str = "taxid:9606(human)") -> str:
    def row(ids: tuple[str, str], names: tuple[str, str], score: str) -> str:
        alt = [f"biogrid:1|entrez gene/locuslink:{name}" for name in names]
        alias = [f"uniprotkb:{name}(gene name)|psi-mi:x(display_short)" for name in names]
        fields = [*(f"entrez gene/locuslink:{i}" for i in ids), *alt, *alias, "psi-mi:x", "-", "-"]
        fields += ["taxid:9606(human)", taxon_b, "-", "-", "-", f"intact-miscore:{score}"]
        return "\t".join(fields)

    head = "#ID(s) interactor A\tID(s) interactor B\t" + "\t".join(["x"] * 13)
    rows = [row(("7157", "672"), ("TP53", "BRCA1"), "0.9")]
    rows.append(row(("3558", "3559"), ("IL2", "IL2RA"), "0.4"))
    return "\n".join([head, *rows]) + "\n"


def read(folder: Path, text: str, known: frozenset[str] = SYMBOLS, **asked: Any) -> Network:
    file = folder / "net.txt"
    file.write_text(text)
    return read_edges(file, NetworkFile(file=file, **asked), known)


def pairs(network: Network) -> list[tuple[str, str]]:
    return sorted(network.edges.iter_rows())


@pytest.mark.parametrize(
    "text", [BIOGRID, OMNIPATH, BIOPLEX, SIGNOR, ACCESSIONS_FIRST, mitab()],
    ids=["biogrid", "omnipath", "bioplex", "signor", "accessions", "mitab"],
)  # fmt: skip
def test_the_columns_that_the_study_knows(tmp_path: Path, text: str) -> None:
    assert pairs(read(tmp_path, text)) == OF_SYMBOLS
    # without genes to compare with, symbols count more than numbers and accessions
    assert pairs(read(tmp_path, text, frozenset())) == OF_SYMBOLS


@pytest.mark.parametrize("text", [BIOGRID, BIOPLEX, mitab(), NO_HEADER])
def test_numbers_where_the_study_has_numbers(tmp_path: Path, text: str) -> None:
    assert pairs(read(tmp_path, text, NUMBERS)) == sorted(OF_NUMBERS)


def test_columns_that_study_yml_names(tmp_path: Path) -> None:
    named = read(tmp_path, BIOPLEX, columns=("UniprotA", "UniprotB"))
    assert pairs(named) == [("P01589", "P60568"), ("P04637", "P38398")]
    assert pairs(read(tmp_path, BIOPLEX, columns=("5", "6"))) == OF_SYMBOLS
    assert pairs(read(tmp_path, NO_HEADER, columns=("2", "4"))) == sorted(OF_NUMBERS)
    with pytest.raises(IngestError, match="no column `SymbolC`") as caught:
        read(tmp_path, BIOPLEX, columns=("SymbolA", "SymbolC"))
    assert "did you mean `Symbol" in str(caught.value.hint)


def test_numbers_of_rows_are_no_genes(tmp_path: Path) -> None:
    rows = [
        ("7157", "672"),
        ("3558", "3559"),
        ("4193", "7157"),
        ("672", "3558"),
        ("4193", "672"),
        ("3559", "672"),
        ("3559", "7157"),
    ]
    numbered = "".join(f"{i}\t{a}\t{b}\n" for i, (a, b) in enumerate(rows, start=1))
    known = NUMBERS | {str(i) for i in range(1, 10)}  # which are genes, too
    expected = sorted(tuple(sorted(pair)) for pair in rows)
    assert pairs(read(tmp_path, "row\tgene_one\tgene_two\n" + numbered, known)) == expected
    assert pairs(read(tmp_path, numbered, known)) == expected


STRING = "protein1 protein2 combined_score\nTP53 BRCA1 900\nIL2 IL2RA 150\nMDM2 TP53 700\n"


def test_scores(tmp_path: Path) -> None:
    everything = read(tmp_path, STRING)
    assert len(pairs(everything)) == 3
    assert "combined_score holds scores from 150 to 900 that are not used" in everything.notes[0]
    strong = read(tmp_path, STRING, minimum_score=700.0)
    assert pairs(strong) == [("BRCA1", "TP53"), ("MDM2", "TP53")]
    assert strong.notes == ("net.txt: combined_score: 1 interaction of 3 below 700 left out",)
    assert pairs(read(tmp_path, mitab(), minimum_score=0.5)) == OF_SYMBOLS[:1]
    third = STRING.split("\n", 1)[1]
    assert len(pairs(read(tmp_path, third, minimum_score=800.0))) == 1
    assert len(pairs(read(tmp_path, BIOPLEX, minimum_score=0.15, score="pNI"))) == 2
    with pytest.raises(IngestError, match="no interaction has a score of 1000"):
        read(tmp_path, STRING, minimum_score=1000.0)
    with pytest.raises(IngestError, match="no column of the network is known to hold one"):
        read(tmp_path, OMNIPATH, minimum_score=0.5)


def test_one_species(tmp_path: Path) -> None:
    mouse = BIOGRID + "9\t22059\t12189\t5\t6\t-\t-\tTrp53\tBrca1\t-\t-\tx\t-\t10090\t10090\n"
    mixed = mouse + "10\t7157\t22059\t1\t5\t-\t-\tTP53\tTrp53\t-\t-\tx\t-\t9606\t10090\n"
    human = read(tmp_path, mixed)
    assert pairs(human) == OF_SYMBOLS
    assert any("species 9606; 2 interactions of or with others left out" in n for n in human.notes)
    of_mice = read(tmp_path, mixed, frozenset({"Trp53", "Brca1"}))
    assert pairs(of_mice) == [("Brca1", "Trp53")]
    assert pairs(read(tmp_path, mixed, species="10090")) == [("Brca1", "Trp53")]
    with pytest.raises(IngestError, match="no interaction is of the species 4932"):
        read(tmp_path, mixed, species="4932")
    with pytest.raises(IngestError, match="no interaction is of the species 9606"):
        read(tmp_path, mitab("taxid:10090(mouse)"), species="9606")


def test_rows_without_a_name_are_left_out_of_wide_tables(tmp_path: Path) -> None:
    found = read(tmp_path, BIOGRID + "9\t1\t2\t5\t6\t-\t-\tMDM2\t-\t-\t-\tx\t-\t9606\t9606\n")
    assert pairs(found) == OF_SYMBOLS
    assert any("1 interaction without the name of one of the genes" in n for n in found.notes)


def test_stringdbs_proteins_lose_their_species(tmp_path: Path) -> None:
    text = "protein1 protein2\n9606.ENSP00000269305 9606.ENSP00000350283\n"
    assert pairs(read(tmp_path, text)) == [("ENSP00000269305", "ENSP00000350283")]


def test_other_columns_are_another_reading(tmp_path: Path) -> None:
    """What a plain list of two columns is read with stays: its lake is not made anew."""
    file = tmp_path / "net.txt"
    file.write_text(STRING)
    assert read_layout(NetworkFile(file=file), SYMBOLS).options == {}
    strong = NetworkFile(file=file, minimum_score=700.0)
    assert read_layout(strong, SYMBOLS).options == {"minimum_score": 700.0, "score": 2}
    file.write_text(BIOGRID)
    of_symbols = read_layout(NetworkFile(file=file), SYMBOLS).options
    assert (of_symbols["first"], of_symbols["second"]) == (7, 8)
    assert of_symbols != read_layout(NetworkFile(file=file), NUMBERS).options


ROWS = [("TP53", "BRCA1"), ("IL2", "IL2RA"), ("TP53", "MDM2"), ("BRCA1", "MDM2"), ("IL2", "TP53"),
        ("IL2RA", "TP53")]  # fmt: skip


@pytest.mark.parametrize("head", ["from\tto", "here\tthere"])
def test_r_leaves_the_corner_over_row_names_out(tmp_path: Path, head: str) -> None:
    rows = "".join(f"{i}\t{a}\t{b}\n" for i, (a, b) in enumerate(ROWS, start=1))
    wanted = sorted((min(pair), max(pair)) for pair in ROWS)
    for known in (SYMBOLS, frozenset[str]()):
        assert pairs(read(tmp_path, f"{head}\n{rows}", known)) == wanted


@pytest.mark.parametrize(
    ("head", "row"),
    [("u\tv\tstrength", "{a}\t{b}\t0.{i}"), ("strength\tu\tv", "0.{i}\t{a}\t{b}")],
)
def test_words_over_numbers_are_a_header(tmp_path: Path, head: str, row: str) -> None:
    rows = [row.format(a=a, b=b, i=i) for i, (a, b) in enumerate(ROWS, start=1)]
    found = read(tmp_path, "\n".join([head, *rows]) + "\n")
    assert found.edges.height == len(ROWS)


@pytest.mark.parametrize("corner", ["", "gene\t", "\t"])
def test_a_matrix_of_genes_by_genes_is_refused(tmp_path: Path, corner: str) -> None:
    genes = sorted(SYMBOLS)
    rows = [f"{one}\t" + "\t".join("01"[a != one] for a in genes) for one in genes]
    with pytest.raises(IngestError, match="a matrix of genes by genes") as caught:
        read(tmp_path, "\n".join([corner + "\t".join(genes), *rows]) + "\n")
    assert "5 genes in the header" in str(caught.value.found)
