"""The source of a report, opened: the warehouse as its pages see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from cohortmart.core.errors import InputError
from cohortmart.core.pseudonyms import Names, kept_pseudonyms, own_names
from cohortmart.core.study.study_copy import StudyCopy
from cohortmart.core.text import Nouns
from cohortmart.core.warehouse.home import DATABASE, Home, connect_read_only
from cohortmart.report.source import Detail, Source

#: What a person and their samples may be called, and what else of them may be shown; in the
#: database that every connection has for itself, where all of its cursors see it.
_SHOWN_SAMPLE = """
create or replace table memory.main.shown_sample (
    sample_id varchar, sample varchar, subject_id varchar, subject varchar,
    study_group varchar, timepoint varchar, visit_order integer, cell_type varchar,
    visit_key varchar
)
"""
_SEES_SAMPLES = "create or replace temp view shown_sample as from memory.main.shown_sample"

#: Tables of single features and variables with the columns that name contrasts: of one person,
#: their own changes.
_CHANGES = {
    "fct_contrast_result": ("contrast",),
    "dmp_deg": ("contrast",),
    "explained_change": ("contrast",),
    "explained_variable": ("contrast",),
    "fct_explained": ("contrast",),
    "rebound": ("first_contrast", "second_contrast"),
}


@contextmanager
def report_source(
    home: Home, *, pseudonymise: bool = False, detail: Detail | None = None
) -> Iterator[Source]:
    """Open the warehouse of an output folder for the report.

    Parameters
    ----------
    home : Home
    pseudonymise : bool
        Show numbers in place of people's and samples' ids.
    detail : Detail, optional

    Raises
    ------
    InputError
        There is no warehouse, or one without samples.
    """
    con = connect_read_only(home)
    try:
        yield opened_source(con, home, pseudonymise=pseudonymise, detail=detail)
    finally:
        con.close()


def opened_source(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    *,
    pseudonymise: bool = False,
    detail: Detail | None = None,
) -> Source:
    """Return the source of a warehouse that is open.

    Parameters
    ----------
    con : DuckDBPyConnection
        As of `connect_read_only`.
    home, pseudonymise, detail
        As of `report_source`.

    Raises
    ------
    InputError
        The warehouse has no samples.
    """
    samples = con.sql(
        "select sample_id, subject_id, study_group, timepoint, visit_order, cell_type, "
        "visit_key from dim_sample order by sample_id"
    ).fetchall()
    if not samples:
        raise InputError("the warehouse has no samples to report on", file=home.warehouse)
    analyses = {a for (a,) in con.sql("select analysis from analysis_run").fetchall()}
    copy = StudyCopy(home)
    names = _names(home, samples, analyses, copy.nouns if pseudonymise else None)
    con.execute(_SHOWN_SAMPLE)
    con.executemany(
        "insert into memory.main.shown_sample values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(s[0], names.samples[s[0]], s[1], names.subjects[s[1]], *s[2:]) for s in samples],
    )
    source = Source(
        con=con,
        home=home,
        study=copy.study,
        groups=copy.sorted("groups", {s[2] for s in samples}),
        timepoints=copy.sorted("timepoints", {s[3] for s in samples}),
        analyses=copy.sorted("analyses", analyses),
        names=names,
        detail=detail or Detail(),
        nouns=copy.nouns,
        views=(_SEES_SAMPLES, *(_views_without_single_people(con) if pseudonymise else ())),
    )
    for view in source.views:
        con.execute(view)
    return source


def _views_without_single_people(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return views without the changes of a single person, before the tables that have them."""
    tables = {
        row[0]
        for row in con.sql(
            "select distinct table_name from duckdb_columns() where schema_name = 'main'"
        ).fetchall()
    }
    if "dim_contrast" not in tables:
        return []
    con.execute(
        "create or replace table memory.main.contrast_of_one as "
        "select analysis, contrast from dim_contrast where n_subjects < 2"
    )
    found = _returns_of_several(tables)
    if con.sql("select count(*) from memory.main.contrast_of_one").fetchall() == [(0,)]:
        return found
    for table, columns in _CHANGES.items():
        if table in tables:
            conditions = " and ".join(
                f"(analysis, {column}) not in "
                "(select (analysis, contrast) from memory.main.contrast_of_one)"
                for column in columns
            )
            found.append(
                f"create or replace temp view {table} as "
                f"select * from {DATABASE}.main.{table} where {conditions}"
            )
    return found


def _returns_of_several(tables: set[str]) -> list[str]:
    """Return views without the returns of a single person."""
    if "return_summary" not in tables:
        return []
    summary = f"{DATABASE}.main.return_summary"
    return [
        f"create or replace temp view {table} as select * from {DATABASE}.main.{table} "
        f"where (analysis, return_name, to_mean) in "
        f"(select (analysis, return_name, to_mean) from {summary} where n_subjects > 1)"
        for table in ("return_summary", "fct_return")
        if table in tables
    ]


def _names(
    home: Home, samples: list[tuple[str, ...]], analyses: set[str], nouns: Nouns | None
) -> Names:
    """Return the ids themselves, or numbers behind the nouns of the study where they are given."""
    subjects = sorted({s[1] for s in samples})
    ids = [s[0] for s in samples]
    if nouns is not None:
        others = {str(s[i]) for s in samples for i in (2, 3, 5)}  # group, timepoint, cell type
        return kept_pseudonyms(home.root, subjects, ids, others | analyses, noun=nouns.subject)
    return own_names(subjects, ids)
