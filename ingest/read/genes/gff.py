"""Genes of GTF and GFF3 files, a line at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import unquote

from ingest.read.genes.gene_records import (
    Gene,
    chromosome,
    ensembl_id,
    entrez_id,
    hgnc_id,
    said,
)

#: Lines of these kinds describe a gene; Ensembl's GFF3 has several.
_GENES = frozenset({"gene", "ncRNA_gene", "pseudogene"})
#: From these a gene is put together where the file has no lines of genes.
_PARTS = frozenset({"transcript", "mRNA", "exon", "CDS"})
_GTF = re.compile(r'\s*([^\s;"]+)\s+(?:"([^"]*)"|([^";]*))\s*;?')
_REFERENCES = ("dbxref", "db_xref")


def is_gff(lines: list[str]) -> bool:
    """Whether the first lines of a file are those of a GTF or GFF3.

    Parameters
    ----------
    lines : list of str
    """
    if lines and lines[0].lower().startswith("##gff-version"):
        return True
    rows = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    return bool(rows) and len(rows[0]) == 9 and rows[0][3].isdigit() and rows[0][4].isdigit()


def read_gff(stream: BinaryIO) -> Iterator[tuple[int, Gene]]:
    """Yield the genes of a file with their lines; those that only parts name come last.

    Parameters
    ----------
    stream : BinaryIO
        UTF-8 text.
    """
    parts: dict[str, tuple[int, Gene]] = {}
    has_genes = False
    proteins: dict[str, set[str]] = {}
    for number, raw in enumerate(stream, start=1):
        if raw.startswith(b"#"):
            if raw.startswith(b"##FASTA"):
                break
            continue
        kind = _kind(raw)
        if kind in _GENES:
            has_genes = True
            yield number, _gene(raw)
        elif kind == "CDS" and has_genes and b"ENS" in raw:
            _add_protein(raw, proteins)
        elif kind in _PARTS and not has_genes:
            _add_part(raw, number, parts)
    if not has_genes:
        yield from parts.values()
    for gene, its in proteins.items():
        yield 0, Gene(ensembl=[gene], proteins=its)


def _kind(raw: bytes) -> str:
    fields = raw.split(b"\t", 3)
    return fields[2].decode() if len(fields) == 4 else ""


def _attributes(text: str) -> dict[str, list[str]]:
    """Return the last field of a line by key, each with all of its values."""
    found: dict[str, list[str]] = {}
    if re.match(r"\s*[^\s;=\"]+=", text):
        for entry in text.strip().split(";"):
            key, _, value = entry.partition("=")
            values = [unquote(v) for v in value.split(",")]
            found.setdefault(key.strip().lower(), []).extend(values)
        return found
    for key, quoted, bare in _GTF.findall(text):
        found.setdefault(key.lower(), []).append(quoted or bare)
    return found


def _gene(raw: bytes) -> Gene:
    fields = raw.decode("utf-8").rstrip("\r\n").split("\t")
    given = _attributes(fields[8]) if len(fields) > 8 else {}

    def first(*keys: str) -> str | None:
        return next((v for key in keys for v in map(said, given.get(key, ())) if v), None)

    own = first("gene_id", "id") or ""
    own = own.removeprefix("gene:").removeprefix("gene-")
    ensembl = ensembl_id(own)
    symbol = first("gene_name", "gene", "gene_symbol", "name") or (None if ensembl else said(own))
    references = [v for key in _REFERENCES for v in given.get(key, ())]
    numbers = [v.removeprefix("GeneID:") for v in references if v.startswith("GeneID:")]
    hgnc = [v for v in references if v.startswith("HGNC:")]
    others = [ensembl_id(v.removeprefix("Ensembl:")) for v in references]
    return Gene(
        symbol=None if ensembl_id(symbol) else symbol,
        ensembl=[e for e in dict.fromkeys([ensembl, *others]) if e],
        entrez_id=entrez_id(numbers[0] if numbers else None),
        hgnc_id=hgnc_id(first("hgnc_id") or (hgnc[0] if hgnc else None)),
        chromosome=chromosome(fields[0]),
        start=int(fields[3]),
        end=int(fields[4]),
        strand=fields[6] if fields[6] in ("+", "-") else None,
        biotype=first("gene_type", "gene_biotype", "biotype"),
        aliases={v for v in map(said, given.get("gene_synonym", ())) if v},
    )


def _add_part(raw: bytes, number: int, parts: dict[str, tuple[int, Gene]]) -> None:
    """Stretch a gene over its transcripts and exons."""
    gene = _gene(raw)
    key = gene.ensembl[0] if gene.ensembl else gene.symbol
    if key is None:
        return
    _, known = parts.setdefault(key, (number, gene))
    if known.chromosome == gene.chromosome and known.start and gene.start:
        known.start = min(known.start, gene.start)
        known.end = max(known.end or 0, gene.end or 0)


def _add_protein(raw: bytes, proteins: dict[str, set[str]]) -> None:
    """Remember the protein of a coding stretch; STRING names genes by them."""
    gene = re.search(rb'gene_id[ =]"?(ENS[A-Z]*G[0-9]{11})', raw)
    protein = re.search(rb'protein_id[ =]"?(ENS[A-Z]*P[0-9]{11})', raw)
    if gene and protein:
        proteins.setdefault(gene[1].decode(), set()).add(protein[1].decode())
