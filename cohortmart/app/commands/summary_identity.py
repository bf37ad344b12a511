"""Whose samples are whose, in the summary of a run and in `check` after one."""

from __future__ import annotations

import duckdb

from cohortmart.core.text import Noun, counted
from cohortmart.core.warehouse.home import fetch
from cohortmart.report.pages.identity.words import ODD, odd_sentences

_SHOWN = (
    "(select sample_id, sample_id as sample, subject_id, subject_id as subject from dim_sample)"
)
_IS_THERE = """
    select count(*) as n from duckdb_columns()
    where schema_name = 'main' and table_name = 'qc_identity'
"""
_NUMBERS = """
    select count(*) as n, count(*) filter (verdict = 'as said') as as_said,
        count(*) filter (verdict = 'cannot tell') as not_told
    from qc_identity
"""


def identity_lines(con: duckdb.DuckDBPyConnection, subject: Noun) -> list[str]:
    """Say how many samples are of whom the sheet says, and which are not.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    subject : Noun
        What the study calls a person.

    Returns
    -------
    list of str
        None where nothing that tells people apart was measured.
    """
    if not fetch(con, _IS_THERE)["n"][0].as_py():
        return []
    row = fetch(con, _NUMBERS).to_pylist()[0]
    odd = fetch(con, ODD.format(shown=_SHOWN)).to_pylist()
    if row["n"] == row["not_told"]:
        return []
    said = f"{row['as_said']:,} of {counted(row['n'], 'measured sample')} are of the {subject.one} "
    return [
        f"  identity: {said}that the sheet says, {len(odd)} are not, {row['not_told']:,} cannot "
        "be told (table qc_identity)",
        *(f"    WARNING: {sentence}" for sentence in odd_sentences(odd, subject)),
    ]
