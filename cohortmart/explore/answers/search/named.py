"""The gene of a name, by the words of the search."""

from __future__ import annotations

from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.search.words import WORDS, make_words

_GENES = f"""
    select distinct first from {WORDS} where word = lower($word) and kind = 'gene' order by first
"""
_IDS = "select gene_id from dim_gene where gene_name = $name order by gene_id"


def named_gene(explored: Explored, asked: Asked, word: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the name of the gene that a word means, and its ids among the genes counted.

    Parameters
    ----------
    explored : Explored
    asked : Asked
    word : str

    Returns
    -------
    (name, gene_ids) or None
        None where the word does not mean one gene with a name, and
        `cohortmart.api.names.gene_meant` has to decide; it knows the same names, in their order,
        and takes ten times as long.
    """
    explored.kept("search words", make_words)
    found = asked.con.execute(_GENES, {"word": word}).fetchall()
    if len(found) != 1:
        return None
    (name,) = found[0]
    ids = tuple(i for (i,) in asked.con.execute(_IDS, {"name": name}).fetchall())
    is_its_id = asked.con.execute("select 1 from dim_gene where gene_id = ?", [name]).fetchall()
    return None if is_its_id else (str(name), ids)
