"""Attendance: how many people were sampled at which timepoint, and who misses one."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cohortmart.app.check.names import NAMES_SHOWN
from cohortmart.app.sql.text_table import aligned
from cohortmart.core.study.records import Study
from cohortmart.core.text import listed


def visits_text(study: Study, samples: pl.DataFrame) -> str:
    """Return the grid of group x timepoint, one for each cell type and visit key.

    Parameters
    ----------
    study : Study
        Order of groups and timepoints.
    samples : DataFrame
        The rows of `dim_sample` to count.
    """
    parts = []
    strata = samples.select("cell_type", "visit_key").unique().sort("cell_type", "visit_key")
    for cell_type, visit_key in strata.iter_rows():
        chosen = samples.filter(
            pl.col("cell_type").eq_missing(pl.lit(cell_type, pl.String)),
            pl.col("visit_key").eq_missing(pl.lit(visit_key, pl.String)),
        )
        title = ", ".join(name for name in (cell_type, visit_key) if name) or "all samples"
        parts.append(_grid(study, chosen, title))
    return "".join(parts)


def _grid(study: Study, samples: pl.DataFrame, title: str) -> str:
    visits = [t for t in study.timepoints if (samples["timepoint"] == t).any()]
    groups = [g for g in study.groups if (samples["study_group"] == g).any()]
    seen: dict[tuple[str, str], set[str]] = {}
    for group, visit, subject in samples.select(
        "study_group", "timepoint", "subject_id"
    ).iter_rows():
        seen.setdefault((group, visit), set()).add(subject)
    came = {v: set().union(*(seen.get((g, v), set()) for g in groups)) for v in visits}
    people = {g: set().union(*(seen.get((g, v), set()) for v in visits)) for g in groups}
    columns: list[Sequence[object]] = [groups, [len(people[g]) for g in groups]]
    columns += [[len(seen.get((g, v), ())) or "-" for g in groups] for v in visits]
    table = aligned([f"{study.nouns.subject.many}: {title}", "in all", *visits], columns)
    lines = [f"  {line}\n" for line in table.splitlines()]
    for group in groups:
        absent = [
            f"{visit}: {_named(people[group] - came[visit])}"
            for visit in visits
            if seen.get((group, visit)) and people[group] - came[visit]
        ]
        if absent:
            lines.append(f"    {group} without a sample at {'; '.join(absent)}\n")
    return "".join(lines) + "\n"


def _named(subjects: set[str]) -> str:
    # subjects are often numbers: 9 before 10
    names = sorted(subjects, key=lambda s: (len(s), s) if s.isdigit() else (99, s))
    return listed(names, most=NAMES_SHOWN)
