"""Cells of a network's table: names of genes, organisms and scores, also out of PSI-MITAB."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import polars as pl

from ingest.read.text.lines import tidy_genes

#: How PSI-MITAB 2.5 begins: two ids, two alternative ids, two lists of aliases.
MITAB_FIELDS = 15
_MITAB_ID = re.compile(r"[A-Za-z][A-Za-z0-9 ./_-]*:\S.*")
MITAB_TAXA = (9, 10)
MITAB_SCORE = 14
#: Kinds of names in PSI-MITAB, each with the patterns that find them in id, alternatives, aliases.
MITAB_NAMES = {
    "gene symbols": (
        r"uniprotkb:([^|():]+)\(gene name\)",
        r"entrez gene/locuslink:([^|()0-9][^|():]*)(?:$|\|)",
    ),
    "Entrez numbers": (r"entrez gene/locuslink:([0-9]+)(?:$|\|)",),
    "Ensembl genes": (r"\b(ENS[A-Z]*G[0-9]{11})",),
    "UniProt accessions": (r"(?:^|\|)uniprot(?:kb|/swiss-prot):([A-Z0-9]+)",),
}
_MITAB_SCORE = r"(?:score|miscore)[a-z ()_-]*:([0-9.eE+-]+)"
#: STRING writes the species before Ensembl's proteins; Ensembl and RefSeq a version behind.
_TAXON = r"^[0-9]+\.(ENS[A-Z]*P[0-9]{11})$"
_VERSION = r"^(ENS[A-Z]{0,6}[GTP][0-9]{11})\.[0-9]+$"


def is_mitab(fields: Sequence[str]) -> bool:
    """Whether the fields of a line are those of PSI-MITAB (`entrez gene/locuslink:6416`, ...)."""
    return len(fields) >= MITAB_FIELDS and all(
        _MITAB_ID.fullmatch(field.strip().strip('"')) for field in fields[:2]
    )


def mitab_names(fields: pl.Series, kind: str) -> tuple[pl.Series, pl.Series]:
    """Return the names of one kind of both interactors, null where PSI-MITAB has none.

    Parameters
    ----------
    fields : pl.Series of List(String), shape (rows,)
    kind : str
        A key of `MITAB_NAMES`.
    """
    sides = []
    for side in (0, 1):
        parts = [fields.list.get(2 * k + side, null_on_oob=True).fill_null("-") for k in range(3)]
        text = parts[0] + "|" + parts[1] + "|" + parts[2]
        found = pl.Series([None] * len(fields), dtype=pl.String)
        for pattern in MITAB_NAMES[kind]:
            named = text.str.replace_all('"', "").str.extract(pattern).str.strip_chars()
            found = found.zip_with(found.is_not_null(), named)
        sides.append(found)
    return sides[0], sides[1]


def gene_cells(fields: pl.Series, column: int) -> pl.Series:
    """Return a column of names, tidied; the species before Ensembl's proteins is taken off."""
    return without_taxon(tidy_genes(fields.list.get(column, null_on_oob=True)))


def without_taxon(names: pl.Series) -> pl.Series:
    """Return names without the species that STRING writes: 9606.ENSP00000269305."""
    return names.str.replace(_TAXON, "$1")


def has_taxon(names: pl.Series) -> bool:
    """Whether any name has the species before it."""
    return bool(names.str.contains(_TAXON).any())


def organisms(fields: pl.Series, column: int) -> pl.Series:
    """Return a column of organisms as numbers in text: `taxid:9606(human)` is 9606."""
    cells = fields.list.get(column, null_on_oob=True).str.strip_chars().str.strip_chars('"')
    number = cells.str.extract(r"^(?:taxid:)?(-?[0-9]+)")
    return number.zip_with(number.is_not_null(), cells)


def scores(fields: pl.Series, column: int, mitab: bool) -> pl.Series:
    """Return a column of scores as numbers, null where a cell holds none."""
    cells = fields.list.get(column, null_on_oob=True).str.strip_chars().str.strip_chars('"')
    if mitab:
        cells = cells.str.extract(_MITAB_SCORE)
    return cells.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)


def known_share(names: pl.Series, known: Collection[str]) -> float:
    """Return the share of distinct names that are known, without versions; 0 of no names.

    Parameters
    ----------
    names : pl.Series of String
    known : collection of str
    """
    distinct = names.drop_nulls().str.replace(_VERSION, "$1").unique()
    if distinct.is_empty():
        return 0.0
    return sum(name in known for name in distinct.to_list()) / len(distinct)
