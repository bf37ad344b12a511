"""Blocks of a page: texts, figures, tables and choices, before they become HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import pyarrow as pa

#: How a column is written: `p` is a P value, `number` has three significant digits.
Kind = Literal["text", "integer", "number", "p", "percent"]


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Parameters
    ----------
    words : str
        Plain text, never HTML.
    kind : {"plain", "finding", "warning", "code", "term"}
        How it is set.
    head : str
        Of a term: what is explained.
    """

    words: str
    kind: Literal["plain", "finding", "warning", "code", "term"] = "plain"
    head: str = ""


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture: drawn in the page, written to a file, or both.

    Parameters
    ----------
    name : str
        Of the file and in the page: small letters, digits and hyphens, one of a kind.
    title : str
        What the picture is about, with the analysis it shows.
    caption : str
        How to read it; ends with the number of samples and of people under a comparison.
    alt : str
        What there is to see, with numbers, for those who cannot see it.
    spec : mapping
        Vega-Lite without data and config. Every layer names its data set:
        `"data": {"name": "points"}`. Equal specs are stored once, so what differs between
        pictures of a kind (thresholds, say) belongs into the data.
    data : mapping of str to pyarrow.Table
        The data sets by name.
    where : {"both", "page", "file"}
        Where it is shown.
    fit : {"width", "columns", "scroll"}
        How it follows the width of the window: one view stretches, a facet or concat with
        `columns` wraps, anything else is scrolled.
    cell_width : int
        With `columns`: pixels that a cell takes, with axis and spacing.
    max_width : int
        With `width`: pixels it may take at most.
    """

    name: str
    title: str
    caption: str
    alt: str
    spec: Mapping[str, Any]
    data: Mapping[str, pa.Table]
    where: Literal["both", "page", "file"] = "both"
    fit: Literal["width", "columns", "scroll"] = "width"
    cell_width: int = 220
    max_width: int = 720


@dataclass(frozen=True)
class Column:
    """A column of a table: its name in the rows, what stands above it, how it is written."""

    name: str
    label: str
    kind: Kind = "text"


@dataclass(frozen=True, eq=False)
class Table:
    """Rows that the reader can sort and search.

    Parameters
    ----------
    name : str
        In the page: small letters, digits and hyphens, one of a kind.
    title : str
    caption : str
        What a row is; where the rows are the first of many, how many there are.
    columns : tuple of Column
        Those shown, in order.
    rows : pyarrow.Table
        Sorted as it is to be shown first.
    query : str
        SQL that gives the whole, for `cohortmart sql`; empty where there is no more to it.
    """

    name: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: pa.Table
    query: str = ""


@dataclass(frozen=True, eq=False)
class Panel:
    """One of the things that a choice offers."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, eq=False)
class Choice:
    """A list of which the reader picks one; the first is shown to begin with.

    Parameters
    ----------
    name : str
        In the page: small letters, digits and hyphens, one of a kind.
    label : str
        What is picked: "Contrast", "Gene".
    panels : tuple of Panel
    """

    name: str
    label: str
    panels: tuple[Panel, ...]


Block: TypeAlias = Text | Figure | Table | Choice


@dataclass(frozen=True, eq=False)
class Section:
    """Blocks under a heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, eq=False)
class Page:
    """One of the pages of the report.

    Parameters
    ----------
    name : str
        In the address behind the `#`.
    title : str
    lead : str
        What the page answers, in one or two sentences.
    sections : tuple of Section
        A page without any says that there is nothing to show, and why.
    """

    name: str
    title: str
    lead: str
    sections: tuple[Section, ...] = field(default=())


def all_blocks(page: Page) -> list[Block]:
    """Return the blocks of a page in order, those inside choices too."""
    found: list[Block] = []
    waiting: list[Block] = [b for s in page.sections for b in s.blocks]
    while waiting:
        block = waiting.pop(0)
        found.append(block)
        if isinstance(block, Choice):
            waiting[:0] = [b for panel in block.panels for b in panel.blocks]
    return found
