"""Histogram of the P values of one contrast."""

from __future__ import annotations

import pyarrow as pa

from cohortmart.report.blocks import Figure
from cohortmart.report.figures.p_histogram import p_histogram_spec
from cohortmart.report.pages.contrasts.scan import Scan
from cohortmart.report.pages.contrasts.sql import P_BARS
from cohortmart.report.pages.contrasts.words import Manner, Row, compared_words
from cohortmart.report.source import Source


def p_histogram_figure(source: Source, manner: Manner, scan: Scan, row: Row) -> Figure:
    """Return the histogram of the P values of a contrast."""
    squares = scan.squares_of("p", row["place"])
    bars = pa.table({"bar": squares["i"], "n": squares["n"]})
    name = source.names.words(row["contrast"])
    share = row["n_p_05"] / row["n_tested"]
    return Figure(
        f"contrasts-p-{manner.slug}-{row['place']}",
        f"P values of {name} in {manner.analysis}",
        f"{100 * share:.1f} % lie below 0.05, where chance alone gives 5 %. "
        f"{compared_words(source, row)}.",
        f"Histogram of {row['n_tested']:,} P values: {row['n_p_05']:,} ({100 * share:.1f} %) lie "
        "below 0.05, where chance alone gives 5 %.",
        p_histogram_spec(manner.noun, P_BARS),
        {"bars": bars, "flat": pa.table({"value": [row["n_tested"] / P_BARS]})},
        where="page",
        max_width=620,
    )
