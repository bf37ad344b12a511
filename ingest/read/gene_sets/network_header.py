"""The header of a network's table: which pairs of columns name genes, scores and species."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: Words that tell the two interactors apart, each with its counterpart.
_SIDES = (
    ("a", "b"), ("1", "2"), ("source", "target"), ("from", "to"), ("bait", "prey"),
    ("ligand", "receptor"), ("regulator", "target"), ("tf", "target"), ("left", "right"),
    ("first", "second"), ("one", "two"), ("x", "y"), ("i", "j"), ("gene", "partner"),
)  # fmt: skip
#: Of these a header may consist: they say enough alone.
_ALONE = {"source", "target", "from", "to", "bait", "prey", "ligand", "receptor", "regulator"}
#: What names a gene or protein, best first; the rank decides where nothing else does.
_KINDS = (
    ("symbol", "symbols", "genesymbol", "genesymbols"),
    ("gene", "genes", "genename", "official", "hgnc"),
    ("entrez", "entrezgene", "ncbi", "geneid", "locuslink", "locus"),
    ("ensembl", "ensg", "ensp"),
    ("protein", "proteins", "node", "interactor", "interactors", "participant", "partner",
     "entity", "molecule", "v", "x", "preferred", "preferredname"),
    ("string", "uniprot", "uniprotkb", "swissprot", "biogrid", "systematic", "refseq", "acc",
     "accession", "ac", "unique", "identifier"),
)  # fmt: skip
_FILLERS = {"id", "ids", "s", "of", "name", "names", "approved", "alt", "interaction"}
_NAMING = {word: rank for rank, words in enumerate(_KINDS) for word in words}
_SPECIES = {"organism", "organisms", "taxid", "taxon", "tax", "taxonomy", "species"}
_SCORES = (
    "combined_score", "confidence_score", "mi_score", "miscore", "intact_miscore", "score",
    "confidence", "confidence_value_s", "weight", "probability", "pint", "p_int", "edge_weight",
)  # fmt: skip


@dataclass(frozen=True)
class ColumnPair:
    """Two columns of a table, from 0, that hold the same of both interactors.

    Parameters
    ----------
    first, second : int
    rank : int
        The smaller, the more likely it names genes; only where the content does not decide.
    """

    first: int
    second: int
    rank: int


@dataclass(frozen=True)
class NetworkHeader:
    """What the header of a network says.

    Parameters
    ----------
    names : tuple of str
        Of the columns.
    pairs : tuple of ColumnPair
        That may name genes, in the order of the file.
    species : ColumnPair or None
        Columns of the two organisms.
    scores : tuple of int
        Columns that hold how sure an interaction is, the most likely one first.
    """

    names: tuple[str, ...]
    pairs: tuple[ColumnPair, ...]
    species: ColumnPair | None
    scores: tuple[int, ...]


def read_names(names: Sequence[str]) -> NetworkHeader:
    """Find out what the columns of a network hold, from their names.

    Parameters
    ----------
    names : sequence of str
        Of all columns; `#` before the first does not count.
    """
    bare = tuple(name.strip().strip('"').lstrip("#").strip() for name in names)
    words = [_words(name) for name in bare]
    pairs, species = [], None
    for i, first in enumerate(words):
        for j, second in enumerate(words):
            stem = _stem(first, second) if i < j else None
            if stem is None:
                continue
            if set(stem) & _SPECIES:
                species = species or ColumnPair(i, j, 0)
            elif (rank := _rank(stem, first)) is not None:
                pairs.append(ColumnPair(i, j, rank))
    keys = ["_".join(word for word in w if word) for w in words]
    if species is None:  # one column for both
        alone = [i for i, w in enumerate(words) if w and set(w) <= _SPECIES | {"ncbi", "id"}]
        alone = [i for i in alone if set(words[i]) & _SPECIES]
        species = ColumnPair(alone[0], alone[0], 0) if alone else None
    scores = tuple(i for wanted in _SCORES for i, key in enumerate(keys) if key == wanted)
    return NetworkHeader(bare, tuple(pairs), species, scores)


def _words(name: str) -> list[str]:
    """Split a name into words: `OfficialSymbolA` and `official_symbol_a` are the same."""
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    split = re.sub(r"([A-Za-z])([0-9])", r"\1 \2", split)
    split = split.lower().replace("uni prot", "uniprot").replace("bio grid", "biogrid")
    words = [w for w in re.split(r"[^a-z0-9]+", split) if w]
    whole = re.sub(r"[^a-z0-9]", "", name.lower())
    if len(words) == 1 and whole[:-1] in _NAMING | dict.fromkeys(_FILLERS, 0) and whole[-1] in "ab":
        return [whole[:-1], whole[-1]]  # ENTITYA
    return words


def _stem(first: Sequence[str], second: Sequence[str]) -> list[str] | None:
    """Return what two names share, where they differ by the interactor alone."""
    if len(first) != len(second):
        return None
    differ = [k for k, (a, b) in enumerate(zip(first, second, strict=True)) if a != b]
    if len(differ) != 1 or (first[differ[0]], second[differ[0]]) not in _SIDES:
        return None
    return [word for k, word in enumerate(first) if k != differ[0]]


def _rank(stem: Sequence[str], name: Sequence[str]) -> int | None:
    """Return how likely a column names genes; None where its words say something else."""
    if not stem:
        return 4 if name[0] in _ALONE or name[0] in _NAMING else None
    if not set(stem) <= set(_NAMING) | _FILLERS | _ALONE:
        return None
    naming = [_NAMING[word] for word in stem if word in _NAMING]
    worst = len(_KINDS) - 1
    if worst in naming:
        return worst
    return min(naming, default=worst)
