"""All words of a report: its sentences, and the texts in its figures and tables."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

#: What only the model study, or another study of pregnancy, is about.
MODEL_STUDY = re.compile(
    r"pregnan|trimester|\bbirth|post-?partum|gestation|zenere|\bpapers?\b|model study"
    r"|\bmothers?\b|\bchild(ren)?\b|\bbab(y|ies)\b|\bwom[ae]n\b|multiple sclerosis|T cells?\b"
    r"|\bCD[48]\b",
    re.IGNORECASE,
)
CELL_TYPES = re.compile(r"\bcell[ -]types?\b", re.IGNORECASE)
GROUPS = re.compile(r"\bgroups?\b(?! by)", re.IGNORECASE)

_DATA = re.compile(r'<script type="application/json" id="([^"]+)">(.*?)</script>', re.DOTALL)
#: Keys of a specification whose values a reader sees.
_SEEN = frozenset({"title", "text", "label", "levels", "words"})


def words_of_report(page: str) -> list[str]:
    """Return the texts of a report that a reader sees, code and SQL left out.

    Parameters
    ----------
    page : str
        `index.html`.
    """
    shell = re.sub(r"<(script|style|pre)\b.*?</\1>", " ", page, flags=re.DOTALL)
    found = [html.unescape(part).strip() for part in re.split(r"<[^>]+>", shell)]
    found += [html.unescape(said) for said in re.findall(r'aria-label="([^"]*)"', shell)]
    for name, text in _DATA.findall(page):
        if name != "config":
            found += _texts(json.loads(text), seen=False)
    return [text for text in dict.fromkeys(found) if text]


def _texts(value: Any, *, seen: bool) -> Iterator[str]:
    if isinstance(value, str):
        if seen:
            yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, seen=seen or key in _SEEN)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, seen=seen)
