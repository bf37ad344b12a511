"""Genes of tables: HGNC's complete set, NCBI's gene_info, and whatever names its columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from cohortmart.core.errors import IngestError
from cohortmart.core.text import listed
from ingest.read.genes.gene_records import (
    Gene,
    chromosome,
    ensembl_id,
    entrez_id,
    hgnc_id,
    said,
)
from ingest.read.text.delimited import delimiter_of

#: Names of columns, letters and digits alone, best first.
COLUMNS: dict[str, tuple[str, ...]] = {
    "symbol": ("approvedsymbol", "hgncsymbol", "symbol", "genesymbol", "genename",
               "externalgenename", "externalgeneid", "mgisymbol", "gene", "genes"),
    "ensembl": ("ensemblgeneid", "ensemblid", "ensembl", "ensemblgene", "genestableid",
                "genestableidversion", "ensemblidsuppliedbyensembl", "ensg", "ensembls"),
    "entrez": ("ncbigeneid", "entrezid", "entrezgeneid", "entrezgene", "entrez", "geneid",
               "ncbigeneformerlyentrezgeneid", "ncbigeneidsuppliedbyncbi", "ncbiid"),
    "either": ("geneid", "id", "rowname", ""),
    "hgnc": ("hgncid", "hgnc"),
    "previous": ("prevsymbol", "prevsymbols", "previoussymbol", "previoussymbols", "oldsymbol"),
    "aliases": ("aliassymbol", "aliassymbols", "aliases", "alias", "synonyms", "synonym",
                "genesynonym", "genesynonyms"),
    "chromosome": ("chromosome", "chr", "chrom", "chromosomename", "chromosomescaffoldname",
                   "seqname", "seqnames"),
    "band": ("location", "cytoband", "maplocation", "band"),
    "start": ("start", "startposition", "genestart", "genestartbp", "startpositionbp"),
    "end": ("end", "endposition", "geneend", "geneendbp", "endpositionbp"),
    "strand": ("strand",),
    "biotype": ("genebiotype", "biotype", "genetype", "typeofgene", "locustype", "locusgroup"),
    "name": ("name", "approvedname", "description"),
    "status": ("status",),
    "references": ("dbxrefs",),
    "taxon": ("taxid",),
}  # fmt: skip
_NAMES = ("symbol", "ensembl", "entrez", "either", "hgnc")
_SEVERAL = re.compile(r"[|;]|,\s+")
_BAND = re.compile(r"(?:chr)?(\d{1,2}|X|Y|MT?|mitochondria)(?:[pqc].*)?", re.IGNORECASE)
_SEE = re.compile(r"symbol withdrawn, see \[?([A-Za-z0-9._-]+)", re.IGNORECASE)
_HUMAN = "9606"


def read_gene_table(
    path: Path, stream: BinaryIO, head: Sequence[str]
) -> Iterator[tuple[int, Gene]]:
    """Yield the genes of a table with their lines.

    Rows of one gene are several where its ids or aliases are; HGNC's withdrawn symbols become
    former symbols of the gene they were merged into.

    Parameters
    ----------
    path : Path
        For messages.
    stream : BinaryIO
        UTF-8 text.
    head : sequence of str
        The first lines.

    Raises
    ------
    IngestError
        No column is known to hold symbols or ids, a position is no number, or genes of several
        species are in it and none are human.
    """
    at = next((i for i, line in enumerate(head) if line.strip() and not _comment(line)), None)
    at = len(head) - 1 if at is None else at
    delimiter = delimiter_of(head[at : at + 2])
    names = _split(head[at].lstrip("#"), delimiter)
    row = _split(head[at + 1], delimiter) if at + 1 < len(head) else []
    if len(row) == len(names) + 1:  # R leaves the corner over its row names out
        names = ["", *names]
    fields = _fields(path, at + 1, names)
    for number, raw in enumerate(stream, start=1):
        if number <= at + 1 or not raw.strip():
            continue
        cells = _split(raw.decode("utf-8").rstrip("\r\n"), delimiter)
        gene = _gene(path, number, cells, fields)
        if gene is not None:
            yield number, gene


def _comment(line: str) -> bool:
    """Whether a line above the header is a comment; gene_info's header begins with `#`, too."""
    return line.startswith("#") and "\t" not in line


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == "\t":
        return line.split("\t")
    return next(csv.reader([line], delimiter=delimiter), [])


