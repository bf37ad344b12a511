"""Filter funnel of an assay: how many probes and genes were left."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from cohortmart.core.study.kinds import CONTINUOUS
from cohortmart.core.text import counted
from cohortmart.report.blocks import Block, Figure
from cohortmart.report.figures.funnel import funnel
from cohortmart.report.pages.quality.assays import Assay
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source

#: More analyses than these are not drawn.
MOST_ANALYSES = 30
_STEPS = {
    "detection_p": "Not detected",
    "sample_missing": "Failed samples",
    "probe_missing": "Often missing",
    "bead_count": "Too few beads",
    "non_cpg": "Not a CpG",
    "mask": "In a mask",
    "sex_chromosome": "On X or Y",
}
_UNUSED = {"switched off": "switched off", "missing": "no annotation"}

_PROBES = """
    select step_order, step, threshold, n_probes_before, n_probes_dropped, n_probes_left,
        n_samples_left, annotation
    from qc_probe_funnel where assay = $assay order by step_order
"""
_SAMPLES = """
    select count(*) as n, count(*) filter (where filter_reason is null) as n_kept
    from qc_sample where assay = $assay
"""
#: The genes of one sample are those of all.
_GENES = """
    select count(*) from fct_gene_expression
    where assay = $assay and sample_id = (
        select min(sample_id) from qc_sample where assay = $assay
    )
"""
_TESTED = """
    select analysis, n_features, json_extract_string(parameters, '$.filter') as filter
    from analysis_run where assay = $assay
    order by list_position($analyses, analysis), analysis limit $n
"""


def filter_blocks(source: Source, assay: Assay) -> tuple[Block, ...]:
    """Return what the filters of an assay left; none where nothing is known of it."""
    if assay.kind.name == CONTINUOUS:
        return ()
    return _genes(source, assay) if assay.is_counts else _probes(source, assay)


def _probes(source: Source, assay: Assay) -> tuple[Block, ...]:
    if not source.has_rows("qc_probe_funnel"):
        return ()
    rows = source.rows(_PROBES, {"assay": assay.name})
    if not rows:
        return ()
    total, left = rows[0]["n_probes_before"], rows[-1]["n_probes_left"]
    steps = [_step(0, "Measured", total, total, f"{total:,}")]
    steps += [_probe_step(i, row) for i, row in enumerate(rows, start=1)]
    size = source.rows(_SAMPLES, {"assay": assay.name})[0]
    figure = Figure(
        name=f"quality-filters-{assay.key}",
        title=f"Probes left after each filter: {assay.name}",
        caption=f"{size['n_kept']:,} of {samples_of(source, size['n'], assay.n_people)} were kept.",
        alt=f"Of {total:,} probes {left:,} are left: "
        + "; ".join(f"{s['step']}: {s['words']}" for s in steps[1:]) + ".",
        spec=funnel("Probes", len(steps)),
        data={"steps": pa.Table.from_pylist(steps)},
    )  # fmt: skip
    return (figure,)


def _probe_step(order: int, row: dict[str, Any]) -> dict[str, Any]:
    left = row["n_probes_left"]
    words = f"{left:,} left, {row['n_probes_dropped']:,} dropped"
    if row["step"] == "sample_missing":
        words = f"{left:,} left, {counted(row['n_samples_left'], 'sample')} kept"
    if row["annotation"] in _UNUSED:
        words = f"{left:,} left ({_UNUSED[row['annotation']]})"
    step = _STEPS.get(row["step"], row["step"])
    return _step(order, step, left, row["n_probes_before"], words, row["threshold"] or "none")


def _genes(source: Source, assay: Assay) -> tuple[Block, ...]:
    if not (source.has_rows("analysis_run") and source.has_rows("fct_gene_expression")):
        return ()
    tested = source.rows(
        _TESTED, {"assay": assay.name, "analyses": list(source.analyses), "n": MOST_ANALYSES}
    )
    total = source.value(_GENES, {"assay": assay.name})
    if not tested or not total:
        return ()
    steps = [_step(0, "Measured", total, total, f"{total:,}")]
    steps += [_gene_step(i, row, total) for i, row in enumerate(tested, start=1)]
    fewest = min(tested, key=lambda r: r["n_features"])
    figure = Figure(
        name=f"quality-filters-{assay.key}",
        title=f"Genes that each analysis tests: {assay.name}",
        caption=f"{samples_of(source, assay.n_samples, assay.n_people)} were measured.",
        alt=f"Of {total:,} genes every analysis tests at least {fewest['n_features']:,} "
        f"({fewest['analysis']}).",
        spec=funnel("Genes", len(steps)),
        data={"steps": pa.Table.from_pylist(steps)},
    )
    return (figure,)


def _gene_step(order: int, row: dict[str, Any], total: int) -> dict[str, Any]:
    n = row["n_features"]
    how = "no filter" if row["filter"] in (None, "none") else row["filter"]
    words = f"{n:,} tested, {max(total - n, 0):,} dropped"
    return _step(order, row["analysis"], n, max(total, n), words, how)


def _step(
    order: int, step: str, left: int, before: int, words: str, limit: str = "none"
) -> dict[str, Any]:
    return {
        "step_order": order,
        "step": step,
        "n_left": left,
        "n_before": before,
        "words": words,
        "limit": limit,
    }
