"""README sheet: what the study is, what each sheet compares, what each column means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cohortmart.app.export.contrasts import Contrast
from cohortmart.app.export.selection import Selection
from cohortmart.core.text import threshold_words

#: Name of the sheet.
README = "README"
#: Rows of the sheet, and whether they are headers.
Rows = Iterator[tuple[tuple[Any, ...], bool]]


#: Statistics that a sheet has not: R and CSV users find them there.
_LEFT_OUT = frozenset({"se", "df_total", "b"})


def shown_columns(contrast: Contrast) -> list[str]:
    """Return the columns of the sheet of a contrast."""
    shown = [name for name in contrast.statistics if name not in _LEFT_OUT]
    return ["feature_id", "gene_name", *shown, "is_found"]


def readme_rows(
    chosen: Selection,
    contrasts: Sequence[Contrast],
    sheets: Mapping[str, str],
    n_features: int,
    top: int | None,
) -> Rows:
    """Give the rows of the README sheet.

    Parameters
    ----------
    chosen : Selection
    contrasts : sequence of Contrast
        Of one analysis.
    sheets : mapping of str to str
        Name of the sheet by contrast.
    n_features : int
        Features of the analysis.
    top : int or None
        How many of the smallest P values a sheet shows beside what was found; None = all.

    Yields
    ------
    tuple of tuple and bool
        Cells of a row, and whether it is a header.
    """
    first = contrasts[0]
    run = chosen.source.rows(
        "select assay, cohortmart_version, library_versions from analysis_run where analysis = $1",
        [first.analysis],
    )[0]
    yield ("study", chosen.source.study), False
    yield ("analysis", first.shown_analysis), False
    yield ("assay", run["assay"]), False
    yield ("features fitted", n_features), False
    yield ("found means", threshold_words(*first.thresholds) or "no threshold is set"), False
    yield ("computed by", f"cohortmart {run['cohortmart_version']}"), False
    yield ("numerical libraries", run["library_versions"]), False
    yield ("rows", _rows_said(n_features, top)), False
    if chosen.pseudonymised:
        yield ("people", "no ids, and no contrast of a single person"), False
    yield (), False
    yield ("sheet", "contrast", "what it compares", "tested", "found up", "found down"), True
    for c in contrasts:
        yield (sheets[c.name], c.shown, c.meaning, c.n_tested, c.n_up, c.n_down), False
    yield (), False
    yield ("column", "", "what it is"), True
    for name, said in _columns(chosen, first):
        yield (name, "", said), False


def _rows_said(n_features: int, top: int | None) -> str:
    if top is None:
        return "all features, the smallest P value first"
    return (
        f"of {n_features:,} features those found and the {top:,} with the smallest P values of "
        "each contrast; the others are in --to csv, rds and parquet"
    )


def _columns(chosen: Selection, contrast: Contrast) -> Iterator[tuple[str, str]]:
    rows = chosen.source.rows(
        "select distinct column_name, comment from duckdb_columns() where schema_name = 'main' "
        "and table_name = 'fct_contrast_result' and comment is not null"
    )
    comments = {row["column_name"]: row["comment"] for row in rows}
    comments["gene_name"] = "Name of the gene, genes of the probe, or name of the measure."
    comments["is_found"] = "Whether the feature meets all thresholds of the analysis."
    for name in shown_columns(contrast):
        yield name, comments.get(name, "")
