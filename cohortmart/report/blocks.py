"""Blocks of a page: texts, figures, tables and choices, before they become HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
class Features:
    """Features of an analysis with their numbers in every contrast, once for the whole page.

    Parameters
    ----------
    name : str
        In the page: small letters, digits and hyphens, one of a kind.
    n, n_tested, n_found : int
        Features here, in the analysis, and of these found in any contrast.
    ids, names : str
        `packed_texts` of what they are called, in order of position.
    level : str
        `packed` codes of `three_digits`: the mean level.
    contrasts : mapping of int to mapping
        By place of the contrast: `log_fc` and `p` (`packed` codes), `adj_p` (differences of the
        codes in order of p, then position; those below zero are odd) and `found` (0 or 1).
    """

    name: str
    n: int
    n_tested: int
    n_found: int
    ids: str
    names: str
    level: str
    contrasts: Mapping[int, Mapping[str, str]]

    @property
    def is_whole(self) -> bool:
        """Whether every feature of the analysis is here."""
        return self.n == self.n_tested


@dataclass(frozen=True, eq=False)
class FeaturePoints:
    """The features of a contrast as points of a picture: x, y, direction and name.

    Parameters
    ----------
    features : Features
    place : int
        Of the contrast.
    x, y : {"log_fc", "level", "height"}
        What is drawn; the height is -log10 P.
    """

    features: Features
    place: int
    x: Literal["log_fc", "level"]
    y: Literal["log_fc", "height"]


@dataclass(frozen=True, eq=False)
class Reach:
    """What a search of a table of features reaches beyond its rows.

    Parameters
    ----------
    features : Features
    place : int
        Of the contrast.
    positions : sequence of int
        Of the table's rows among the features.
    columns : mapping of str to str
        Columns of the table that are taken from there: id, name, log_fc, p, adj_p, level.
    lost : str
        What is said where a search finds nothing, the same in all tables of the features.
    query : str
        Likewise, SQL that looks for a feature in the warehouse; `$wanted` stands for what was
        typed.
    """

    features: Features
    place: int
    positions: Sequence[int]
    columns: Mapping[str, str]
    lost: str
    query: str


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
    data : mapping of str to pyarrow.Table or FeaturePoints
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
    drawing : callable, optional
        Returns the SVG of the file from its width in pixels; without it the file is `spec`.
    """

    name: str
    title: str
    caption: str
    alt: str
    spec: Mapping[str, Any]
    data: Mapping[str, pa.Table | FeaturePoints]
    where: Literal["both", "page", "file"] = "both"
    fit: Literal["width", "columns", "scroll"] = "width"
    cell_width: int = 220
    max_width: int = 720
    drawing: Callable[[int], str] | None = None


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name : str
        In the rows.
    label : str
        What stands above it.
    kind : Kind
        How it is written.
    link : str
        Column of the rows with the address that a cell leads to; a file has none.
    """

    name: str
    label: str
    kind: Kind = "text"
    link: str = ""


@dataclass(frozen=True)
class Served:
    """Where a table that is shown in pages gets the next one, in a page with a server behind it.

    Parameters
    ----------
    rows : str
        Address that gives a page of rows as JSON; `sort`, `falling`, `q` and `skipped` are added.
    n : int
        Rows there are.
    sorts : tuple of str
        Columns that can be sorted by; the rows stand in the order of the first.
    files : tuple of (str, str)
        Title and address of files with all rows; what is looked for is added.
    """

    rows: str
    n: int
    sorts: tuple[str, ...]
    files: tuple[tuple[str, str], ...] = ()


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
    reach : Reach, optional
        More features, of which the page draws those that are looked for.
    served : Served, optional
        The rows are the first page of many.
    """

    name: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: pa.Table
    query: str = ""
    reach: Reach | None = None
    served: Served | None = None


@dataclass(frozen=True, eq=False)
class Panel:
    """One of the things that a choice offers."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, eq=False)
class Choice:
    """A list of which the reader picks one.

    Parameters
    ----------
    name : str
        In the page: small letters, digits and hyphens, one of a kind.
    label : str
        What is picked: "Contrast", "Gene".
    panels : tuple of Panel
    first : int
        Which of them, from 0, is shown to begin with.
    """

    name: str
    label: str
    panels: tuple[Panel, ...]
    first: int = 0


@dataclass(frozen=True, eq=False)
class Beside:
    """Figures beside each other where the window is wide, the later ones wider."""

    blocks: tuple[Figure, ...]


Block: TypeAlias = Text | Figure | Table | Choice | Beside


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
        elif isinstance(block, Beside):
            waiting[:0] = block.blocks
    return found
