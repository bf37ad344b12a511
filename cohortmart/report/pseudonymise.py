"""Pseudonymised pages: a last look for whatever still holds a person's name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.pseudonyms import Names
from cohortmart.report.blocks import (
    Beside,
    Block,
    FeaturePoints,
    Figure,
    Page,
    Panel,
    Reach,
    Section,
    Table,
    Text,
)

#: Where a specification holds words, not what Vega-Lite understands.
_WORDS_IN_SPEC = frozenset({"title", "subtitle", "text", "domain", "sort"})


def pseudonymise_page(page: Page, names: Names) -> Page:
    """Return a page with the shown names wherever an id stands in its words or values.

    Pages show no ids themselves. But a study's author may have named a contrast, a column of the
    design or an analysis after a person (`without_P07`).

    Parameters
    ----------
    page : Page
    names : Names
        See `Names.words` for what counts as an id.
    """
    return replace(
        page,
        lead=names.words(page.lead),
        sections=tuple(
            Section(names.words(s.title), _blocks(s.blocks, names)) for s in page.sections
        ),
    )


def _blocks(blocks: Iterable[Block], names: Names) -> tuple[Block, ...]:
    return tuple(_block(block, names) for block in blocks)


def _block(block: Block, names: Names) -> Block:
    words = names.words
    if isinstance(block, Text):
        return replace(block, words=words(block.words))
    if isinstance(block, Figure):
        return _figure(block, names)
    if isinstance(block, Table):
        return replace(
            block,
            title=words(block.title),
            caption=words(block.caption),
            rows=_rows(block.rows, names),
            # with another name in it, it would find nothing
            query=block.query if words(block.query) == block.query else "",
            reach=block.reach and _reach(block.reach, names),
        )
    if isinstance(block, Beside):
        return Beside(tuple(_figure(figure, names) for figure in block.blocks))
    return replace(
        block,
        label=words(block.label),
        panels=tuple(Panel(words(p.title), _blocks(p.blocks, names)) for p in block.panels),
    )


def _figure(figure: Figure, names: Names) -> Figure:
    words = names.words
    return replace(
        figure,
        title=words(figure.title),
        caption=words(figure.caption),
        alt=words(figure.alt),
        spec=_spec(figure.spec, names, is_words=False),
        data={name: _rows(table, names) for name, table in figure.data.items()},
    )


def _reach(reach: Reach, names: Names) -> Reach:
    """Return what a search reaches, without SQL that holds a name."""
    is_nameless = names.words(reach.query) == reach.query
    return replace(reach, lost=names.words(reach.lost), query=reach.query if is_nameless else "")


def _rows(table: pa.Table | FeaturePoints, names: Names) -> pa.Table | FeaturePoints:
    """Return the rows with the shown names in the texts; features have them already."""
    if isinstance(table, FeaturePoints):
        return table
    for i, field in enumerate(table.schema):
        if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)):
            continue
        coded = pc.dictionary_encode(table[field.name]).combine_chunks()
        levels = coded.dictionary.to_pylist()
        shown = [names.words(level) for level in levels]
        if shown != levels:
            table = table.set_column(i, field, pa.array(shown, field.type).take(coded.indices))
    return table


def _spec(value: Any, names: Names, *, is_words: bool) -> Any:
    if isinstance(value, str):
        return names.words(value) if is_words else value
    if isinstance(value, dict):
        return {key: _spec(v, names, is_words=key in _WORDS_IN_SPEC) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_spec(v, names, is_words=is_words) for v in value]
    return value
