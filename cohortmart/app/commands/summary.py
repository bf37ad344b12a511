"""The summary of a run: what the tables hold, in a few lines."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from analyses.load.pending_results import default_adj_p
from cohortmart.app.commands.summary_findings import rebound_lines
from cohortmart.app.commands.summary_identity import identity_lines
from cohortmart.core.study.derive_records import WARN_BELOW
from cohortmart.core.study.kinds import KINDS
from cohortmart.core.study.normalise_records import BatchOptions
from cohortmart.core.study.records import Study, Thresholds
from cohortmart.core.text import counted, threshold_words
from cohortmart.core.warehouse.home import Home, connect_read_only, fetch

CONTRASTS_SHOWN = 6

_COUNTS = """
    select
        (select count(*) from dim_subject) as subjects,
        (select count(*) from dim_sample) as samples
"""
_ASSAYS = """
    select assay, max(kind) as kind, sum(features) as features, sum(samples) as samples
    from (
        select assay, kind, count(*) as features, 0 as samples
        from staging.stg_lake__features group by assay, kind
        union all
        select assay, kind, 0, count(distinct sample_id)
        from staging.stg_lake__matrix_samples group by assay, kind
    ) as parts
    group by assay
    order by assay
"""
# the rows of a step that lacked its annotation dropped nothing
_FILTERS = """
    select
        assay,
        sum(n_probes_dropped) as probes_dropped,
        max(n_probes_before) as probes,
        string_agg(step, ', ' order by step_order) filter (annotation = 'missing') as not_done,
        (select count(*) from qc_sample as q where q.assay = f.assay) as samples,
        (
            select count(*) from qc_sample as q
            where q.assay = f.assay and q.filter_reason is not null
        ) as samples_dropped
    from qc_probe_funnel as f
    group by assay
    order by assay
"""
_KEPT_SAMPLES = """
    select * from dim_sample
    where sample_id in (
        select sample_id from qc_sample where assay = $1 and filter_reason is null
    )
    order by sample_id
"""
_INCOMPLETE = """
    select assay, made_from, file, n_features, n_found from derived_assay
    where found_share < $1 order by assay
"""
_WARNINGS = """
    select note from analysis_note
    where analysis = $1 and kind = 'warning'
    order by note_order
"""


def summarise(
    study: Study, home: Home, seconds: Mapping[str, float], report: Path | None = None
) -> str:
    """Say what is in the warehouse now and what to try next.

    Parameters
    ----------
    study : Study
        The study that was run.
    home : Home
        Its output folder, with a warehouse.
    seconds : mapping of str to float
        Wall time of each step.
    report : Path, optional
        Page of the report, where one was written.
    """
    con = connect_read_only(home)
    try:
        counts = fetch(con, _COUNTS).to_pylist()[0]
        people = study.nouns.subject.counted(counts["subjects"])
        lines = [f"{study.study}: {counted(counts['samples'], 'sample')} of {people}"]
        for row in fetch(con, _ASSAYS).to_pylist():
            kind = KINDS[row["kind"]]
            features = counted(int(row["features"]), kind.feature, kind.features)
            lines.append(
                f"  {row['assay']}: {features} in {counted(int(row['samples']), 'sample')}"
            )
        lines += [_filtered(row) for row in fetch(con, _FILTERS).to_pylist()]
        for name in study.assays:
            lines += _combat(con, study, name)
        lines += _derived(con) if study.derive else []
        lines += identity_lines(con, study.nouns.subject)
        for name in study.analyses:
            lines += [*_found(con, study, name), *_warned(con, name)]
            lines += rebound_lines(con, study, name)
    finally:
        con.close()
    steps = ", ".join(f"{name} {value:.0f}" for name, value in seconds.items())
    lines.append(f"seconds: {sum(seconds.values()):.0f} ({steps})")
    megabytes = home.warehouse.stat().st_size / 1e6
    lines.append(f"tables: {_short(home.warehouse)} ({megabytes:.0f} MB)")
    if report is not None:
        lines.append(f"report: {_short(report)}")
    lines += ["next, for example:", f"  {_suggestion(study, home)}"]
    return "\n".join(lines) + "\n"


def _filtered(row: Mapping[str, Any]) -> str:
    """Say how much the filters of an assay dropped, and which had nothing to go by."""
    said = (
        f"  {row['assay']}: filters dropped {int(row['probes_dropped']):,} of "
        f"{row['probes']:,} probes and {row['samples_dropped']} of {row['samples']} samples "
        "(table qc_probe_funnel)"
    )
    if row["not_done"] is not None:
        said += f"; not done, as the annotation is missing: {row['not_done']}"
    return said


def _derived(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Warn of derived assays that lack much of what they are to be made from."""
    rows = fetch(con, _INCOMPLETE, [WARN_BELOW]).to_pylist()
    return [
        f"    WARNING: {row['assay']} was made with {row['n_found']:,} of the "
        f"{row['n_features']:,} features of {row['file']}; {row['made_from']} has no others "
        "(table derived_assay)"
        for row in rows
    ]


