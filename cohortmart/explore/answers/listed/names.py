"""Names of genes, CpGs and measures: what each word of a list means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cohortmart.core.text import counted, nearest
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.report.source import Source

#: The table of all names but the ids of probes, which `dim_probe` has in order.
NAMES = "memory.main.list_name"
#: Names of `rank` 4 and more are other names of a gene; 5 those that several genes have.
_PARTS = {
    "dim_gene": """
        select gene_id as word, 'id' as how, 1 as rank, 'gene' as kind,
            coalesce(gene_name, gene_id) as key, null as feature_id from dim_gene
        union all
        select gene_name, 'symbol', 2, 'gene', gene_name, null from dim_gene
        union all
        select ensembl_id, 'id', 3, 'gene', coalesce(gene_name, gene_id), null from dim_gene
        union all
        select matrix_name, 'name in the matrix', 3, 'gene', coalesce(gene_name, gene_id), null
        from dim_gene
    """,
    "bridge_probe_gene": """
        select distinct gene_name, 'symbol', 2, 'gene', gene_name, null from bridge_probe_gene
    """,
    "dim_measure": """
        select feature_id, 'id', 1, 'measure', assay, feature_id from dim_measure
        union all
        select measure_name, 'name', 2, 'measure', assay, feature_id from dim_measure
        union all
        select gene_name, 'symbol', 2, 'gene', gene_name, null from dim_measure
    """,
}
_OTHER_NAMES = """
    select a.alias, case a.kind when 'previous' then 'former symbol' when 'alias' then 'other name'
        else a.kind || ' name' end, case when a.is_certain then 4 else 5 end, 'gene', k.key, null
    from bridge_gene_alias as a
    inner join (select distinct key from named where kind = 'gene') as k on k.key = a.gene_name
"""
_MEANT = f"""
    select word, written, how, rank, kind, key, feature_id from {NAMES}
    where word in (select unnest($words::varchar[]))
    order by word, kind, rank, key, feature_id, how
"""
#: A probe's id, which lies in order; else that which arrays of several versions share.
_PROBES = """
    select probe_id, {column} as name from dim_probe
    where {column} in (select unnest($ids::varchar[]))
    order by probe_id
"""
_ALIKE = f"""
    select w.asked, n.written
    from (select unnest($words::varchar[]) as asked) as w
    inner join {NAMES} as n on n.rank < 5
        and length(n.word) between length(w.asked) - 2 and length(w.asked) + 2
    qualify row_number() over (
        partition by w.asked
        order by jaro_winkler_similarity(n.word, lower(w.asked)) desc, n.word, n.written
    ) <= 20
    order by w.asked, jaro_winkler_similarity(n.word, lower(w.asked)) desc, n.word, n.written
"""
_OF_PROBE = re.compile(r"(cg|ch|rs|nv|ctl)[._\d]", re.IGNORECASE)
_VERSION = re.compile(r"(ens[a-z]*\d+)\.\d+", re.IGNORECASE)
#: Words that are not there for which a likely one is looked for.
_GUESSED = 5


@dataclass(frozen=True)
class Meaning:
    """What a word of a list means.

    Parameters
    ----------
    word : str
        As it was written.
    how : str
        What kind of name it is: id, symbol, former symbol; empty where it means nothing.
    genes : tuple of str
        Symbols, or ids of genes without one.
    measures : tuple of (str, str)
        Assay and id.
    probes : tuple of str
    several : tuple of str
        Genes of which it may mean any: none of them is taken.
    likely : str
        A name like it, where it means nothing.
    """

    word: str
    how: str = ""
    genes: tuple[str, ...] = ()
    measures: tuple[tuple[str, str], ...] = ()
    probes: tuple[str, ...] = ()
    several: tuple[str, ...] = ()
    likely: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the word means anything for certain."""
        return bool(self.genes or self.measures or self.probes)


def make_names(source: Source) -> str:
    """Make the table of names of a warehouse; return how many there are, in words.

    Parameters
    ----------
    source : Source
    """
    parts = [query for table, query in _PARTS.items() if source.is_there(table)]
    empty = "select null::varchar, null::varchar, 0, null::varchar, null::varchar, null::varchar"
    columns = "(word, how, rank, kind, key, feature_id)"
    others = _OTHER_NAMES if source.is_there("bridge_gene_alias") else empty
    source.con.execute(
        f"""
        create or replace table {NAMES} as
        with named{columns} as ({" union all ".join([empty, *parts])}),
        every{columns} as (select * from named union all {others})
        select lower(word) as word, min(word) as written, min(how) as how, rank, kind, key,
            feature_id
        from every where word <> '' and key is not null
        group by lower(word), rank, kind, key, feature_id
        order by lower(word), rank, kind, key, feature_id
        """
    )
    return counted(source.value(f"select count(*) from {NAMES}"), "name")


