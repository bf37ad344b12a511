"""Analyses of a study: what each measured, on whom, and in which contrasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cohortmart.explore.answers.explored import Explored
from cohortmart.report.pages.overview.features import Analysed, analysed
from cohortmart.report.source import Source

_SAMPLES = """
    select d.analysis, count(distinct d.sample_id) as n_samples,
        count(distinct s.subject_id) as n_people,
        list(distinct d.sample_id) as samples
    from design_matrix as d inner join shown_sample as s on d.sample_id = s.sample_id
    group by d.analysis order by d.analysis
"""
_CONTRASTS = """
    select d.analysis, d.contrast, d.contrast_order, d.meaning, s.n_found,
        s.threshold_p, s.threshold_adj_p, s.threshold_delta_beta, s.threshold_log_fc
    from dim_contrast as d
    left join contrast_summary as s on s.analysis = d.analysis and s.contrast = d.contrast
    order by d.analysis, d.contrast_order nulls last, d.contrast
"""


@dataclass(frozen=True, eq=False)
class Analyses:
    """The analyses of a study with results.

    Parameters
    ----------
    all : tuple of Analysed
        In the order of study.yml.
    samples : mapping of str to mapping
        By analysis: n_samples, n_people and `samples`, a frozenset of ids.
    contrasts : mapping of str to sequence of mapping
        By analysis, in order: contrast, meaning, n_found and the thresholds.
    """

    all: tuple[Analysed, ...]
    samples: Mapping[str, Mapping[str, Any]]
    contrasts: Mapping[str, Sequence[Mapping[str, Any]]]

    def of_assay(self, assay: str) -> list[Analysed]:
        """Return the analyses of an assay."""
        return [one for one in self.all if one.assay == assay]

    def of_other_samples(self, analyses: Sequence[Analysed]) -> list[Analysed]:
        """Return analyses without those that have no sample which an earlier one has not."""
        found: list[Analysed] = []
        seen: dict[str, list[frozenset[str]]] = {}
        for one in analyses:
            samples = self.samples.get(one.analysis, {}).get("samples", frozenset())
            before = seen.setdefault(one.assay, [])
            if not any(samples <= others for others in before):
                before.append(samples)
                found.append(one)
        return found


def analyses(explored: Explored) -> Analyses:
    """Return the analyses of a study, read once of a warehouse.

    Parameters
    ----------
    explored : Explored
    """
    return explored.kept("analyses", made)


def made(source: Source) -> Analyses:
    """Read the analyses of a study, see `analyses`."""
    known = (analysed(source, {"analysis": name}) for name in source.analyses)
    contrasts: dict[str, list[Mapping[str, Any]]] = {}
    for row in source.rows(_CONTRASTS):
        contrasts.setdefault(row["analysis"], []).append(row)
    return Analyses(
        tuple(one for one in known if one is not None),
        {
            row["analysis"]: row | {"samples": frozenset(row["samples"])}
            for row in source.rows(_SAMPLES)
        },
        contrasts,
    )
