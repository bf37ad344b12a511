"""`cohortmart report`: the pages of a study in one file, and its figures beside it."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from cohortmart import __version__
from cohortmart.core.lake.file_manifest import replace_folder
from cohortmart.core.progress import counted_off
from cohortmart.core.warehouse.build_state import read_built
from cohortmart.core.warehouse.home import Home
from cohortmart.report.assemble import html
from cohortmart.report.blocks import Figure, Page, all_blocks
from cohortmart.report.context import report_source
from cohortmart.report.figure_files import NARROW, draw_files
from cohortmart.report.figure_list import write_figure_list
from cohortmart.report.pages import PAGES, left_out
from cohortmart.report.pseudonymise import pseudonymise_page
from cohortmart.report.source import Detail, Source

#: Browsers stay quick up to here, and mail programs take it.
LARGEST_BYTES = 8_000_000
_MARK = ".made_from"


@dataclass(frozen=True)
class ReportSummary:
    """What `report` wrote.

    Parameters
    ----------
    index : Path
        The page.
    n_figures : int
        Figures beside it, as SVG and PNG.
    is_new : bool
        False where it was there already, made from the same tables.
    seconds : float
    """

    index: Path
    n_figures: int
    is_new: bool
    seconds: float


def write_report(
    home: Home,
    *,
    pseudonymise: bool = False,
    if_needed: bool = False,
    say: Callable[[str], None] = print,
) -> ReportSummary:
    """Write the report of what the warehouse holds, in place of an earlier one.

    Parameters
    ----------
    home : Home
        With a built warehouse, which is only read.
    pseudonymise : bool
        Numbers in place of people's and samples' ids, and no course of a single person; written
        to a folder of its own.
    if_needed : bool
        Leave a report as it is that was made from the same tables by the same version.
    say : callable
        Takes one line of progress.

    Raises
    ------
    InputError
        There is no warehouse, or it is of an older version.
    """
    began = time.monotonic()
    folder = home.report(pseudonymised=pseudonymise)
    workshop = folder.with_name(f".{folder.name}.new")
    with report_source(home, pseudonymise=pseudonymise) as source:
        mark = _mark(source)
        if if_needed and _made_from(folder) == mark:
            n = len({p.stem.removesuffix(NARROW) for p in folder.glob("figures/*.svg")})
            return ReportSummary(folder / "index.html", n, False, time.monotonic() - began)
        shutil.rmtree(workshop, ignore_errors=True)  # what a killed report left
        workshop.mkdir(parents=True)
        try:
            pages = _written_page(source, workshop, say)
            figures = [f for f in _figures(pages) if f.where != "page"]
            drawn = time.monotonic()
            written = draw_files(figures, workshop / "figures")
            write_figure_list(figures, written, workshop / "figures")
            say(f"report: {len(figures)} figures in {time.monotonic() - drawn:.1f} s")
            (workshop / _MARK).write_text(mark, encoding="utf-8")
            replace_folder(workshop, folder)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
    return ReportSummary(folder / "index.html", len(figures), True, time.monotonic() - began)


def report_pages(source: Source, say: Callable[[str], None]) -> list[Page]:
    """Return all pages of the report, in order."""
    pages: list[Page] = []
    for name, page in counted_off(PAGES, "pages", name=lambda one: one[0]):
        began = time.monotonic()
        made = page(source.after([(p.name, p.title) for p in pages if p.sections]))
        pages.append(pseudonymise_page(made, source.names) if source.pseudonymised else made)
        say(f"report: {name} in {time.monotonic() - began:.1f} s")
    return pages


def _written_page(source: Source, workshop: Path, say: Callable[[str], None]) -> list[Page]:
    """Write `index.html` in as much detail as its size allows; return its pages."""
    detail = source.detail
    while True:
        pages = report_pages(source.with_detail(detail), say)
        shown = [page for page in pages if page.sections] or pages[:1]
        text = html(source.study, shown, _footer(source), left_out(pages)).encode()
        if len(text) <= LARGEST_BYTES or detail == Detail.least():
            (workshop / "index.html").write_bytes(text)
            say(f"report: one page of {len(text) / 1e6:.1f} MB")
            return pages
        detail = detail.halved()
        say(f"report: {len(text) / 1e6:.1f} MB is too large; showing fewer rows and contrasts")


def _figures(pages: Sequence[Page]) -> list[Figure]:
    return [b for page in pages for b in all_blocks(page) if isinstance(b, Figure)]


def _footer(source: Source) -> str:
    if source.pseudonymised:
        return (
            f"{source.subject.title} and samples are numbered; the key is not part of this file, "
            f"and no course of a single {source.subject.one} is shown."
        )
    return (
        f"Names of {source.subject.many} and samples are those of the study's files: keep it in "
        "the "
        "house."
    )


def _made_from(folder: Path) -> str | None:
    path = folder / _MARK
    whole = path.exists() and (folder / "index.html").exists()
    return path.read_text(encoding="utf-8") if whole else None


def _mark(source: Source) -> str:
    """Return a hash of the tables, of this code and of the names shown."""
    seen = hashlib.sha256(__version__.encode())
    for room in ("lake", "results"):
        built = read_built(source.con, room)
        seen.update(repr(built and (built.entries, sorted(built.homes))).encode())
        seen.update(repr(built and sorted(built.marks)).encode())
    if source.home.study_copy.exists():  # the page on methods shows it
        seen.update(source.home.study_copy.read_bytes())
    for path in sorted(_own_files()):
        seen.update(path.encode())
    seen.update(repr((source.study, source.groups, source.timepoints, source.analyses)).encode())
    seen.update(repr(sorted(source.names.subjects.items())).encode())
    seen.update(repr(sorted(source.names.samples.items())).encode())
    return seen.hexdigest()


def _own_files() -> list[str]:
    """Return hashes of the files that make the report."""
    root = Path(str(files("cohortmart.report")))
    paths = sorted(p for p in root.rglob("*") if p.suffix in {".py", ".css", ".js", ".j2"})
    return [hashlib.sha256(p.read_bytes()).hexdigest() for p in paths]
