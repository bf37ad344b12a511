"""Gene sets that gather the genes of a contrast or of a rebound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.blocks import Block, Choice, Column, Figure, Panel, Section, Table, Text
from cohortmart.report.figures.dot_plot import dot_plot
from cohortmart.report.pages.findings.sets_sql import CONTRAST_MEANING, DOTS, LISTS, NUMBERS, TABLE
from cohortmart.report.sample_numbers import samples_and_people
from cohortmart.report.source import Source

#: Sets of a plot in the page, lists and sets of the figure in a file.
_SETS, _FILE_LISTS, _FILE_SETS = 15, 9, 8
_P_TITLE = "\u2212log10 adjusted P"
#: The tests: name in the tables, in words, axis of the plot, what the size says.
_TESTS = {
    "over_representation": ("Over-representation", _P_TITLE, "Genes found"),
    "camera": ("Competitive test (camera)", _P_TITLE, "Genes of the set"),
    "gsea": ("Running-sum test (GSEA)", "Normalised score", "Genes of the set"),
}
_DIRECTIONS = {
    "contrast": ("any direction", "up", "down"),
    "rebound": ("any direction", "up then down", "down then up"),
}
#: Of the tests that see every gene: the sign says the direction.
_SIGNS = ("up", "down")


def set_sections(source: Source) -> list[Section]:
    """Return a section for each analysis with enrichment."""
    if not source.has_rows("enrichment"):
        return []
    sections = []
    for number, analysis in enumerate(source.analyses, start=1):
        blocks = _blocks(source, analysis, number)
        if blocks:
            sections.append(Section(f"Gene sets: {analysis}", tuple(blocks)))
    return sections


def _blocks(source: Source, analysis: str, number: int) -> list[Block]:
    numbers = source.rows(NUMBERS, [analysis])
    if not numbers:
        return []
    said = "; ".join(
        f"{_TESTS[row['test']][0]} {row['n_clear']:,} of {row['n_tests']:,}" for row in numbers
    )
    shared = {"analysis": analysis, "people": samples_and_people(source, [analysis])}
    lists = _lists(source, analysis)
    tests = [row["test"] for row in numbers]
    dots = {test: source.table(DOTS, {"analysis": analysis, "test": test, "most": _SETS})
            for test in tests}  # fmt: skip
    panels = []
    for place, a_list in enumerate(lists[: source.detail.contrasts], start=1):
        figures = tuple(
            figure
            for test in tests
            for figure in _of_list(a_list, test, dots[test], f"{number}-{place}", shared)
        )
        if figures:
            panels.append(Panel(a_list["called"], figures))
    blocks: list[Block] = [Text(f"Adjusted P below 0.05: {said}.")]
    if panels:
        blocks.append(Choice(f"findings-list-{number}", "List of genes", tuple(panels)))
    for test in tests:
        blocks.extend(_overview(lists, test, dots[test], number, shared))
    blocks.append(_table(source, analysis, number))
    return blocks


def _lists(source: Source, analysis: str) -> list[dict[str, Any]]:
    """Return the lists of genes in order, each with what it is called and means."""
    rows = source.rows(LISTS, [analysis])
    meanings = {
        row["contrast"]: source.names.words(row["meaning"])
        for row in source.rows(CONTRAST_MEANING, [analysis])
        if row["meaning"]
    }
    for row in rows:
        is_rebound = row["source"] == "rebound"
        row["called"] = f"Rebound {row['source_name']}" if is_rebound else row["source_name"]
        row["meaning"] = "" if is_rebound else meanings.get(row["source_name"], "")
    return rows


def _of_list(
    a_list: dict[str, Any], test: str, dots: pa.Table, number: str, shared: dict[str, str]
) -> list[Figure]:
    """Return the plot of one list and test, if the test has sets of it."""
    rows = dots.filter(_is(a_list))
    if rows.num_rows == 0:
        return []
    name, axis, size = _TESTS[test]
    clear = pc.sum(rows["clear"]).as_py()
    first = rows.slice(0, 1).to_pylist()[0]
    shown = len(set(rows["set"].to_pylist()))
    directions = _DIRECTIONS[a_list["source"]] if test == "over_representation" else _SIGNS
    figure = Figure(
        name=f"findings-sets-{number}-{test.replace('_', '-')}",
        title=f"{name}: {a_list['called']} ({shared['analysis']})",
        caption=(
            f"{_said(a_list)}{shown} of {first['n_sets']:,} sets, the clearest. {shared['people']}"
        ).strip(),
        alt=(
            f"The clearest of {shown} gene sets is {first['set']}: {first['direction']}, "
            f"adjusted P {first['adj_p']:.2g}. {clear} of {rows.num_rows} dots have adjusted P "
            "below 0.05."
        ),
        spec=dot_plot(axis, size, directions, shown),
        data={"sets": rows.drop_columns(_OF_LIST), "limit": _limit(test)},
        where="page",
        max_width=620,
    )
    return [figure]


_OF_LIST = ["source", "source_name", "n_sets"]


def _overview(
    lists: Sequence[dict[str, Any]], test: str, dots: pa.Table, number: int, shared: dict[str, str]
) -> list[Figure]:
    """Return the clearest sets of the first lists side by side, for a file."""
    kept: list[pa.Table] = []
    for row in lists:
        of_list = dots.filter(_is(row) & (pc.field("set_order") <= _FILE_SETS))
        if of_list.num_rows and len(kept) < _FILE_LISTS:
            called = pa.array([row["called"]] * of_list.num_rows, pa.string())
            order = pa.array([len(kept) + 1] * of_list.num_rows, pa.int64())
            kept.append(of_list.append_column("list", called).append_column("list_order", order))
    if not kept:
        return []
    name, axis, size = _TESTS[test]
    rows = pa.concat_tables(kept)
    there = set(rows["direction"].to_pylist())
    directions = [d for d in dict.fromkeys(sum(_DIRECTIONS.values(), ())) if d in there]
    figure = Figure(
        name=f"findings-sets-{number}-{test.replace('_', '-')}",
        title=f"{name}: {shared['analysis']}",
        caption=f"The clearest sets of {len(kept)} lists of genes. {shared['people']}",
        alt=f"Dot plots of gene sets for {len(kept)} lists of genes.",
        spec=dot_plot(axis, size, directions, None),
        data={"sets": rows.drop_columns(_OF_LIST), "limit": _limit(test)},
        where="file",
        fit="columns",
        cell_width=350,
    )
    return [figure]


def _is(a_list: dict[str, Any]) -> pc.Expression:
    of_source = pc.field("source") == a_list["source"]
    return of_source & (pc.field("source_name") == a_list["source_name"])


def _limit(test: str) -> pa.Table:
    x = 0.0 if test == "gsea" else 1.30103
    return pa.table({"x": pa.array([x], pa.float64())})


def _said(a_list: dict[str, Any]) -> str:
    meaning = a_list["meaning"]
    return f"{a_list['called']}: {meaning.rstrip('.')}. " if meaning else ""


def _table(source: Source, analysis: str, number: int) -> Table:
    query = TABLE.format(analysis=literal(analysis)).strip()
    rows = source.table(f"{query}\nlimit {source.detail.top_features}")
    wanted = [
        Column("gene_set", "Gene set"),
        Column("collection", "Collection"),
        Column("source_name", "List of genes"),
        Column("direction", "Direction"),
        Column("test", "Test"),
        Column("n_genes", "Genes of the set", "integer"),
        Column("n_overlap", "Found", "number"),
        Column("expected", "Expected", "number"),
        Column("odds_ratio", "Odds ratio", "number"),
        Column("z", "z", "number"),
        Column("normalised_score", "Score", "number"),
        Column("p_value", "P", "p"),
        Column("adj_p_value", "Adjusted P", "p"),
    ]
    return Table(
        name=f"findings-sets-{number}-table",
        title=f"Gene sets with the smallest adjusted P: {analysis}",
        caption="",
        columns=tuple(c for c in wanted if rows[c.name].null_count < max(rows.num_rows, 1)),
        rows=rows,
        query=query,
    )
