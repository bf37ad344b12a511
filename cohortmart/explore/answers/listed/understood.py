"""What was understood of a list: every word is found, said to be not there, or to be double."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cohortmart.core.text import counted, listed
from cohortmart.explore.answers.listed.names import Meaning
from cohortmart.explore.answers.listed.words import Words
from cohortmart.report.blocks import Text
from cohortmart.report.pages.overview.features import Analysed

#: Kinds of names that need no word: they are what people write.
_USUAL = ("", "id", "symbol", "name", "id of a CpG")
#: Names in a line.
_MOST = 12


def understood(
    words: Words,
    meant: Sequence[Meaning],
    of: Analysed,
    features: Mapping[str, Sequence[str]],
    untested: Sequence[str],
    outside: Sequence[str],
) -> list[Text]:
    """Say what became of every word of a list.

    Parameters
    ----------
    words : Words
    meant : sequence of Meaning
        Of each word.
    of : Analysed
        The analysis that is shown.
    features : mapping of str to sequence of str
        Features of its assay, with the words that mean them.
    untested : sequence of str
        Those of them that the analysis did not test, by name.
    outside : sequence of str
        Those that are tested and not in the universe.
    """
    has_feature = {word for its in features.values() for word in its}
    shown = [m for m in meant if m.word in has_feature]
    elsewhere = [m.word for m in meant if m.is_known and m.word not in has_feature]
    several = [m for m in meant if m.several and not m.is_known]
    unknown = [m for m in meant if not m.is_known and not m.several]
    other = [f"{m.word} is {_named(m)}" for m in shown if m.how not in _USUAL]
    unclear = [f"{m.word} ({' or '.join(m.several[:4])})" for m in several]
    lost = [m.word + (f" (did you mean {m.likely}?)" if m.likely else "") for m in unknown]
    same = [" = ".join(its) for its in features.values() if len(its) > 1]
    many = [m.word for m in shown if sum(m.word in its for its in features.values()) > 1]
    n = len(features) - len(untested)
    first = (
        f"{counted(len(words.names), 'name')}: {len(shown):,} found, "
        f"{counted(n, of.kind.shown, of.kind.many_shown)} tested in {of.analysis}."
    )
    lines = (
        ("Not in this study", lost),
        ("May mean several genes, not counted; write which", unclear),
        (f"Not measured in {of.assay}", elsewhere),
        (f"Measured, but not tested in {of.analysis}", untested),
        ("Tested, but not in the universe, not counted there", outside),
        ("Under another name", other),
        (f"Stand for more than one {of.kind.shown}", many),
        ("Names of the same", same),
        ("Written more than once", words.doubles),
    )
    texts = [Text(first)]
    return texts + [
        Text(f"{head} ({len(names):,}): {listed(list(names), _MOST)}.") for head, names in lines
        if names
    ]  # fmt: skip


def _named(meaning: Meaning) -> str:
    names = [*meaning.genes, *(feature for _, feature in meaning.measures)]
    article = "an" if meaning.how[0] in "aeiou" else "a"
    return f"{article} {meaning.how} of {' and '.join(names[:3])}"
