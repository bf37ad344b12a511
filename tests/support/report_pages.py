"""A small study for every page of the report, to look at all pages in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cohortmart.report.blocks import Page
from cohortmart.report.pages.contrasts import contrasts_page
from cohortmart.report.pages.explained import explained_page
from cohortmart.report.pages.findings import findings_page
from cohortmart.report.pages.help import help_page
from cohortmart.report.pages.identity import identity_page
from cohortmart.report.pages.methods import methods_page
from cohortmart.report.pages.methylation_expression import methylation_expression_page
from cohortmart.report.pages.overview import overview_page
from cohortmart.report.pages.quality import quality_page
from cohortmart.report.pages.rebound import rebound_page
from cohortmart.report.source import Source
from tests.support import report_contrasts_rows as contrasts_rows
from tests.support import report_explained_rows as explained_rows
from tests.support import report_findings_rows as findings_rows
from tests.support import report_identity_rows as identity_rows
from tests.support import report_methods_rows as methods_rows
from tests.support import report_methylation_expression_rows as methylation_expression_rows
from tests.support import report_overview_rows as overview_rows
from tests.support import report_quality_rows as quality_rows
from tests.support import report_rebound_rows as rebound_rows

#: By the name of the page: what makes it, the tables and samples it is made from, the analyses.
PAGES: Mapping[str, tuple[Callable[[Source], Page], dict[str, Any], Any, tuple[str, ...]]] = {
    "overview": (overview_page, overview_rows.study(), overview_rows.SAMPLES, ("a",)),
    "contrasts": (
        contrasts_page, contrasts_rows.tables(), contrasts_rows.SAMPLES, ("rna", "meth"),
    ),
    "explained": (explained_page, explained_rows.study(), explained_rows.SAMPLES, ("rna",)),
    "findings": (findings_page, findings_rows.study(), findings_rows.SAMPLES, ("rna", "two")),
    "identity": (identity_page, identity_rows.study(), identity_rows.SAMPLES, ()),
    "help": (help_page, {}, overview_rows.SAMPLES, ()),
    "methods": (methods_page, methods_rows.tables(), methods_rows.SAMPLES, ("a",)),
    "methylation-expression": (
        methylation_expression_page, methylation_expression_rows.study(),
        methylation_expression_rows.SAMPLES, ("rna", "meth"),
    ),
    "quality": (quality_page, quality_rows.study(), quality_rows.SAMPLES, ("one", "two")),
    "rebound": (
        rebound_page, rebound_rows.study(), rebound_rows.SAMPLES, (rebound_rows.ANALYSIS,),
    ),
}  # fmt: skip
