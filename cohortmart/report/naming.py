"""Names of figures and tables: what may stand in a file's name and in an address."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable


def slug(text: str) -> str:
    """Return a text in small letters, digits and hyphens: `rna_cd8` is `rna-cd8`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


def slugs(names: Iterable[str], shown: Callable[[str], str] = str) -> dict[str, str]:
    """Return a slug for each of different names; those that fall together are numbered.

    Parameters
    ----------
    names : iterable of str
    shown : callable
        Returns what a name is called in the report; of a study, `source.names.words`.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        short, n = slug(shown(name)), 1
        while (candidate := short if n == 1 else f"{short}-{n}") in taken:
            n += 1
        taken.add(candidate)
        found[name] = candidate
    return found
