"""What a few typed letters may mean, the surest first."""

from __future__ import annotations

from dataclasses import dataclass

from cohortmart.explore.answers.addresses import (
    address,
    contrast_address,
    feature_address,
    gene_address,
    person_address,
    sample_address,
    set_address,
)
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.search.words import WORDS, make_words

#: Kinds of things, those that are looked for most first.
_KINDS = ("gene", "measure", "set", "contrast", "person", "sample")
_WORDS = f"""
    select written, kind, first, second, said,
        case when word = $typed then 0 when starts_with(word, $typed) then 1 else 2 end as rank
    from {WORDS}
    where contains(word, $typed)
    order by rank, list_position($kinds, kind), length(word), word, first, second
    limit $most
"""
#: By a range of ids, which lie in order: 866,000 are not looked through.
_PROBES = """
    select d.assay, p.probe_id from dim_probe as p
    cross join (select min(assay) as assay from staging.stg_lake__assays where kind = 'beta') as d
    where p.probe_id >= $low and p.probe_id < $high and d.assay is not null
    order by p.probe_id limit $most
"""


@dataclass(frozen=True)
class Found:
    """Something that was found.

    Parameters
    ----------
    title : str
        Its name.
    kind : str
        What it is, in a word.
    said : str
        What is known besides: its gene, its assay.
    address : str
        Where it is shown.
    """

    title: str
    kind: str
    said: str
    address: str


def found(explored: Explored, typed: str, most: int = 12) -> list[Found]:
    """Return what a person may mean by what was typed so far.

    Parameters
    ----------
    explored : Explored
    typed : str
        The beginning or a part of any name: id, symbol, alias, probe id, set, contrast, person or
        sample; whatever the case.
    most : int
        How many are wanted.
    """
    word = " ".join(typed.split())
    if not word:
        return []
    explored.kept("search words", make_words)
    with explored.asked() as asked:
        rows = asked.rows(_WORDS, {"typed": word.lower(), "kinds": list(_KINDS), "most": most})
        things = [_thing(asked, row) for row in rows]
        # a person's name inside of another name is not shown, and not asked for
        shown = [t for t in things if asked.names.words(t.title) == t.title]
        if len(shown) < most:
            shown += _probes(asked, word, most - len(shown))
    return list(dict.fromkeys(shown))


def _thing(asked: Asked, row: dict[str, str | None]) -> Found:
    kind, first, second = str(row["kind"]), str(row["first"]), row["second"]
    where = {
        "gene": lambda: gene_address(first),
        "measure": lambda: feature_address(first, str(second)),
        "set": lambda: set_address(first, second),
        "contrast": lambda: contrast_address(first, str(second)),
        "person": lambda: person_address(first),
        "sample": lambda: sample_address(first),
    }.get(kind, lambda: address(""))()
    called = {"set": "gene set", "person": asked.subject.one}.get(kind, kind)
    said = row["said"] if row["said"] != row["written"] else None
    return Found(str(row["written"]), called, said or "", where)


def _probes(asked: Asked, word: str, most: int) -> list[Found]:
    if not asked.is_there("dim_probe"):
        return []
    shown: list[Found] = []
    for begin in dict.fromkeys((word, word[:2].lower() + word[2:])):
        given = {"low": begin, "high": f"{begin}\U0010ffff", "most": most}
        shown += [
            Found(row["probe_id"], "CpG", "", feature_address(row["assay"], row["probe_id"]))
            for row in asked.rows(_PROBES, given)
        ]
    return shown[:most]
