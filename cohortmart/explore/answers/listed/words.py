"""Words of a pasted list: names between spaces, commas, semicolons and lines."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from cohortmart.core.errors import InputError

#: What a list may have: names, and letters with all that stands between.
MOST_WORDS, MOST_LETTERS = 2_000, 50_000
#: Ends a name for certain; a space may be part of one.
_BETWEEN = re.compile(r"[,;\r\n\t|]+")
#: Stands around a name and is no part of it.
_AROUND = ' "“”„«»`‘’‚[]'


@dataclass(frozen=True)
class Words:
    """The names of a list.

    Parameters
    ----------
    names : tuple of str
        As they were written, in order, each once whatever its case.
    doubles : tuple of str
        Names that were written again, each once.
    """

    names: tuple[str, ...]
    doubles: tuple[str, ...]


def phrases(text: str) -> tuple[str, ...]:
    """Return the parts of a text that a space may be part of, in small letters.

    Parameters
    ----------
    text : str
    """
    parts = (_bare(part) for part in _BETWEEN.split(text))
    return tuple(dict.fromkeys(part.lower() for part in parts if " " in part))


def words_of(text: str, known: Collection[str] = ()) -> Words:
    """Return the names of a pasted text.

    Parameters
    ----------
    text : str
    known : collection of str
        Those of its `phrases` that are one name; all others end at their spaces.

    Raises
    ------
    InputError
        There are more letters or names than a list may have.
    """
    if len(text) > MOST_LETTERS:
        raise InputError(
            f"a list may have {MOST_LETTERS:,} letters",
            found=f"{len(text):,}",
            hint="take fewer names at a time, or ask on the SQL page",
        )
    names: dict[str, str] = {}
    doubles: dict[str, str] = {}
    for part in _BETWEEN.split(text):
        bare = _bare(part)
        for word in [bare] if bare.lower() in known else map(_bare, part.split()):
            if word:
                seen = doubles if word.lower() in names else names
                seen.setdefault(word.lower(), word)
    if len(names) > MOST_WORDS:
        raise InputError(
            f"a list may have {MOST_WORDS:,} names",
            found=f"{len(names):,}",
            hint="take fewer at a time, or ask on the SQL page",
        )
    return Words(tuple(names.values()), tuple(doubles.values()))


def _bare(part: str) -> str:
    """Return a part without what stands around it; 5'-nucleotidase keeps its prime."""
    bare = part.strip().strip(_AROUND)
    while len(bare) > 1 and bare[0] == bare[-1] == "'":
        bare = bare[1:-1].strip(_AROUND)
    return " ".join(bare.split())
