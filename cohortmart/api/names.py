"""Names of features: what a word of a person means among genes, CpGs and measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb

from cohortmart.core.errors import InputError
from cohortmart.core.study.kinds import BETA, CONTINUOUS, COUNTS, KINDS
from cohortmart.core.text import listed, nearest
from cohortmart.core.warehouse.query import answer

#: Words that mean a gene by its present name: rank 1 is surer than 2.
_OTHER_NAMES = """
    select a.alias as word, g.gene_id as feature_id, 4 as rank
    from bridge_gene_alias as a
    inner join dim_gene as g on g.gene_name = a.gene_name or g.ensembl_id = a.ensembl_id
"""
#: Every word that means a feature: word, feature_id, rank (the least counts).
_WORDS: Mapping[str, str] = {
    COUNTS: f"""
        select gene_id as word, gene_id as feature_id, 1 as rank from dim_gene
        union all select gene_name, gene_id, 2 from dim_gene
        union all select ensembl_id, gene_id, 3 from dim_gene
        union all select matrix_name, gene_id, 3 from dim_gene
        union all {_OTHER_NAMES}
    """,
    BETA: """
        select probe_id as word, probe_id as feature_id, 1 as rank from dim_probe
        union all select gene_name, probe_id, 2 from bridge_probe_gene
    """,
    CONTINUOUS: """
        select feature_id as word, feature_id, 1 as rank from dim_measure where assay = $assay
        union all select measure_name, feature_id, 2 from dim_measure where assay = $assay
        union all select gene_name, feature_id, 3 from dim_measure where assay = $assay
    """,
}
#: Ids of features: a word that is one means it, whatever else is called so.
_IDS: Mapping[str, str] = {
    COUNTS: "select gene_id from dim_gene where gene_id in (select unnest($words::varchar[]))",
    BETA: "select probe_id from dim_probe where probe_id in (select unnest($words::varchar[]))",
    CONTINUOUS: """
        select feature_id from dim_measure
        where assay = $assay and feature_id in (select unnest($words::varchar[]))
    """,
}
#: Of more names than this the nearest is looked for only among those that begin alike.
_MOST_COMPARED = 5_000


def features_meant(
    con: duckdb.DuckDBPyConnection, assay: str, kind: str, words: Sequence[str]
) -> list[str]:
    """Return the features of an assay that words mean, in the order of the words.

    Parameters
    ----------
    con : DuckDBPyConnection
    assay, kind : str
    words : sequence of str
        Ids, names or other names; whatever the case, where no feature is written just so. The
        name of a gene means all of its CpGs.

    Raises
    ------
    InputError
        A word means no feature.
    """
    params: dict[str, Any] = {"words": list(words)}
    if kind == CONTINUOUS:
        params["assay"] = assay
    ids = {i for (i,) in answer(con, _IDS[kind], params).fetchall()}
    if ids.issuperset(words):  # hundreds of thousands of names are not looked through
        return list(dict.fromkeys(words))
    rows = answer(
        con,
        f"""
        with known as ({_WORDS[kind]}),
        wanted as (
            select unnest($words::varchar[]) as asked,
                generate_subscripts($words::varchar[], 1) as place
        ),
        found as (
            select w.asked, w.place, k.feature_id, k.rank
            from wanted as w inner join known as k on k.word = w.asked
            union all
            select w.asked, w.place, k.feature_id, k.rank + 10
            from wanted as w inner join known as k on lower(k.word) = lower(w.asked)
        )
        select distinct asked, place, feature_id from found
        qualify rank = min(rank) over (partition by asked)
        order by place, feature_id
        """,
        params,
    ).fetchall()
    unknown = [word for word in words if word not in {asked for asked, _, _ in rows}]
    if unknown:
        known = f"select distinct word from ({_WORDS[kind]})"
        given = {"assay": assay} if kind == CONTINUOUS else {}
        raise no_such(
            f"{KINDS[kind].feature} in {assay}", unknown, _like(con, known, unknown[0], given)
        )
    return list(dict.fromkeys(feature for _, _, feature in rows))


def gene_meant(con: duckdb.DuckDBPyConnection, word: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the name of the gene that a word means, and its ids among the genes counted.

    Parameters
    ----------
    con : DuckDBPyConnection
    word : str
        Id, symbol, former symbol or other name.

    Returns
    -------
    name : str or None
        None: the gene has an id and no name.
    gene_ids : tuple of str
        Empty where only its CpGs or its proteins were measured.

    Raises
    ------
    InputError
        No gene of the study is called so.
    """
    known = f"""
        select word, feature_id as gene_id, name, rank
        from ({_WORDS[COUNTS]})
        inner join (select gene_id as feature_id, gene_name as name from dim_gene)
            using (feature_id)
        union all select gene_name, null, gene_name, 5 from bridge_probe_gene
        union all select gene_name, null, gene_name, 5 from dim_measure
        union all select a.alias, null, a.gene_name, 6 from bridge_gene_alias as a
            where a.gene_name in (select gene_name from bridge_probe_gene)
            or a.gene_name in (select gene_name from dim_measure)
    """
    query = f"""
        with known as ({known}),
        found as (
            select gene_id, name, rank from known where word = $word
            union all
            select gene_id, name, rank + 10 from known where lower(word) = lower($word)
        )
        select distinct gene_id, name from found qualify rank = min(rank) over ()
        order by name, gene_id
    """
    rows = answer(con, query, {"word": word}).fetchall()
    if not rows:
        names = f"select distinct word from ({known})"
        raise no_such("gene in this study", [word], _like(con, names, word, {}))
    names_found = sorted({name for _, name in rows if name is not None})
    if len(names_found) > 1:
        raise InputError(
            f"`{word}` means more than one gene",
            found=listed(names_found),
            hint="ask for one of them",
        )
    return names_found[0] if names_found else None, tuple(i for i, _ in rows if i is not None)


def no_such(what: str, words: Sequence[str], known: Iterable[str]) -> InputError:
    """Return the error for names that nothing has.

    Parameters
    ----------
    what : str
        As in "no gene in rna".
    words : sequence of str
        The names; those behind the first are only listed.
    known : iterable of str
        What there is, or what of it begins alike.
    """
    there = list(known)
    likely = nearest(words[0], there)
    return InputError(
        f"there is no {what} called `{words[0]}`",
        found=listed(list(words)) if len(words) > 1 else None,
        expected=f"one of {listed(there, 8)}" if there and likely is None else None,
        hint=f"did you mean `{likely}`?" if likely else None,
    )


def _like(
    con: duckdb.DuckDBPyConnection, words: str, word: str, params: Mapping[str, Any]
) -> list[str]:
    """Return the words of a query that are most like a word: few of many."""
    near = f"""
        select word from ({words}) where word is not null
        order by jaro_winkler_similarity(lower(word), lower($asked)) desc, word
        limit {_MOST_COMPARED}
    """
    return [w for (w,) in answer(con, near, {**params, "asked": word}).fetchall()]
