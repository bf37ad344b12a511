"""The source of a report, opened: the warehouse as its pages see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from cohortmart.core.errors import InputError
from cohortmart.core.pseudonyms import Names, kept_pseudonyms, own_names
from cohortmart.core.study.study_copy import StudyCopy
from cohortmart.core.text import Nouns
from cohortmart.core.warehouse.home import Home, connect_read_only
from cohortmart.report.source import Detail, Source

#: What a person and their samples may be called, and what else of them may be shown.
_SHOWN_SAMPLE = """
create or replace temp table shown_sample (
    sample_id varchar, sample varchar, subject_id varchar, subject varchar,
    study_group varchar, timepoint varchar, visit_order integer, cell_type varchar,
    visit_key varchar
)
"""


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
            "insert into shown_sample values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(s[0], names.samples[s[0]], s[1], names.subjects[s[1]], *s[2:]) for s in samples],
        )
        if pseudonymise:
            _hide_single_people(con)
        yield Source(
            con=con,
            home=home,
            study=copy.study,
            groups=copy.sorted("groups", {s[2] for s in samples}),
            timepoints=copy.sorted("timepoints", {s[3] for s in samples}),
            analyses=copy.sorted("analyses", analyses),
            names=names,
            detail=detail or Detail(),
            nouns=copy.nouns,
        )
    finally:
        con.close()


def _hide_single_people(con: duckdb.DuckDBPyConnection) -> None:
    """Put views without the changes of a single person before the tables that have them."""
    tables = {
        row[0]
        for row in con.sql(
            "select distinct table_name from duckdb_columns() where schema_name = 'main'"
        ).fetchall()
    }
    if "dim_contrast" not in tables:
        return
    con.execute(
        "create or replace temp table contrast_of_one as "
        "select analysis, contrast from dim_contrast where n_subjects < 2"
    )
    if con.sql("select count(*) from contrast_of_one").fetchall() == [(0,)]:
        return
    (database,) = con.sql("select current_database()").fetchall()[0]
    for table, columns in _CHANGES.items():
        if table in tables:
            conditions = " and ".join(
                f"(analysis, {column}) not in (select (analysis, contrast) from contrast_of_one)"
                for column in columns
            )
            quoted = '"' + database.replace('"', '""') + '"'
            con.execute(
                f"create or replace temp view {table} as "
                f"select * from {quoted}.main.{table} where {conditions}"
            )


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
