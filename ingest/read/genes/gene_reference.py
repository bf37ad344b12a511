"""The reference of genes: its genes, and all words that mean them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted, listed
from ingest.read.genes.gene_records import Gene, GeneCollector
from ingest.read.genes.gene_table import read_gene_table
from ingest.read.genes.gff import is_gff, read_gff
from ingest.read.text.raw_file import RawFile, open_text

#: Part of what decides whether a file must be read again; raise it when the rows would differ.
GENES_READER_VERSION = "genes-1"
#: Kinds of words, what counts more first: of two genes with one word the one whose symbol it is.
KINDS = ("ensembl", "entrez", "hgnc", "symbol", "previous", "alias", "protein")
_RANK = {"ensembl": 0, "entrez": 0, "hgnc": 0, "symbol": 0, "protein": 0, "previous": 1, "alias": 2}
#: Families that HGNC renamed in 2020 (doi 10.1038/s41588-020-0669-3), most for Excel's sake: the
#: current symbol and the former one; in mice the same in lower case.
_RENAMED = (
    (re.compile(r"SEPTIN(\d+)"), r"SEPT\1"), (re.compile(r"Septin(\d+)"), r"Sept\1"),
    (re.compile(r"MARCHF(\d+)"), r"MARCH\1"), (re.compile(r"Marchf(\d+)"), r"March\1"),
    (re.compile(r"MTARC(\d)"), r"MARC\1"), (re.compile(r"Mtarc(\d)"), r"Marc\1"),
    (re.compile(r"DELEC1"), "DEC1"), (re.compile(r"Delec1"), "Dec1"),
    (re.compile(r"SELENOF"), "SEP15"), (re.compile(r"Selenof"), "Sep15"),
)  # fmt: skip
_HEAD_LINES = 60
_SHOWN = 5


@dataclass(frozen=True)
class GeneReference:
    """Genes and their names.

    Parameters
    ----------
    genes : pl.DataFrame
        A row a gene: `reference_gene` (its number, from 1), `symbol`, `ensembl_id`, `entrez_id`,
        `hgnc_id`, `chromosome`, `start_position`, `end_position`, `strand`, `biotype`.
    aliases : pl.DataFrame
        A row a word, kind (see `KINDS`) and gene: `alias`, `kind`, `reference_gene`,
        `gene_name` (the symbol) and `is_certain`: the word means this gene and no other.
    rows : tuple of int
        Genes of each file.
    formats : tuple of str
    notes : tuple of str
    """

    genes: pl.DataFrame
    aliases: pl.DataFrame
    rows: tuple[int, ...]
    formats: tuple[str, ...]
    notes: tuple[str, ...]


def read_genes(paths: Sequence[Path]) -> GeneReference:
    """Read the files of `reference.genes` and put the rows of each gene together.

    Parameters
    ----------
    paths : sequence of Path
        GTF, GFF3, HGNC's or NCBI's table, or a plain one, known by content. What an earlier file
        says counts; the later ones fill in what it does not say.

    Raises
    ------
    IngestError
        A file cannot be read, is none of these, or names no gene.
    """
    collector, rows, formats = GeneCollector(), [], []
    for path in paths:
        n, form = _read_file(path, collector)
        rows.append(n)
        formats.append(form)
    genes = sorted(collector.genes, key=_order)
    table = _gene_rows(genes)
    aliases = _alias_rows(genes)
    names = ", ".join(path.name for path in paths)
    return GeneReference(table, aliases, tuple(rows), tuple(formats), _notes(names, table, aliases))


def _read_file(path: Path, collector: GeneCollector) -> tuple[int, str]:
    with RawFile(path) as file:
        head, compression = file.lines(_HEAD_LINES), file.compression
    packed = "" if compression == "none" else f"+{compression}"
    gff = is_gff(head)
    form = (
        ("gff3" if any("=" in line.split("\t")[-1] for line in head[-5:]) else "gtf")
        if gff
        else "genes"
    )
    seen = 0
    with open_text(path) as stream:
        found = read_gff(stream) if gff else read_gene_table(path, stream, head)
        for line, gene in found:
            collector.add(gene)
            seen += line > 0
    if not seen:
        raise IngestError(
            "the file names no gene",
            file=path,
            expected="lines of genes, transcripts or exons" if gff else "one gene a line",
            hint="check that the download went through to the end",
        )
    return seen, form + packed


def _order(gene: Gene) -> tuple[str, ...]:
    ids = (gene.ensembl[0] if gene.ensembl else "", gene.entrez_id or "", gene.hgnc_id or "")
    return (gene.symbol or "", *ids)


def _gene_rows(genes: Sequence[Gene]) -> pl.DataFrame:
    text = dict.fromkeys(("symbol", "ensembl_id", "entrez_id", "hgnc_id"), pl.String)
    columns = {
        "reference_gene": range(1, len(genes) + 1),
        "symbol": [g.symbol for g in genes],
        "ensembl_id": [g.ensembl[0] if g.ensembl else None for g in genes],
        "entrez_id": [g.entrez_id for g in genes],
        "hgnc_id": [g.hgnc_id for g in genes],
        "chromosome": [g.chromosome for g in genes],
        "start_position": [g.start for g in genes],
        "end_position": [g.end for g in genes],
        "strand": [g.strand for g in genes],
        "biotype": [g.biotype for g in genes],
    }
    numbers = dict.fromkeys(("reference_gene", "start_position", "end_position"), pl.Int64)
    more = dict.fromkeys(("chromosome", "strand", "biotype"), pl.String)
    return pl.DataFrame(columns, schema={**numbers, **text, **more}, strict=False).select(
        list(columns)
    )


def _words(number: int, gene: Gene) -> Iterable[tuple[str, str, int, str | None]]:
    previous = gene.previous | set(former_symbols(gene.symbol))
    words: dict[str, Iterable[str | None]] = {
        "ensembl": gene.ensembl,
        "entrez": [gene.entrez_id],
        "hgnc": [gene.hgnc_id],
        "symbol": [gene.symbol],
        "previous": previous - {gene.symbol},
        "alias": gene.aliases - previous - {gene.symbol},
        "protein": gene.proteins,
    }
    for kind, its in words.items():
        yield from ((word, kind, number, gene.symbol) for word in its if word)


def former_symbols(symbol: str | None) -> list[str]:
    """Return what a gene was called before the renaming of 2020: SEPTIN2 was SEPT2."""
    return [
        pattern.sub(former, symbol)
        for pattern, former in _RENAMED
        if symbol and pattern.fullmatch(symbol)
    ]


def _alias_rows(genes: Sequence[Gene]) -> pl.DataFrame:
    """Return all words; certain is the one gene that a word of its best kind means."""
    rows = [row for i, gene in enumerate(genes, start=1) for row in _words(i, gene)]
    schema = {
        "alias": pl.String,
        "kind": pl.String,
        "reference_gene": pl.Int64,
        "gene_name": pl.String,
    }
    table = pl.DataFrame(rows, schema=schema, orient="row")
    rank = pl.col("kind").replace_strict(_RANK, return_dtype=pl.Int8)
    table = table.with_columns(is_best=rank == rank.min().over("alias"))
    genes_of = table.filter("is_best").group_by("alias").agg(n=pl.col("reference_gene").n_unique())
    alone = table["alias"].is_in(genes_of.filter(pl.col("n") == 1)["alias"].implode())
    table = table.with_columns(is_certain=pl.col("is_best") & alone).drop("is_best")
    return table.sort("alias", "kind", "reference_gene")


def _notes(names: str, genes: pl.DataFrame, aliases: pl.DataFrame) -> tuple[str, ...]:
    notes = []
    symbols = genes["symbol"].drop_nulls()
    doubled = symbols.filter(symbols.is_duplicated()).unique().sort().to_list()
    if doubled:
        notes.append(
            f"{names}: {counted(len(doubled), 'symbol')} of more than one gene "
            f"({listed(doubled, most=_SHOWN)}); such names are not used to find ids"
        )
    former = aliases.filter(aliases["kind"].is_in(["previous", "alias"]))
    n_words = former["alias"].n_unique()
    unclear = n_words - former.filter(former["is_certain"])["alias"].n_unique()
    if unclear:
        notes.append(
            f"{names}: {unclear:,} of {n_words:,} former symbols and aliases "
            "mean several genes, or are the symbol of another; they are left as they stand"
        )
    return tuple(notes)
