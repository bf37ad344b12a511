"""`cohortmart export`: one DuckDB file, or the files of another program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home


def export_as_asked(
    home: Home,
    target: Path | None,
    to: str | None,
    *,
    tables: Sequence[str] = (),
    analyses: Sequence[str] = (),
    assays: Sequence[str] = (),
    pseudonymise: bool = False,
    gzip: bool = False,
) -> str:
    """Export what the options ask for.

    Parameters
    ----------
    home : Home
    target : Path or None
        A DuckDB file, or with `to` a folder.
    to : str or None
        Name of a format; None = one DuckDB file with the tables.
    tables, analyses, assays : sequence of str
    pseudonymise, gzip : bool

    Returns
    -------
    str
        What was written, for people.

    Raises
    ------
    InputError
        The options do not go together, or see `export_tables` and `export_study`.
    """
    if to is None:
        from cohortmart.app.export.duckdb_file import export_tables

        if target is None:
            raise InputError(
                "export needs a file or a format",
                expected="FILE.duckdb, or --to rds, h5mu, xlsx, csv or parquet",
                hint="cohortmart export --to csv --out DIR",
            )
        if analyses or assays or pseudonymise or gzip:
            raise InputError(
                "--analysis, --assay, --pseudonymise and --gzip go with --to",
                expected="FILE.duckdb with --table at most, or --to rds, h5mu, xlsx, csv, parquet",
            )
        return export_tables(home, target, tables)
    from cohortmart.app.export.pipeline import export_study

    return export_study(
        home,
        to,
        target,
        analyses=analyses,
        assays=assays,
        tables=tables,
        pseudonymise=pseudonymise,
        gzip=gzip,
    )
