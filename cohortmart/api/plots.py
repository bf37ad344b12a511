"""Plots of a study: figures of the report, one by one, for what someone asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import polars as pl

from cohortmart.api.chart import Chart
from cohortmart.api.contrasts import check_analysis, check_contrast
from cohortmart.api.features import assay_kinds
from cohortmart.api.names import features_meant, no_such
from cohortmart.api.open_warehouse import OpenWarehouse
from cohortmart.core.errors import InputError
from cohortmart.core.text import listed
from cohortmart.core.warehouse.home import DATABASE
from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.blocks import Block, Choice, Figure, Page, Section, all_blocks
from cohortmart.report.context import report_source
from cohortmart.report.naming import slug
from cohortmart.report.pages import PAGES
from cohortmart.report.pages.contrasts import contrasts_page
from cohortmart.report.pages.overview.features import Analysed, analysed
from cohortmart.report.pages.overview.pictures import course_figure
from cohortmart.report.pages.quality.assays import assays, label, sample_sets
from cohortmart.report.pages.quality.maps import COLOURED_BY, map_blocks
from cohortmart.report.pages.rebound import rebound_page
from cohortmart.report.source import Source


class Plots:
    """Makes figures as the report has them; made by `study.plot`.

    Parameters
    ----------
    warehouse : OpenWarehouse
    """

    def __init__(self, warehouse: OpenWarehouse) -> None:
        self._warehouse = warehouse
        self._pages: dict[str, tuple[tuple[int, ...], Page]] = {}

    def course(self, *features: str, analysis: str | None = None) -> Chart:
        """Return the values over time: people as thin lines, groups as means with 95 % bands.

        Parameters
        ----------
        *features : str
            Ids or names of genes, CpGs or measures; a panel each. The name of a gene stands for
            its CpGs in an analysis of methylation.
        analysis : str, optional
            Whose samples and groups are drawn; if not given, the first of study.yml that has
            such features.

        Raises
        ------
        InputError
            No analysis has these features, or none of their values over time.
        """
        if not features:
            raise InputError("no feature is named", hint='for example: plot.course("IL7R")')
        if analysis is not None:
            check_analysis(self._warehouse, analysis)
        with self._source() as source:
            of, ids = _analysed(source, features, analysis)
            figure = course_figure(
                source, of, ids, name=f"course-{slug('-'.join(features))}",
                title=f"{', '.join(features)} over time", about=of.analysis,
            )  # fmt: skip
        if figure is None:
            raise InputError(f"{of.analysis} has no values over time of {listed(features)}")
        return Chart(figure)

    def heat_map(self, analysis: str, contrast: str) -> Chart:
        """Return the strongest features of a contrast by person and visit; as `volcano`."""
        return self._of_contrast(analysis, contrast, "heat-map")

    def volcano(self, analysis: str, contrast: str) -> Chart:
        """Return the volcano plot of a contrast.

        Parameters
        ----------
        analysis, contrast : str

        Raises
        ------
        InputError
            There is no such contrast, or none of its features was tested.
        """
        return self._of_contrast(analysis, contrast, "volcano")

    def mean_difference(self, analysis: str, contrast: str) -> Chart:
        """Return the change of each feature against its mean level; as `volcano`."""
        return self._of_contrast(analysis, contrast, "mean-difference")

    def p_values(self, analysis: str, contrast: str) -> Chart:
        """Return the histogram of the P values of a contrast; as `volcano`."""
        return self._of_contrast(analysis, contrast, "p")

    def rebound(self, analysis: str, pair: str | None = None) -> Chart:
        """Return the first change against the second, for each group.

        Parameters
        ----------
        analysis : str
        pair : str, optional
            As in `rebound_summary`; needed where the analysis has several.

        Raises
        ------
        InputError
            There is no such analysis or pair, or several.
        """
        check_analysis(self._warehouse, analysis)
        with self._source() as source:
            query = "select distinct pair from rebound_summary where analysis = ? order by pair"
            pairs = [row["pair"] for row in source.rows(query, [analysis])]
            if not pairs:
                raise InputError(
                    f"analysis {analysis} asks for no rebound",
                    hint="`rebound: {pairs: …}` in study.yml does",
                )
            if pair is None and len(pairs) > 1:
                raise InputError(
                    f"analysis {analysis} has several pairs",
                    found=", ".join(pairs),
                    hint="name one of them",
                )
            chosen = pairs[0] if pair is None else pair
            if chosen not in pairs:
                raise no_such(f"pair of {analysis}", [chosen], pairs)
            for table in ("rebound_summary", "rebound"):
                _only(source, table, {"analysis": analysis, "pair": chosen})
            return _first(rebound_page(source), "rebound-changes-")

    def sample_map(
        self, assay: str, colour: str | None = None, samples: str | None = None
    ) -> Chart:
        """Return the maps of the samples by their likeness (PCA and MDS).

        Parameters
        ----------
        assay : str
        colour : str, optional
            Variable of the sample sheet; the groups if not given.
        samples : str, optional
            Which samples, as in `qc_sample_set`; all of them if not given.

        Raises
        ------
        InputError
            There is no such assay, variable or set of samples, or too few samples for a map.
        """
        kinds = assay_kinds(self._warehouse)
        if assay not in kinds:
            raise no_such("assay", [assay], list(kinds))
        with self._source() as source:
            of = next((a for a in assays(source) if a.name == assay), None)
            sets = [] if of is None else sample_sets(source, of)
            if of is None or not sets:
                raise InputError(f"{assay} has too few samples for a map")
            names = [one.name for one in sets]
            if samples is not None and samples not in names:
                raise no_such(f"set of samples of {assay}", [samples], names)
            one = sets[0 if samples is None else names.index(samples)]
            blocks = map_blocks(source, of, [one])
            if not blocks:
                raise InputError(f"{assay} has too few samples or features for a map")
            columns = source.table("select * from dim_sample limit 0").column_names
            return _map(blocks, colour, {label(source, column): column for column in columns})

    def list(self) -> pl.DataFrame:
        """Return the figures of the report: name, page, title. It makes the whole report."""
        rows = [
            {"name": figure.name, "page": name, "title": figure.title}
            for name, _ in PAGES
            for figure in _figures(self._page(name))
        ]
        return pl.DataFrame(rows, schema={"name": pl.String, "page": pl.String, "title": pl.String})

    def figure(self, name: str) -> Chart:
        """Return a figure of the report by its name, as `list` and the report's files have it.

        Parameters
        ----------
        name : str

        Raises
        ------
        InputError
            The report has no such figure.
        """
        pages = [page for page, _ in PAGES if name.startswith(f"{page}-")]
        known: list[str] = []
        for page in pages or [page for page, _ in PAGES]:
            for figure in _figures(self._page(page)):
                if figure.name == name:
                    return Chart(figure)
                known.append(figure.name)
        raise no_such("figure in the report", [name], known)

    def _of_contrast(self, analysis: str, contrast: str, picture: str) -> Chart:
        check_contrast(self._warehouse, analysis, contrast)
        with self._source([analysis]) as source:
            for table in ("dim_contrast", "contrast_summary", "fct_contrast_result"):
                _only(source, table, {"analysis": analysis, "contrast": contrast})
            return _first(contrasts_page(source), f"contrasts-{picture}-")

    def _page(self, name: str) -> Page:
        """Return a page of the report of the tables as they are now."""
        state = self._warehouse.state()
        if name not in self._pages or self._pages[name][0] != state:
            with self._source() as source:
                self._pages[name] = (state, dict(PAGES)[name](source))
        return self._pages[name][1]

    @contextmanager
    def _source(self, analyses: Sequence[str] | None = None) -> Iterator[Source]:
        with report_source(self._warehouse.home) as source:
            yield source if analyses is None else replace(source, analyses=tuple(analyses))


def _analysed(
    source: Source, features: Sequence[str], analysis: str | None
) -> tuple[Analysed, list[str]]:
    """Return the analysis that is meant, and the ids of the features in its assay."""
    fault: InputError | None = None
    for name in source.analyses if analysis is None else [analysis]:
        of = analysed(source, {"analysis": name})
        if of is None:
            continue
        try:
            return of, features_meant(source.con, of.assay, of.kind.name, features)
        except InputError as error:
            if fault is None or (error.hint and not fault.hint):
                fault = error
    raise fault or InputError("no analysis has results")


def _only(source: Source, table: str, values: dict[str, str]) -> None:
    """Put a view with some rows of a table before it, for this source alone."""
    condition = " and ".join(f"{column} = {literal(value)}" for column, value in values.items())
    source.con.execute(
        f"create temp view {table} as select * from {DATABASE}.main.{table} where {condition}"
    )


def _figures(page: Page) -> list[Figure]:
    return [block for block in all_blocks(page) if isinstance(block, Figure)]


def _first(page: Page, prefix: str) -> Chart:
    for figure in _figures(page):
        if figure.name.startswith(prefix):
            return Chart(figure)
    raise InputError(
        "there is nothing to draw", hint="are there results? study.contrasts() says how many"
    )


def _map(blocks: Sequence[Block], colour: str | None, columns: Mapping[str, str]) -> Chart:
    """Return the map that is coloured by a variable, or the one that the report has as a file."""
    page = Page("quality", "", "", (Section("", tuple(blocks)),))
    if colour is None:
        return Chart(next(f for f in _figures(page) if f.where != "page"))
    choices = [b for b in all_blocks(page) if isinstance(b, Choice) and b.label == COLOURED_BY]
    panels = {
        columns.get(panel.title, panel.title): panel
        for choice in choices
        for panel in choice.panels
    }
    if colour not in panels:
        raise no_such("variable with several values", [colour], list(panels))
    return Chart(next(b for b in panels[colour].blocks if isinstance(b, Figure)))
