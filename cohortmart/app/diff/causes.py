"""Causes of a difference: inputs, parameters, versions and samples of two runs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cohortmart.app.diff.flat import comparable_study, differences
from cohortmart.app.diff.inputs import Difference, input_differences
from cohortmart.app.diff.runs import Run
from cohortmart.app.diff.samples import sample_differences
from cohortmart.core.study.yaml_positions import read_document
from cohortmart.core.warehouse.build_state import read_built

_RUNS = """
    select
        analysis, cohortmart_version, library_versions, parameters, inputs, coefficients, n_features
    from analysis_run order by analysis
"""


@dataclass(frozen=True)
class Causes:
    """What can have made the lists of two runs differ.

    Parameters
    ----------
    inputs, parameters, versions, samples : tuple of Difference
        Sorted. A parameter that differs alike in several analyses is told once.
    """

    inputs: tuple[Difference, ...]
    parameters: tuple[Difference, ...]
    versions: tuple[Difference, ...]
    samples: tuple[Difference, ...]

    @property
    def none(self) -> bool:
        """Whether nothing differs."""
        return not (self.inputs or self.parameters or self.versions or self.samples)


def find_causes(a: Run, b: Run, only: str | None = None) -> Causes:
    """Compare what two runs were made from.

    Parameters
    ----------
    a, b : Run
    only : str, optional
        Of the parameters and versions those of one analysis.

    Raises
    ------
    StudyError
        The copy of a study file cannot be read.
    """
    runs = [{row["analysis"]: row for row in run.rows(_RUNS)} for run in (a, b)]
    shared = sorted(runs[0].keys() & runs[1].keys())
    pairs = [
        (name, runs[0][name], runs[1][name]) for name in shared if only is None or name == only
    ]
    read = _in_analyses(pairs, _lake_tables)
    parameters = _in_analyses(
        pairs,
        lambda row: {
            **(_json(row["parameters"]) or {}),
            "terms of the model": _json(row["coefficients"]),
            "features tested": row["n_features"],
        },
    )
    versions = _in_analyses(pairs, _versions)
    return Causes(
        inputs=(*input_differences(a, b), *read),
        parameters=(*_in_study_files(a, b), *parameters),
        versions=(*versions, *_sql_difference(a, b)),
        samples=tuple(sample_differences(a, b)),
    )


def _in_analyses(
    pairs: Sequence[tuple[str, dict[str, Any], dict[str, Any]]],
    values: Callable[[dict[str, Any]], dict[str, Any]],
) -> list[Difference]:
    """Tell each difference once, with the analyses that have it."""
    analyses: dict[tuple[str, str | None, str | None], list[str]] = defaultdict(list)
    for name, row_a, row_b in pairs:
        for difference in differences(values(row_a), values(row_b)):
            analyses[difference].append(name)
    n_pairs = len(pairs)
    found = [
        Difference(
            f"all {n_pairs} analyses" if len(names) == n_pairs > 1 else ", ".join(names), *what
        )
        for what, names in analyses.items()
    ]
    return sorted(found, key=lambda d: (d.what, d.where))


def _in_study_files(a: Run, b: Run) -> list[Difference]:
    if not (a.home.study_copy.exists() and b.home.study_copy.exists()):
        return []
    values = [comparable_study(read_document(run.home.study_copy).value) for run in (a, b)]
    return [Difference("study.yml", *what) for what in differences(*values)]


def _lake_tables(row: dict[str, Any]) -> dict[str, Any]:
    """Name the lake's files that an analysis read; a part-less table is `sample:` there."""
    files = _json(row["inputs"]) or {}
    return {f"reads {key.rstrip(':')}": file for key, file in files.items()}


def _versions(row: dict[str, Any]) -> dict[str, Any]:
    return {"cohortmart": row["cohortmart_version"], **(_json(row["library_versions"]) or {})}


def _sql_difference(a: Run, b: Run) -> list[Difference]:
    """Compare the hashes of the SQL that built the tables."""
    marks: list[str | None] = []
    for run in (a, b):
        built = read_built(run.con, "lake")
        marks.append(", ".join(m[:12] for m in sorted(built.marks)) if built else None)
    if marks[0] == marks[1]:
        return []
    return [Difference("all tables", "SQL that built them (hash)", *marks)]


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)
