"""Pairs of contrasts that the page on rebound is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from cohortmart.core.study.kinds import BETA, Kind, kind_of_values
from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.naming import slugs
from cohortmart.report.source import Source
from cohortmart.report.units import unit_of

#: One row a pair and group, with what the summaries say of it.
SUMMARY_SQL = """select
    s.analysis, s.pair, s.study_group, s.first_contrast, s.second_contrast, s.preset,
    s.n_tested, s.n_found, s.n_up_down, s.n_down_up, s.n_same_sign, s.n_default, s.n_paper,
    c.r, c.r_no_effect, c.no_effect_low, c.no_effect_high, c.p_value, c.reading, c.r_biological,
    c.r_biological_ci_low, c.r_biological_ci_high
from rebound_summary as s
left join contrast_correlation as c
    on s.analysis = c.analysis and (
        (s.first_contrast = c.first_contrast and s.second_contrast = c.second_contrast)
        or (s.first_contrast = c.second_contrast and s.second_contrast = c.first_contrast)
    )"""
_PAIRS = f"""
    select
        s.*, d1.assay, d1.values_used,
        d1.n_samples as n_samples_first, d1.n_subjects as n_subjects_first,
        d2.n_samples as n_samples_second, d2.n_subjects as n_subjects_second
    from ({SUMMARY_SQL}) as s
    inner join dim_contrast as d1
        on s.analysis = d1.analysis and s.first_contrast = d1.contrast
    inner join dim_contrast as d2
        on s.analysis = d2.analysis and s.second_contrast = d2.contrast
    order by list_position($analyses, s.analysis), s.analysis, s.pair,
        list_position($groups, s.study_group) nulls last, s.first_contrast
"""
_LIMIT = """
    select greatest(
        quantile_disc(size, 0.999e0),
        coalesce(quantile_disc(size, 0.99e0) filter (where is_found), 0e0)
    ) from (
        select greatest(abs(log_fc_first), abs(log_fc_second)) as size, is_found
        from rebound
        where analysis = $analysis and pair = $pair
            and log_fc_first is not null and log_fc_second is not null
    )
"""


@dataclass(frozen=True, eq=False)
class ReboundPair:
    """A pair of contrasts of an analysis, in all groups that have it.

    Parameters
    ----------
    analysis, pair : str
        As in `rebound_summary`.
    slug : str
        For names of figures and tables.
    members : tuple of dict
        A group each, in the order of study.yml: a row of `rebound_summary` with the
        correlation of the two contrasts and their numbers of samples and people.
    limit : float
        Pictures show changes from -limit to limit: nearly all features lie within.
    unit : str
        Of the changes.
    visits : tuple of str
        The three timepoints: before, in the middle, after; none where the contrasts are not two
        changes that follow each other.
    """

    analysis: str
    pair: str
    slug: str
    members: tuple[dict[str, Any], ...]
    limit: float
    unit: str
    visits: tuple[str, ...] = ()

    @property
    def assay(self) -> str:
        """Return what was measured."""
        return str(self.members[0]["assay"])

    @property
    def kind(self) -> Kind:
        """Return the kind of the assay."""
        return kind_of_values(self.members[0]["values_used"])

    @property
    def is_beta(self) -> bool:
        """Return whether features are CpGs."""
        return self.kind.name == BETA

    @property
    def noun(self) -> str:
        """Return what a feature is called."""
        return self.kind.shown

    @property
    def firsts(self) -> list[str]:
        """Return the first contrast of each group."""
        return [m["first_contrast"] for m in self.members]

    @property
    def seconds(self) -> list[str]:
        """Return the second contrast of each group."""
        return [m["second_contrast"] for m in self.members]

    @property
    def titles(self) -> list[str]:
        """Return what each group is called; a pair of no one group goes by its name."""
        return [m["study_group"] or self.pair for m in self.members]

    @property
    def changes(self) -> tuple[str, str]:
        """Return what the two changes are called, at the beginning of a line."""
        if not self.visits:
            return "First change", "Second change"
        before, middle, after = self.visits
        return f"Change {before} to {middle}", f"Change {middle} to {after}"

    def where(self, table: str) -> str:
        """Return the condition on a table that keeps the rows of this pair, as SQL."""
        return (
            f"{table}.analysis = {literal(self.analysis)} and {table}.pair = {literal(self.pair)}"
        )


def rebound_pairs(source: Source) -> list[ReboundPair]:
    """Return the pairs that have tested features, in the order of the analyses."""
    if not (source.has_rows("rebound_summary") and source.has_rows("rebound")):
        return []
    pairs = []
    for pair in known_pairs(source):
        limit = source.value(_LIMIT, {"analysis": pair.analysis, "pair": pair.pair})
        if limit:
            pairs.append(replace(pair, limit=float(limit)))
    return pairs


def known_pairs(source: Source) -> list[ReboundPair]:
    """Return the pairs of the summaries without a look at their features: with a limit of 1."""
    if not source.has_rows("rebound_summary"):
        return []
    order = {"analyses": list(source.analyses), "groups": list(source.groups)}
    rows = source.rows(_PAIRS, order)
    if not source.has_groups:  # of one there is nothing to say
        rows = [row | {"study_group": None} for row in rows]
    found = [
        (key, tuple(members))
        for key, members in groupby(rows, key=lambda row: (row["analysis"], row["pair"]))
    ]
    names = _names([key for key, _ in found], source.names.words)
    pairs = []
    for (analysis, pair), members in found:
        slug = names[analysis, pair]
        unit = unit_of(source, analysis, members[0]["values_used"])
        visits = _visits(source.timepoints, members[0])
        pairs.append(ReboundPair(analysis, pair, slug, members, 1.0, unit, visits))
    return pairs


def _visits(timepoints: Sequence[str], member: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the timepoints of two changes, from the names of their contrasts: `3rd-1st`."""
    steps = [
        (before, after)
        for contrast in (member["first_contrast"], member["second_contrast"])
        for before in timepoints
        for after in timepoints
        if contrast == f"{after}-{before}" or contrast.endswith(f"_{after}-{before}")
    ]
    if len(steps) != 2 or steps[0][1] != steps[1][0]:
        return ()
    return (*steps[0], steps[1][1])


def _names(keys: list[tuple[str, str]], shown: Callable[[str], str]) -> dict[tuple[str, str], str]:
    """Return a slug for each pair: that of the analysis where it has one pair only."""
    analyses = [analysis for analysis, _ in keys]
    texts = {
        (analysis, pair): analysis if analyses.count(analysis) == 1 else f"{analysis}\0{pair}"
        for analysis, pair in keys
    }
    short = slugs(texts.values(), shown)
    return {key: short[text] for key, text in texts.items()}