def _fields(path: Path, line: int, names: Sequence[str]) -> dict[str, int]:
    bare = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in names]
    fields = {}
    for role, words in COLUMNS.items():
        known = next((word for word in words if word in bare), None)
        if known is not None:
            fields[role] = bare.index(known)
    if "either" in fields and fields["either"] == fields.get("entrez"):
        del fields["entrez"]  # `gene_id` may be Ensembl's
    if not any(role in fields for role in _NAMES if role != "either") and not (
        "either" in fields and len(fields) > 1
    ):
        raise IngestError(
            "this is no table of genes that is known",
            file=path,
            line=line,
            expected="a GTF, a GFF3, or a header with columns such as symbol, ensembl_gene_id, "
            "entrez_id, alias_symbol, prev_symbol, chromosome, start, end, strand, gene_biotype",
            found=listed([n.strip() for n in names], most=8),
            hint="name the columns in the first line of the table",
        )
    return fields


def _gene(path: Path, line: int, cells: Sequence[str], fields: dict[str, int]) -> Gene | None:
    n = len(cells)
    cell = {role: said(cells[at]) for role, at in fields.items() if at < n}.get

    if cell("taxon") not in (None, _HUMAN) and "references" in fields:
        return None
    symbol = cell("symbol")
    either = cell("either")
    status = (cell("status") or "").lower()
    if "withdrawn" in status or (symbol or "").endswith("~withdrawn"):
        merged = _SEE.search(cell("name") or "")
        former = (symbol or "").removesuffix("~withdrawn")
        return Gene(symbol=merged[1], previous={former}) if merged and former else None
    ensembl = [ensembl_id(c) for c in _SEVERAL.split(cell("ensembl") or "")]
    ensembl += [ensembl_id(either)]
    references = _SEVERAL.split(cell("references") or "")
    ensembl += [ensembl_id(r.removeprefix("Ensembl:")) for r in references]
    hgnc = cell("hgnc") or next((r for r in references if r.startswith("HGNC:")), None)
    band = _BAND.fullmatch((cell("band") or "").split(" ")[0])
    gene = Gene(
        symbol=symbol if symbol is None or not ensembl_id(symbol) else None,
        ensembl=[e for e in dict.fromkeys(ensembl) if e],
        entrez_id=entrez_id(cell("entrez")) or entrez_id(either),
        hgnc_id=hgnc_id(hgnc),
        chromosome=chromosome(cell("chromosome") or (band[1] if band else None)),
        start=_position(path, line, cell("start"), "start"),
        end=_position(path, line, cell("end"), "end"),
        strand={"1": "+", "-1": "-", "+": "+", "-": "-"}.get(_strand(cells, fields)),
        biotype=cell("biotype"),
        previous=_words(cell("previous")),
        aliases=_words(cell("aliases")),
    )
    named = gene.symbol or gene.ensembl or gene.entrez_id or gene.hgnc_id
    return gene if named else None


def _strand(cells: Sequence[str], fields: dict[str, int]) -> str:
    """Return the strand as it is written: `-` is one here."""
    at = fields.get("strand", len(cells))
    return cells[at].strip().strip('"') if at < len(cells) else ""


def _words(cell: str | None) -> set[str]:
    return {word for word in map(said, _SEVERAL.split(cell or "")) if word}


def _position(path: Path, line: int, cell: str | None, what: str) -> int | None:
    if cell is None:
        return None
    bare = cell.removesuffix(".0")
    if bare.isdigit():
        return int(bare)
    raise IngestError(
        f"the {what} of a gene is no number",
        file=path,
        line=line,
        expected="a position from 1",
        found=f"`{cell}`",
        hint="correct the cell, or leave it empty",
    )