def known_phrases(explored: Explored, asked: Asked, several: Sequence[str]) -> set[str]:
    """Return those of some parts of a text that are one name, in small letters."""
    explored.kept("list names", make_names)
    if not several:
        return set()
    query = f"select distinct word from {NAMES} where word in (select unnest($words::varchar[]))"
    return {row["word"] for row in asked.rows(query, {"words": list(several)})}


def meanings(explored: Explored, asked: Asked, words: Sequence[str]) -> list[Meaning]:
    """Return what each word means, in their order.

    Parameters
    ----------
    explored : Explored
    asked : Asked
    words : sequence of str
        Ids, symbols, former symbols, common probe ids; whatever the case.
    """
    explored.kept("list names", make_names)
    spelt = {word: list(dict.fromkeys((word.lower(), _versionless(word)))) for word in words}
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in asked.rows(_MEANT, {"words": sorted({s for both in spelt.values() for s in both})}):
        rows.setdefault(row["word"], []).append(row)
    probes = _probes(asked, [w for w in words if _OF_PROBE.match(w)])
    found = [
        _meaning(word, next((rows[s] for s in spelt[word] if s in rows), []), probes.get(word, ()))
        for word in words
    ]
    unknown = [m.word for m in found if not m.is_known and not m.several][:_GUESSED]
    likely = _likely(asked, unknown)
    return [Meaning(m.word, likely=likely[m.word]) if m.word in likely else m for m in found]


def _versionless(word: str) -> str:
    match = _VERSION.fullmatch(word)
    return (match.group(1) if match else word).lower()


def _meaning(word: str, rows: Sequence[dict[str, Any]], probes: tuple[str, ...]) -> Meaning:
    """Take the surest kind of name; one that is written just so is surer than another case."""
    best: dict[str, list[dict[str, Any]]] = {}
    for kind in ("gene", "measure"):
        those = [row for row in rows if row["kind"] == kind]
        those = [row for row in those if row["rank"] == min(r["rank"] for r in those)]
        best[kind] = [row for row in those if row["written"] == word] or those
    genes, measures = best["gene"], best["measure"]
    if measures and genes and genes[0]["rank"] > 3:
        genes = []  # the other name of a gene that is the name of a measure
    names = tuple(dict.fromkeys(row["key"] for row in genes))
    is_unclear = len(names) > 1 or any(row["rank"] == 5 for row in genes)
    how = "id of a CpG" if probes else (genes or measures or [{"how": ""}])[0]["how"]
    return Meaning(
        word,
        how,
        () if is_unclear else names,
        tuple((row["key"], row["feature_id"]) for row in measures),
        probes,
        names if is_unclear else (),
    )


def _probes(asked: Asked, words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the probes that ids mean; Illumina writes cg and numbers, then what tells copies."""
    if not words or not asked.is_there("dim_probe"):
        return {}
    spelt = {
        word: list(dict.fromkeys((word, word.lower(), word[:2].lower() + word[2:].upper())))
        for word in words
    }
    by_id: dict[str, list[str]] = {}
    for column in ("probe_id", "common_probe_id"):
        ids = sorted({s for each in spelt.values() if not by_id.keys() & set(each) for s in each})
        if ids:
            for row in asked.rows(_PROBES.format(column=column), {"ids": ids}):
                by_id.setdefault(row["name"], []).append(row["probe_id"])
    return {
        word: tuple(dict.fromkeys(p for s in several for p in by_id.get(s, ())))
        for word, several in spelt.items()
    }


def _likely(asked: Asked, words: Sequence[str]) -> dict[str, str]:
    """Return the names that misspelt ones most likely stand for; empty where none is like it."""
    near: dict[str, list[str]] = {word: [] for word in words}
    compared = [word for word in words if not _OF_PROBE.match(word)]
    if compared:
        for row in asked.rows(_ALIKE, {"words": compared}):
            near[row["asked"]].append(row["written"])
    return {word: nearest(word, names, cutoff=0.7) or "" for word, names in near.items()}
