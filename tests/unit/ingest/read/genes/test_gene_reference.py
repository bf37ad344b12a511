"""Tables of genes in their forms: which gene is which, and which words are certain."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from cohortmart.core.errors import IngestError
from ingest.read.genes.gene_reference import GeneReference, read_genes

GTF = (
    "#!genome-build GRCh38\n"
    'chr2\tHAVANA\tgene\t100\t900\t.\t+\t.\tgene_id "ENSG00000168385.18"; gene_type '
    '"protein_coding"; gene_name "SEPTIN2"; hgnc_id "HGNC:7729";\n'
    'chr2\tHAVANA\tCDS\t100\t900\t.\t+\t0\tgene_id "ENSG00000168385.18"; protein_id '
    '"ENSP00000353157.3";\n'
    'chrY\tHAVANA\tgene\t1\t9\t.\t-\t.\tgene_id "ENSG00000182378.15_PAR_Y"; gene_name "PLCXD1"; '
    'gene_type "protein_coding";\n'
)
GFF3 = (
    "##gff-version 3\n"
    "2\tensembl\tgene\t100\t900\t.\t+\t.\tID=gene:ENSG00000168385;Name=SEPTIN2;biotype="
    "protein_coding;description=septin 2 %5BSource;gene_id=ENSG00000168385;version=18\n"
    "Y\tensembl\tncRNA_gene\t1\t9\t.\t-\t.\tID=gene:ENSG00000000001;biotype=lncRNA\n"
)
REFSEQ = (
    "##gff-version 3\n"
    "NC_000002.12\tBestRefSeq\tgene\t100\t900\t.\t+\t.\tID=gene-SEPTIN2;Dbxref=GeneID:4735,"
    "HGNC:HGNC:7729;Name=SEPTIN2;gene=SEPTIN2;gene_biotype=protein_coding;gene_synonym=DIFF6,"
    "NEDD5,SEPT2\n"
)
HGNC = (
    "hgnc_id\tsymbol\tname\tlocus_type\tstatus\tlocation\talias_symbol\tprev_symbol\tentrez_id\t"
    "ensembl_gene_id\n"
    'HGNC:7729\tSEPTIN2\tseptin 2\tgene with protein product\tApproved\t2q37.3\t"DIFF6|NEDD5"\t'
    "SEPT2\t4735\tENSG00000168385\n"
    "HGNC:1\tOLD1~withdrawn\tsymbol withdrawn, see SEPTIN2\twithdrawn\tEntry Withdrawn\t\t\t\t\t\n"
)
GENE_INFO = (
    "#tax_id\tGeneID\tSymbol\tLocusTag\tSynonyms\tdbXrefs\tchromosome\tmap_location\tdescription\t"
    "type_of_gene\n"
    "9606\t4735\tSEPTIN2\t-\tDIFF6|NEDD5|SEPT2\tHGNC:HGNC:7729|Ensembl:ENSG00000168385\t2\t2q37.3\t"
    "septin 2, 5' end \"x\tprotein-coding\n"
    "10090\t18000\tSeptin2\t-\t-\t-\t1\t-\tmouse\tprotein-coding\n"
)
BIOMART = (
    "Gene stable ID version,HGNC symbol,NCBI gene (formerly Entrezgene) ID,Gene start (bp),"
    "Gene end (bp),Strand,Chromosome/scaffold name,Gene type,Gene Synonym\n"
    "ENSG00000168385.18,SEPTIN2,4735,100,900,1,2,protein_coding,DIFF6\n"
    "ENSG00000168385.18,SEPTIN2,4735,100,900,1,2,protein_coding,NEDD5\n"
)


def read(folder: Path, *texts: str | bytes) -> GeneReference:
    files = []
    for i, text in enumerate(texts):
        files.append(folder / f"genes{i}.txt")
        files[-1].write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_genes(files)


def gene(reference: GeneReference, symbol: str) -> dict[str, Any]:
    (row,) = reference.genes.filter(reference.genes["symbol"] == symbol).to_dicts()
    return {k: v for k, v in row.items() if v is not None and k != "reference_gene"}


def words(reference: GeneReference, symbol: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    rows = reference.aliases.filter(reference.aliases["gene_name"] == symbol)
    for alias, kind in rows.select("alias", "kind").iter_rows():
        found.setdefault(kind, set()).add(alias)
    return found


PLACE = {"chromosome": "2", "start_position": 100, "end_position": 900, "strand": "+"}
IDS = {"symbol": "SEPTIN2", "ensembl_id": "ENSG00000168385"}
CODING = {"biotype": "protein_coding"}
NUMBERS = {"entrez_id": "4735", "hgnc_id": "HGNC:7729"}


@pytest.mark.parametrize(
    ("text", "expected", "aliases"),
    [
        (GTF, {**IDS, **PLACE, **CODING, "hgnc_id": "HGNC:7729"}, set()),
        (GFF3, {**IDS, **PLACE, **CODING}, set()),
        (REFSEQ, {**PLACE, **CODING, **NUMBERS, "symbol": "SEPTIN2"}, {"DIFF6", "NEDD5"}),
        (HGNC, {**IDS, **NUMBERS, "chromosome": "2", "biotype": "gene with protein product"},
         {"DIFF6", "NEDD5"}),
        (GENE_INFO, {**IDS, **NUMBERS, "chromosome": "2", "biotype": "protein-coding"},
         {"DIFF6", "NEDD5"}),
        (BIOMART, {**IDS, **PLACE, **CODING, "entrez_id": "4735"}, {"DIFF6", "NEDD5"}),
        ("gene_id;symbol\nENSG00000168385.2;SEPTIN2\n", IDS, set()),
        ('"","SYMBOL"\n"4735","SEPTIN2"\n', {"symbol": "SEPTIN2", "entrez_id": "4735"}, set()),
    ],
    ids=["gtf", "gff3", "refseq", "hgnc", "gene_info", "biomart", "plain", "entrez"],
)  # fmt: skip
def test_forms(tmp_path: Path, text: str, expected: dict[str, Any], aliases: set[str]) -> None:
    for content in (text, gzip.compress(text.encode())):
        reference = read(tmp_path, content)
        assert gene(reference, "SEPTIN2") == expected
        found = words(reference, "SEPTIN2")
        assert found.get("alias", set()) == aliases
        # of the renaming of 2020 everyone knows, whatever the table says
        assert found["previous"] == ({"SEPT2", "OLD1"} if text == HGNC else {"SEPT2"})


def test_proteins_and_the_second_copy_on_y(tmp_path: Path) -> None:
    reference = read(tmp_path, GTF)
    assert words(reference, "SEPTIN2")["protein"] == {"ENSP00000353157"}
    assert gene(reference, "PLCXD1")["ensembl_id"] == "ENSG00000182378_PAR_Y"


def test_a_gtf_without_lines_of_genes(tmp_path: Path) -> None:
    row = '2\tx\texon\t{}\t{}\t.\t+\t.\tgene_id "ENSG00000168385"; gene_name "SEPTIN2";\n'
    reference = read(tmp_path, row.format(500, 900) + row.format(100, 300))
    assert gene(reference, "SEPTIN2") == {**IDS, **PLACE}


def test_files_fill_each_other(tmp_path: Path) -> None:
    reference = read(tmp_path, GTF, HGNC, "alias,symbol,entrez\nP7,SEPTIN2,4735\n")
    expected = {**IDS, **PLACE, **CODING, **NUMBERS}
    assert gene(reference, "SEPTIN2") == expected
    assert words(reference, "SEPTIN2")["alias"] == {"DIFF6", "NEDD5", "P7"}
    assert reference.rows == (2, 2, 1)


def test_what_is_certain(tmp_path: Path) -> None:
    text = (
        "symbol,entrez,ensembl,aliases,previous symbols\n"
        "AAA,1,ENSG00000000001,X|Y,OLD\nBBB,2,ENSG00000000002,X|AAA|OLD,\n"
        "DUP,3,ENSG00000000003,,\nDUP,4,ENSG00000000004,,\n"
    )
    reference = read(tmp_path, text)
    certain = reference.aliases.filter("is_certain")
    certain = certain.filter(certain["kind"] != "ensembl")
    assert dict(certain.select("alias", "gene_name").rows()) == {
        "1": "AAA", "2": "BBB", "3": "DUP", "4": "DUP", "AAA": "AAA", "BBB": "BBB", "Y": "AAA",
        "OLD": "AAA",
    }  # fmt: skip
    assert "1 symbol of more than one gene (DUP)" in reference.notes[0]
    assert "2 of 4 former symbols and aliases mean several genes" in reference.notes[1]


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("name,value\na,1\n", "no table of genes that is known", 1),
        ("symbol,start\nTP53,1e6\n", "start of a gene is no number", 2),
        ("symbol,entrez\n", "names no gene", None),
        ('2\tx\tregion\t1\t9\t.\t+\t.\tID "x";\n', "names no gene", None),
        ("", "is empty", None),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, problem: str, line: int | None) -> None:
    with pytest.raises(IngestError) as caught:
        read(tmp_path, text)
    assert problem in caught.value.problem
    assert caught.value.line == line
    assert caught.value.hint


def test_real_genes(shared_data: Path) -> None:
    folder = shared_data / "genes"
    reference = read_genes([folder / "genes.tsv.gz"])
    assert reference.genes.height == 77_614
    tp53 = gene(reference, "TP53")
    assert tp53 == {
        "symbol": "TP53", "ensembl_id": "ENSG00000141510", "entrez_id": "7157",
        "chromosome": "17", "biotype": "protein-coding",
    }  # fmt: skip
