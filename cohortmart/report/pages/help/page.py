"""Page of help: how each kind of figure and table is read, said once for the whole report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from cohortmart.core.text import Nouns, capital
from cohortmart.report.blocks import Block, Page, Section, Text
from cohortmart.report.source import Source

#: What of this folder is not the reading of a page.
_NOT_A_PAGE = frozenset({"page"})
#: The words for which a study may have its own.
_NOUN = re.compile(r"\b(?:a )?(?:person|people|timepoints?)\b", re.IGNORECASE)


def help_page(source: Source) -> Page:
    """Return the page that says how those before it are read.

    Parameters
    ----------
    source : Source
        Its `shown` are the pages of the report that are read; all where it is not known.
    """
    shown = source.shown
    if shown is None:
        shown = tuple((name, capital(name.replace("-", " "))) for name in readings())
    sections = (Section(title, _said(name, source)) for name, title in shown)
    return Page(
        "help",
        "How to read this report",
        "Each kind of figure and table, in the order of the pages. Click on a column of a table "
        "to sort by it; point at a mark for its numbers.",
        tuple(section for section in sections if section.blocks),
    )


def readings() -> dict[str, tuple[tuple[str, str], ...]]:
    """Return what is said of every page, by its name: kinds of figure or table, and how to read."""
    package = import_module(__package__)
    names = sorted(m.name for m in iter_modules(package.__path__) if m.name not in _NOT_A_PAGE)
    return {name.replace("_", "-"): _reading(import_module(f"{__package__}.{name}"))
            for name in names}  # fmt: skip


def _reading(module: ModuleType) -> tuple[tuple[str, str], ...]:
    found: tuple[tuple[str, str], ...] = module.READING
    return found


def _said(name: str, source: Source) -> tuple[Block, ...]:
    entries = readings().get(name, ())
    left_out = [
        word
        for word, there in (("group", source.has_groups), ("cell type", source.has_cell_types))
        if not there
    ]
    said = (
        (in_nouns(kind, source.nouns), in_nouns(without(how, left_out), source.nouns))
        for kind, how in entries
        if without(kind, left_out)
    )
    return tuple(Text(how, "term", kind) for kind, how in said if how)


def without(text: str, words: Sequence[str]) -> str:
    """Return the sentences of a text in which none of some words stands, alone or as several.

    Parameters
    ----------
    text : str
    words : sequence of str
        What a study has no more than one of.
    """
    named = re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})s?\b", re.IGNORECASE)
    sentences = re.split(r"(?<=[.!?]) (?=[A-Z])", text)
    return " ".join(s for s in sentences if not (words and named.search(s)))


def in_nouns(text: str, nouns: Nouns) -> str:
    """Return a text in the nouns of a study, with their articles and capitals.

    Parameters
    ----------
    text : str
        With person, people, timepoint and timepoints.
    nouns : Nouns
    """
    names = {
        "person": nouns.subject.one,
        "people": nouns.subject.many,
        "a person": nouns.subject.a,
        "timepoint": nouns.timepoint.one,
        "timepoints": nouns.timepoint.many,
        "a timepoint": nouns.timepoint.a,
    }

    def named(found: re.Match[str]) -> str:
        said = names[found[0].lower()]
        return capital(said) if found[0][0].isupper() else said

    return _NOUN.sub(named, text)
