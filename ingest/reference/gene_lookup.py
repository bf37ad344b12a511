"""Words looked up in the reference of genes, and the features of count matrices found there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from cohortmart.core.schemas.tables import LAKE_TABLES
from cohortmart.core.text import counted, listed
from ingest.read.manifest.manifest import as_arrow
from ingest.write.samples import AssayFeatures

#: Names of today; the other kinds are former or further ones.
CURRENT = ("ensembl", "entrez", "hgnc", "symbol", "protein")
_VERSION = re.compile(r"^(ENS[A-Z]{0,6}[0-9]{11})\.[0-9]+(_PAR_Y)?$")
_TAXON = re.compile(r"^[0-9]+\.(?=ENS[A-Z]*P[0-9]{11}$)")
#: Symbols that Excel takes for dates: SEPT2, MARCH1, DEC1.
_MONTH = r"(?i)^(jan|feb|mar|marc|march|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[0-9]{1,2}$"
_SHOWN = 5


@dataclass(frozen=True)
class Meaning:
    """The gene that a word means.

    Parameters
    ----------
    gene : int
        Its number in the reference.
    kind : str
        What the word is of it: ensembl, entrez, hgnc, symbol, previous, alias or protein.
    symbol : str or None
        Current symbol.
    """

    gene: int
    kind: str
    symbol: str | None


class GeneLookup:
    """All words of the reference that mean one gene and no other.

    Parameters
    ----------
    aliases : pl.DataFrame, optional
        The lake's `gene_alias`; without it no word has a meaning.
    """

    def __init__(self, aliases: pl.DataFrame | None = None) -> None:
        self.meanings: dict[str, Meaning] = {}
        self._former: dict[str, dict[int, str | None]] = {}
        if aliases is None:
            return
        official = aliases.filter(pl.col("kind").is_in(["symbol", "previous"]))
        months = official.filter(pl.col("alias").str.contains(_MONTH))
        for alias, gene, symbol in months.select(
            "alias", "reference_gene", "gene_name"
        ).iter_rows():
            self._former.setdefault(alias, {})[gene] = symbol
        certain = aliases.filter("is_certain").unique("alias", keep="first", maintain_order=True)
        for alias, kind, gene, symbol in certain.select(
            "alias", "kind", "reference_gene", "gene_name"
        ).iter_rows():
            self.meanings[alias] = Meaning(gene, kind, symbol)

    def __bool__(self) -> bool:
        return bool(self.meanings)

    def get(self, word: str | None) -> Meaning | None:
        """Return what a word means, None where that is not certain."""
        return None if word is None else self.meanings.get(word)

    def former(self, words: Iterable[str]) -> dict[int, str | None]:
        """Return the genes whose symbol is or was one of some words that Excel takes for dates.

        Parameters
        ----------
        words : iterable of str
            Such as SEPT2.

        Returns
        -------
        dict of int to str or None
            Number of the gene to its current symbol.
        """
        return {g: s for word in words for g, s in self._former.get(word, {}).items()}


def bare_id(word: str) -> str:
    """Return an id of Ensembl without its version, and without STRING's species; others as is."""
    return _VERSION.sub(r"\1\2", _TAXON.sub("", word))


@dataclass(frozen=True)
class GeneMatches:
    """Features of the count assays that are genes of the reference.

    Parameters
    ----------
    symbols : mapping of (str, str) to str
        Assay and feature to the current symbol, where the reference has one.
    table : pa.Table
        The lake's `gene_match`.
    notes : tuple of str
        How many were found, and how many under former names.
    """

    symbols: Mapping[tuple[str, str], str] = field(default_factory=dict)
    table: pa.Table = None
    notes: tuple[str, ...] = ()


def match_features(assays: Iterable[AssayFeatures], lookup: GeneLookup) -> GeneMatches:
    """Find the gene of each feature: by its id, else by its name.

    A former symbol or alias counts only if no other feature of the assay is the same gene: two
    rows are never given one name because a list of aliases says so.

    Parameters
    ----------
    assays : iterable of AssayFeatures
        Those that are not of counts are passed over.
    lookup : GeneLookup
        Not empty.
    """
    rows: list[tuple[str, str, int, str]] = []
    symbols: dict[tuple[str, str], str] = {}
    notes = []
    for part in sorted(assays, key=lambda one: one.assay):
        if part.kind != "counts":
            continue
        ids = part.features["feature_id"].to_pylist()
        found = _of_assay(ids, part.features["gene_name"].to_pylist(), lookup)
        for feature, meaning in found.items():
            rows.append((part.assay, feature, meaning.gene, meaning.kind))
            if meaning.symbol is not None:
                symbols[part.assay, feature] = meaning.symbol
        notes += _notes(part.assay, len(ids), found)
    columns = ("assay", "feature_id", "reference_gene", "matched_by")
    schema = dict(zip(columns, (pl.String, pl.String, pl.Int64, pl.String), strict=True))
    table = pl.DataFrame(rows, schema=schema, orient="row").sort("assay", "feature_id")
    return GeneMatches(symbols, as_arrow(table, LAKE_TABLES["gene_match"]), tuple(notes))


def _of_assay(
    ids: Sequence[str], names: Sequence[str | None], lookup: GeneLookup
) -> dict[str, Meaning]:
    found: dict[str, Meaning] = {}
    former: list[tuple[str, Meaning]] = []
    for feature, name in zip(ids, names, strict=True):
        meaning = _meaning(feature, name, lookup)
        if meaning is None:
            continue
        if meaning.kind in CURRENT:
            found[feature] = meaning
        else:
            former.append((feature, meaning))
    taken = {meaning.gene for meaning in found.values()}
    times = Counter(meaning.gene for _, meaning in former)
    for feature, meaning in former:
        if meaning.gene not in taken and times[meaning.gene] == 1:
            found[feature] = meaning
    return found


def _meaning(feature: str, name: str | None, lookup: GeneLookup) -> Meaning | None:
    by_id, by_name = lookup.get(bare_id(feature)), lookup.get(name)
    if by_id is None or by_name is None:
        return by_id or by_name
    if by_id.kind == "entrez" and by_name.gene != by_id.gene and by_name.kind == "symbol":
        return by_name  # numbers of rows look like NCBI's
    if by_id.kind not in CURRENT and by_name.kind in CURRENT:
        return by_name
    return by_id


def _notes(assay: str, n: int, found: Mapping[str, Meaning]) -> list[str]:
    said = f"{assay}: {len(found):,} of {counted(n, 'gene')} found in reference.genes"
    former = sorted(f for f, m in found.items() if m.kind not in CURRENT)
    if former:
        some = [f"{f} is {found[f].symbol}" for f in former]
        said += f", {len(former):,} of them by a former symbol or alias: {listed(some, _SHOWN)}"
    return [said]
