"""The gene of a name, by the words of the search."""

from __future__ import annotations

from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.search.words import WORDS, make_words

_GENES = f"""
    select distinct first from {WORDS} where word = lower($word) and kind = 'gene' order by first
"""
_ID = "select 1 from dim_gene where lower(gene_id) = lower(?) limit 1"
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
        None where the word is not just the name of one gene: `cohortmart.api.names.gene_meant`
        knows ids and other names, too, and takes ten times as long.
    """
    explored.kept("search words", make_words)
    found = asked.con.execute(_GENES, {"word": word}).fetchall()
    # an id, of whatever kind, means its own gene and not all that have its name
    if len(found) != 1 or found[0][0].lower() != word.lower():
        return None
    (name,) = found[0]
    if asked.con.execute(_ID, [word]).fetchall():
        return None
    ids = asked.con.execute(_IDS, {"name": name}).fetchall()
    return str(name), tuple(i for (i,) in ids)
