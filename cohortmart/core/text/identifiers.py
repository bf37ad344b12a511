"""Identifiers of genes: what kind most names of a list are, and what would make two lists agree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable

#: What `kind_of_ids` calls the CpGs and SNPs of an array.
PROBES = "methylation probes"
#: The first that fits a whole name counts; capitals and digits alone fit gene symbols as well.
_KINDS = (
    ("Ensembl genes", r"ENSG\d{11}(\.\d+)?"),
    ("mouse Ensembl genes", r"ENSMUSG\d{11}(\.\d+)?"),
    ("Ensembl transcripts", r"ENS(MUS)?T\d{11}(\.\d+)?"),
    ("Ensembl proteins", r"ENS(MUS)?P\d{11}(\.\d+)?"),
    ("Entrez numbers", r"\d+"),
    ("HGNC numbers", r"HGNC:\d+"),
    ("RefSeq accessions", r"[NX][MRP]_\d+(\.\d+)?"),
    (PROBES, r"(cg|ch\.\w+\.|rs)\d+\w*"),
    (
        "UniProt accessions",
        r"([OPQ]\d[A-Z0-9]{3}\d|[A-NR-Z]\d([A-Z][A-Z0-9]{2}\d){1,2})(-\d+)?",
    ),
    ("gene symbols", r"[A-Z][A-Z0-9.@_/-]*(orf\d+[A-Z0-9-]*)?"),
    ("mouse gene symbols", r"[A-Z][a-z0-9.-]*[a-z][a-z0-9.-]*|\d{4,}[A-Z]\d+Rik"),
    ("gene symbols in lower case", r"[a-z][a-z0-9.-]*"),
)
_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS)

#: So many names of each list are shown.
_SHOWN = 5


def kind_of_ids(names: Iterable[str]) -> str:
    """Guess what most names of a list are, in words.

    Parameters
    ----------
    names : iterable of str

    Returns
    -------
    str
        Such as "Ensembl genes", "Entrez numbers", "gene symbols", "mouse gene symbols" or
        "UniProt accessions"; "names of several kinds" where no kind has more than half of the
        names, "names of an unknown kind" where most fit none.
    """
    votes = Counter(_kind(name) for name in names)
    if not votes:
        return "no names"
    # a symbol such as P2RY11 looks like an accession, hence the vote
    kind, n = max(votes.items(), key=lambda item: (item[1], item[0]))
    return kind if 2 * n > votes.total() else "names of several kinds"


def n_probes(names: Iterable[str]) -> int:
    """Count the names that are those of probes of an array.

    Parameters
    ----------
    names : iterable of str
    """
    return sum(_kind(name) == PROBES for name in names)


def _kind(name: str) -> str:
    for kind, pattern in _PATTERNS:
        if pattern.fullmatch(name):
            return kind
    return "names of an unknown kind"


def shown_ids(names: Collection[str]) -> str:
    """Return the first names in order and what they look like.

    Parameters
    ----------
    names : collection of str
    """
    if not names:
        return "no names at all"
    first = sorted(set(names))[:_SHOWN]
    more = ", ..." if len(set(names)) > len(first) else ""
    return f"{kind_of_ids(names)}, such as {', '.join(first)}{more}"


def ids_hint(names: Collection[str], universe: Collection[str]) -> str:
    """Say which change would give two lists names in common.

    Parameters
    ----------
    names, universe : collection of str
    """
    if not names or not universe:
        return "give it genes"
    if _meet(names, universe, _without_version):
        return "leave out the version after the dot in one of them: they agree without"
    if _meet(names, universe, str.upper):
        return "write both in the same case: they agree but for capitals"
    first, second = kind_of_ids(names), kind_of_ids(universe)
    if first != second:
        return f"turn the {first} into {second}"
    return f"both look like {first}: are they of the same species, and is it the right file?"


def _meet(names: Collection[str], universe: Collection[str], change: Callable[[str], str]) -> bool:
    return not {change(n) for n in names}.isdisjoint(change(n) for n in universe)


def _without_version(name: str) -> str:
    """Take the version off an accession: ENSG00000141510.17 -> ENSG00000141510."""
    return re.sub(r"(?<=\d)\.\d+$", "", name)
