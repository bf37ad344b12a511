"""The few lines at the end of a run."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

import duckdb

from cohortmart.study import Study, Thresholds
from cohortmart.warehouse import Home, connect_read_only, fetch

CONTRASTS_SHOWN = 6
#: What counts as found where the study sets no threshold.
DEFAULT_THRESHOLDS = Thresholds(adj_p=0.05)

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


def summarise(study: Study, home: Home, seconds: Mapping[str, float]) -> str:
    """Say what is in the warehouse now and what to try next.

    Parameters
    ----------
    study : Study
        The study that was run.
    home : Home
        Its output folder, with a warehouse.
    seconds : mapping of str to float
        Wall time of each step.
    """
    con = connect_read_only(home)
    try:
        counts = fetch(con, _COUNTS).to_pylist()[0]
        lines = [f"{study.study}: {counts['samples']} samples of {counts['subjects']} subjects"]
        for row in fetch(con, _ASSAYS).to_pylist():
            features = {"counts": "genes", "beta": "probes"}[row["kind"]]
            lines.append(
                f"  {row['assay']}: {int(row['features']):,} {features} "
                f"in {int(row['samples'])} samples"
            )
        for name in study.analyses:
            lines += _found(con, study, name)
    finally:
        con.close()
    steps = ", ".join(f"{name} {value:.0f}" for name, value in seconds.items())
    lines.append(f"seconds: {sum(seconds.values()):.0f} ({steps})")
    megabytes = home.warehouse.stat().st_size / 1e6
    lines.append(f"tables: {_short(home.warehouse)} ({megabytes:.0f} MB)")
    lines += ["next, for example:", f"  {_suggestion(study, home)}"]
    return "\n".join(lines) + "\n"


def _found(con: duckdb.DuckDBPyConnection, study: Study, name: str) -> list[str]:
    thresholds = study.analyses[name].thresholds
    if thresholds == Thresholds():
        thresholds = DEFAULT_THRESHOLDS
    rules, words = _rules(thresholds)
    rows = fetch(
        con,
        f"""
        select c.contrast, count(r.feature_id) filter ({" and ".join(rules)}) as found
        from dim_contrast as c
        left join fct_contrast_result as r on r.analysis = c.analysis and r.contrast = c.contrast
        where c.analysis = ?
        group by c.contrast
        order by found desc, c.contrast
        """,
        [name],
    ).to_pylist()
    if not rows:
        return [f"  {name}: no results"]
    shown = ", ".join(f"{r['contrast']} {r['found']:,}" for r in rows[:CONTRASTS_SHOWN])
    more = f", and {len(rows) - CONTRASTS_SHOWN} more" if len(rows) > CONTRASTS_SHOWN else ""
    contrasts = "1 contrast" if len(rows) == 1 else f"{len(rows)} contrasts"
    return [f"  {name}: {contrasts}; found at {words}: {shown}{more}"]


def _rules(thresholds: Thresholds) -> tuple[list[str], str]:
    """Return the thresholds as SQL conditions and in words."""
    rules, words = [], []
    for column, value, word in (
        ("p_value", thresholds.p, "P"),
        ("adj_p_value", thresholds.adj_p, "adjusted P"),
    ):
        if value is not None:
            rules.append(f"r.{column} < {value!r}")
            words.append(f"{word} < {value:g}")
    for column, value, word in (
        ("delta_beta", thresholds.delta_beta, "|delta beta|"),
        ("log_fc", thresholds.log_fc, "|log FC|"),
    ):
        if value is not None:
            rules.append(f"abs(r.{column}) >= {value!r}")
            words.append(f"{word} >= {value:g}")
    return [f"where {rules[0]}", *rules[1:]], ", ".join(words)


def _suggestion(study: Study, home: Home) -> str:
    query = "select study_group, timepoint, count(*) as samples from dim_sample group by 1, 2"
    if study.analyses:
        name = next(iter(study.analyses))
        query = (
            "select feature_id, contrast, log_fc, p_value, adj_p_value from fct_contrast_result "
            f"where analysis = '{name}' order by p_value limit 10"
        )
    return f'cohortmart sql "{query}" --out {shlex.quote(_short(home.root))}'


def _short(path: os.PathLike[str]) -> str:
    """Return the path relative to the working folder where that is shorter."""
    relative, whole = os.path.relpath(path), str(path)
    return relative if len(relative) < len(whole) and not relative.startswith("..") else whole
