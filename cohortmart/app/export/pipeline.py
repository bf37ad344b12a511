"""`cohortmart export --to`: a folder with a study in the files of another program."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb

from cohortmart.app.commands.lock import sole_writer
from cohortmart.app.export.format import Format
from cohortmart.app.export.formats import FORMATS
from cohortmart.app.export.selection import selection
from cohortmart.core.errors import InputError
from cohortmart.core.lake.file_manifest import replace_folder
from cohortmart.core.text import counted, did_you_mean, listed
from cohortmart.core.warehouse.home import Home, connect_read_only

#: Says of a folder that it was written here, and may be written anew.
MARK = ".cohortmart-export"


def export_study(
    home: Home,
    to: str,
    target: Path | None = None,
    *,
    analyses: Sequence[str] = (),
    assays: Sequence[str] = (),
    tables: Sequence[str] = (),
    pseudonymise: bool = False,
    gzip: bool = False,
) -> str:
    """Write a study, or a part of it, as files of one format into a folder.

    The folder appears in one rename, in place of an earlier export.

    Parameters
    ----------
    home : Home
        The study's output folder.
    to : str
        Name of a format.
    target : Path, optional
        The folder; DIR/export/FORMAT if not given, with `_pseudonymised` behind it where that
        is asked for.
    analyses, assays, tables : sequence of str
        What to export; see `cohortmart.app.export.selection`. Tables are for Parquet only.
    pseudonymise : bool
        No ids, no values of single samples or people.
    gzip : bool
        Compress text files.

    Returns
    -------
    str
        What was written, for people.

    Raises
    ------
    InputError
        There is no such format, a package is missing, the warehouse cannot be read, the target
        cannot be used, or a name is not known.
    """
    form = _format(to)
    _refuse_options(form, tables, pseudonymise=pseudonymise, gzip=gzip)
    form.require()
    connect_read_only(home).close()  # says what is wrong with a warehouse that is
    name = f"{form.name}_pseudonymised" if pseudonymise else form.name
    folder = (target or home.exports / name).expanduser().resolve()
    _check_target(home, folder)
    workshop = folder.with_name(f".{folder.name}.new")
    with (
        sole_writer(home, "export"),
        selection(
            home,
            analyses=analyses,
            assays=assays,
            tables=tables,
            pseudonymise=pseudonymise,
            gzip=gzip,
        ) as chosen,
    ):
        shutil.rmtree(workshop, ignore_errors=True)  # what a killed export left
        try:
            workshop.mkdir(parents=True)
            (workshop / MARK).write_text(f"{form.name}\n", encoding="utf-8")
            form.write(chosen, workshop)
            replace_folder(workshop, folder)
        except duckdb.Error as error:
            raise InputError(
                "the study cannot be exported",
                file=home.warehouse,
                found=str(error).splitlines()[0],
                hint=f"build its tables again: cohortmart build --out {home.root}",
            ) from error
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
    return _said(folder, home, pseudonymised=pseudonymise)


def _format(name: str) -> Format:
    for form in FORMATS:
        if form.name == name:
            return form
    names = [form.name for form in FORMATS]
    raise InputError(
        f"there is no format `{name}`", expected=listed(names), hint=did_you_mean(name, names)
    )


def _refuse_options(form: Format, tables: Sequence[str], *, pseudonymise: bool, gzip: bool) -> None:
    if tables and form.name != "parquet":
        raise InputError(f"--table is for --to parquet and for FILE.duckdb, not for {form.name}")
    if gzip and form.name != "csv":
        raise InputError(f"--gzip is for --to csv; {form.name} is compressed as it is")
    if pseudonymise and form.only_samples:
        raise InputError(
            f"--to {form.name} holds the values of single samples, which --pseudonymise keeps in "
            "the house",
            hint="rds, xlsx, csv and parquet have contrasts and means of groups",
        )


def _check_target(home: Home, folder: Path) -> None:
    own = (home.lake, home.results, home.logs, home.report(), home.report(pseudonymised=True))
    if folder in (home.root, home.exports) or any(folder.is_relative_to(path) for path in own):
        raise InputError(
            "this would write over the study's own files",
            file=folder,
            hint="name another folder, or none: DIR/export/… is the place for it",
        )
    if folder.is_file():
        raise InputError("this is a file", file=folder, hint="name a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise InputError(
            "this folder holds other files, and an export replaces a folder as a whole",
            file=folder,
            hint="name a folder that is not there yet",
        )


def _said(folder: Path, home: Home, *, pseudonymised: bool) -> str:
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != MARK]
    size = sum(p.stat().st_size for p in files) / 1e6
    said = [f"{folder}: {counted(len(files), 'file')}, {size:,.1f} MB"]
    if pseudonymised:
        said.append(
            "contrasts and means of groups of two people or more; no values of single samples"
        )
    else:
        said.append("it holds people's ids; keep it in the house")
        if not folder.is_relative_to(home.exports):
            said.append("`cohortmart forget` does not reach it")
    return "\n".join(said)
