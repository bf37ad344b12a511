"""Page of a contrast: what it asks, what is found, and by which thresholds."""

from __future__ import annotations

from urllib.parse import urlencode

import pyarrow as pa

from cohortmart.explore.answers.contrast.contrast_list import contrast_list
from cohortmart.explore.answers.contrast.held import held
from cohortmart.explore.answers.contrast.limits import NAMES, limit_controls, moved_limits
from cohortmart.explore.answers.contrast.names import with_names
from cohortmart.explore.answers.contrast.others import others_control
from cohortmart.explore.answers.contrast.pictures import cloud_figures
from cohortmart.explore.answers.contrast.rows import SORTS, Choice, counts_of, page_of_rows
from cohortmart.explore.answers.contrast.served import found_words, marked
from cohortmart.explore.answers.contrast.wished import ContrastMeant, contrast_meant
from cohortmart.explore.answers.downloads import FILE_KINDS
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.single.regions import contrast_regions
from cohortmart.explore.answers.view import View, Wanted
from cohortmart.report.blocks import Block, Column, Page, Section, Served, Table, Text


def contrast_view(explored: Explored, wanted: Wanted) -> View:
    """Return the page of a contrast, or the list of all where none is named."""
    if not wanted.get("contrast"):
        return contrast_list(explored, wanted)
    with explored.asked() as asked:
        meant = contrast_meant(asked, wanted.get("analysis", ""), wanted["contrast"])
        manner = meant.manner
        limits = moved_limits(meant.row, wanted, of_probes=manner.of_probes)
        with held(explored, asked, meant) as found:
            counts = counts_of(asked, found, limits)
            clouds = cloud_figures(asked, meant, found, limits, counts)
            rows, n = page_of_rows(asked, meant, found, limits, Choice())
            named = with_names(asked, meant, found.names, rows)
        regions = None
        if manner.of_probes:
            regions = contrast_regions(asked, meant.analysis, meant.contrast, meant.assay)
        blocks: list[Block] = [Text(found_words(meant, counts, limits), "finding")]
        blocks += [] if clouds is None else [clouds]
        sections = (
            Section("What is found", tuple(blocks)),
            *(() if regions is None else (Section("Regions", (regions,)),)),
            Section(f"Every {manner.noun}", (_table(meant, wanted, named, n),)),
        )
        largest = found.frame["x_max"] if found.frame else 1.0
        sliders = limit_controls(limits, largest, unit=manner.unit, of_probes=manner.of_probes)
        return View(
            Page("contrast", meant.title(asked), f"{meant.question(asked)}.", sections),
            controls=(*sliders, others_control(asked, meant)),
            kept=meant.key,
            questions=tuple(asked.questions),
            script="contrast.js",
        )  # fmt: skip


def _table(meant: ContrastMeant, wanted: Wanted, rows: pa.Table, n: int) -> Table:
    manner = meant.manner
    limits = {name: wanted[name] for name in NAMES if wanted.get(name)}
    query = urlencode({**meant.key, **limits})
    columns = [
        Column("genes", "Gene" if manner.kind.feature != "measure" else "Name", link="address"),
        Column("feature_id", "CpG" if manner.of_probes else "Id", link="address"),
        Column("found", "Found"),
        Column("log_fc", f"Change ({manner.unit})", "number"),
        Column("ci_low", "95 % from", "number"),
        Column("ci_high", "to", "number"),
        Column("p_value", "P", "p"),
        Column("adj_p_value", "Adjusted P", "p"),
        Column("ave_expr", "Mean level", "number"),
    ]
    if manner.of_probes:
        columns[:2] = [columns[1], Column("genes", "Gene")]
        columns.insert(-1, Column("delta_beta", "Delta beta", "number"))
    sorts = tuple(name for name in SORTS if name in {c.name for c in columns})
    files = tuple(
        (title, f"/download/contrast?{query}&to={kind}") for kind, title in FILE_KINDS.items()
    )
    return Table(
        "rows",
        f"{manner.nouns} of {meant.contrast}",
        "Sorted and searched over all; a file has all that is looked for.",
        tuple(columns),
        marked(rows),
        served=Served(f"/data/contrast-rows?{query}", n, sorts, files),
    )