def _combat(con: duckdb.DuckDBPyConnection, study: Study, assay: str) -> list[str]:
    """Say what ComBat or ComBat-seq removed, and where the study should not rely on it."""
    steps = study.assays[assay].normalise
    if not any(isinstance(step.options, BatchOptions) for step in steps):
        return []
    # only here: a run without ComBat need not load the checks
    import polars as pl

    from cohortmart.app.check.combat import check_combat
    from cohortmart.app.check.combat_words import combat_warnings

    check = check_combat(pl.DataFrame(fetch(con, _KEPT_SAMPLES, [assay])), assay, study)
    if check is None:
        return []
    said = f"  {assay}: {check.method} removed {check.combat.batch}"
    if combat_warnings(check):
        said += "; batch in the model is the safer choice: see `cohortmart check STUDY.yml`"
    return [said]


def _found(con: duckdb.DuckDBPyConnection, study: Study, name: str) -> list[str]:
    words = _words(study.analyses[name].thresholds)
    table = KINDS[study.assays[study.analyses[name].assay].kind].found
    rows = fetch(
        con,
        f"""
        select c.contrast, coalesce(max(f.found), 0) as found
        from dim_contrast as c
        left join (
            select contrast, count(*) as found from {table} where analysis = $1 group by contrast
        ) as f on f.contrast = c.contrast
        where c.analysis = $1
        group by c.contrast
        order by found desc, c.contrast
        """,
        [name],
    ).to_pylist()
    if not rows:
        return [f"  {name}: no results"]
    shown = ", ".join(f"{r['contrast']} {r['found']:,}" for r in rows[:CONTRASTS_SHOWN])
    more = f", and {len(rows) - CONTRASTS_SHOWN} more" if len(rows) > CONTRASTS_SHOWN else ""
    contrasts = counted(len(rows), "contrast")
    return [f"  {name}: {contrasts}; found at {words} (table {table}): {shown}{more}"]


def _warned(con: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    rows = fetch(con, _WARNINGS, [name]).to_pylist()
    return [f"    WARNING: {row['note']}" for row in rows]


def _words(thresholds: Thresholds) -> str:
    """Say thresholds in words; without any the models take the default."""
    if thresholds == Thresholds():
        thresholds = Thresholds(adj_p=default_adj_p())
    return threshold_words(**thresholds.model_dump())


def _suggestion(study: Study, home: Home) -> str:
    query = "select study_group, timepoint, count(*) as samples from dim_sample group by 1, 2"
    if study.analyses:
        name = next(iter(study.analyses))
        query = (
            "select feature_id, feature_name, contrast, log_fc, adj_p_value "
            f"from fct_contrast_result where analysis = '{name}' order by p_value limit 10"
        )
    return f'cohortmart sql "{query}" --out {shlex.quote(_short(home.root))}'


def _short(path: os.PathLike[str]) -> str:
    """Return the path relative to the working folder where that is shorter."""
    relative, whole = os.path.relpath(path), str(path)
    return relative if len(relative) < len(whole) and not relative.startswith("..") else whole
