"""The study's genes: the names its tables show, and the words that mean them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa

from cohortmart.core.lake.file_manifest import Entry
from cohortmart.core.schemas.tables import LAKE_TABLES
from ingest.read.manifest.manifest import as_arrow
from ingest.reference.gene_lookup import GeneLookup, GeneMatches, bare_id, match_features
from ingest.write.samples import AssayFeatures


@dataclass(frozen=True)
class StudyGenes:
    """What the genes of a study are called.

    Parameters
    ----------
    names : frozenset of str
        As `dim_gene` and `bridge_probe_gene` show them.
    own : dict of str to str
        Ids and names of the count matrices that the tables do not show as names, to those.
    lookup : GeneLookup
        Words of `reference.genes`.
    matches : GeneMatches
        Features found there.
    probe_words : dict of str to str
        Gene names of the manifests that the tables show under another name.
    """

    names: frozenset[str]
    own: dict[str, str]
    lookup: GeneLookup
    matches: GeneMatches = field(default_factory=GeneMatches)
    probe_words: dict[str, str] = field(default_factory=dict)

    def name_of(self, word: str) -> str:
        """Return the name that the study has for a word; the word where it has none."""
        if word in self.names:
            return word
        bare = bare_id(word)
        if bare in self.own:
            return self.own[bare]
        meaning = self.lookup.get(bare)
        if meaning is not None and meaning.symbol is not None:
            return meaning.symbol
        return bare if bare in self.names else word

    @property
    def words(self) -> frozenset[str]:
        """All words that mean a gene of the study."""
        further = (
            word for word, meaning in self.lookup.meanings.items() if meaning.symbol in self.names
        )
        return self.names | self.own.keys() | frozenset(further)

    def renamed(self, words: Iterable[str]) -> dict[str, str]:
        """Return the words that the study has another name for, with that."""
        found = ((word, self.name_of(word)) for word in words)
        return {word: name for word, name in found if word != name}


def study_genes(
    assays: Collection[AssayFeatures],
    lookup: GeneLookup,
    probe_genes: Iterable[str] = (),
) -> StudyGenes:
    """Name the genes of a study.

    Parameters
    ----------
    assays : collection of AssayFeatures
        All assays.
    lookup : GeneLookup
        Words of `reference.genes`; perhaps none.
    probe_genes : iterable of str
        Gene names of the manifests; only where an assay has probes.
    """
    matches = match_features(assays, lookup) if lookup else GeneMatches()
    names: set[str] = set()
    own: dict[str, str] = {}
    for part in assays:
        if part.kind == "continuous":
            names.update(part.features["gene_name"].drop_null().to_pylist())
        if part.kind != "counts":
            continue
        ids = part.features["feature_id"].to_pylist()
        numbered = _are_row_numbers(ids)
        for feature, given in zip(ids, part.features["gene_name"].to_pylist(), strict=True):
            name = matches.symbols.get((part.assay, feature), given or feature)
            names.add(name)
            for word in (given, None if numbered else bare_id(feature)):
                if word is not None and word != name:
                    own.setdefault(word, name)
    probe_words = {}
    for word in probe_genes:
        meaning = lookup.get(word)
        symbol = None if meaning is None or word in names else meaning.symbol
        if symbol is not None and symbol != word:
            probe_words[word] = symbol
    names |= {probe_words.get(word, word) for word in probe_genes}
    own = {word: name for word, name in own.items() if word not in names}
    return StudyGenes(frozenset(names), own, lookup, matches, probe_words)


def _are_row_numbers(ids: Collection[str]) -> bool:
    """Whether ids count the rows: they name nothing outside of their file."""
    if not all(one.isdigit() for one in ids):
        return False
    numbers = sorted(int(one) for one in ids)
    return bool(numbers) and numbers[0] in (0, 1) and numbers[-1] - numbers[0] == len(numbers) - 1


def distinct_words(lake: Path, entries: Iterable[Entry], table: str, *columns: str) -> list[str]:
    """Return the distinct words of some columns of a lake table, sorted; none without the table.

    Parameters
    ----------
    lake : Path
    entries : iterable of Entry
    table : str
    *columns : str
    """
    path = next((lake / e.path for e in entries if e.table_name == table), None)
    if path is None:
        return []
    parts = [
        pl.scan_parquet(path).select(pl.col(c).alias("word")).unique().collect()["word"]
        for c in columns
    ]
    return pl.concat(parts).drop_nulls().unique().sort().to_list()


def translation_table(genes: StudyGenes, words: Iterable[str]) -> pa.Table | None:
    """Return the lake's `gene_translation`; None where every word stays as it is.

    Parameters
    ----------
    genes : StudyGenes
    words : iterable of str
        Of gene sets and networks; those of manifests are known.
    """
    pairs = {**genes.renamed(words), **genes.probe_words}
    if not pairs:
        return None
    ordered = sorted(pairs)
    table = pl.DataFrame(
        {"word": ordered, "gene_name": [pairs[word] for word in ordered]},
        schema={"word": pl.String, "gene_name": pl.String},
    )
    return as_arrow(table, LAKE_TABLES["gene_translation"])
