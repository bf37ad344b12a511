"""Volcano plot of the contrast in which most is found, as the page of contrasts has it."""

from __future__ import annotations

from dataclasses import replace

from cohortmart.report.blocks import Figure
from cohortmart.report.naming import slugs
from cohortmart.report.pages.contrasts.clouds import clouds_of, volcano_figure
from cohortmart.report.pages.contrasts.features import features_of, features_that_fit
from cohortmart.report.pages.contrasts.scan import choose_contrasts, scan
from cohortmart.report.pages.contrasts.words import compared_words, manner_of, shown_title
from cohortmart.report.pages.overview.features import Analysed
from cohortmart.report.source import Source


def volcano(source: Source, of: Analysed) -> Figure | None:
    """Return the volcano plot, None where the contrast's features are not there.

    Parameters
    ----------
    source : Source
    of : Analysed
        Its row is the contrast.
    """
    manner = manner_of(source, of.analysis, slugs(source.analyses)[of.analysis])
    if manner is None or not source.has_rows("fct_contrast_result"):
        return None
    choose_contrasts(source)
    fitting = features_that_fit(source)
    chosen = [of.analysis, of.row["contrast"]]
    source.con.execute("delete from drawn_contrast where analysis <> ? or contrast <> ?", chosen)
    source.con.execute("update drawn_contrast set in_page = true, in_file = true")
    seen = scan(source, manner.analysis, manner.kind)
    if not seen.contrasts:
        return None
    row = seen.contrasts[0]
    features = features_of(source, manner, fitting.get(manner.analysis, 0))
    drawn = volcano_figure(source, manner, clouds_of(source, manner, seen, features), row)
    return replace(
        drawn,
        name="overview-volcano",
        title=f"All {of.kind.many_shown}: {shown_title(source, row)}",
        caption=f"{of.analysis}: {row['n_up']:,} higher and {row['n_down']:,} lower of "
        f"{row['n_tested']:,} {of.kind.many_shown}; {compared_words(source, row)}.",
        where="both",
    )
