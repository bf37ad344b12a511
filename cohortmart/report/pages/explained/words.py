"""Sentences on explained changes: of which analysis, features and variables."""

from __future__ import annotations

from dataclasses import dataclass

from cohortmart.core.study.kinds import BETA, COUNTS, UNITS, kind_of_values
from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source


@dataclass(frozen=True)
class Parted:
    """An analysis with parted changes, and how it is spoken of.

    Parameters
    ----------
    analysis, slug : str
        Its name, and that name as a part of file names.
    variables : tuple of str
    of_probes : bool
        Whether features are probes.
    noun, nouns : str
        One of its features, and several.
    unit : str
        Of changes.
    people : str
        On whom it rests: `54 samples of 20 people with several.`
    has_names : bool
        Whether the warehouse names the genes of its features.
    """

    analysis: str
    slug: str
    variables: tuple[str, ...]
    of_probes: bool
    noun: str
    nouns: str
    unit: str
    people: str

    has_names: bool

    def names_sql(self, among: str) -> str:
        """Return SQL that gives feature_id and gene_name of the features `among`, if any has one.

        Parameters
        ----------
        among : str
            SQL behind `in`.
        """
        if not self.has_names:
            return "select null::varchar as feature_id, null::varchar as gene_name where false"
        if self.of_probes:
            return (
                "select probe_id as feature_id,"
                " string_agg(distinct gene_name, ', ' order by gene_name) as gene_name"
                f" from bridge_probe_gene where probe_id in {among} group by probe_id"
            )
        return f"select gene_id as feature_id, gene_name from dim_gene where gene_id in {among}"


def parted_of(source: Source, analysis: str, slug: str) -> Parted | None:
    """Return how an analysis is spoken of, None where no change of it is parted."""
    rows = source.rows(
        "select variable, max(n_samples) as n_samples, max(n_subjects) as n_subjects"
        f" from explained_variable where analysis = {literal(analysis)}"
        " group by variable order by variable"
    )
    if not rows:
        return None
    values = source.value(
        "select values_used from dim_contrast where analysis = ? limit 1", [analysis]
    )
    kind = kind_of_values(values)
    people = samples_of(source, rows[0]["n_samples"], rows[0]["n_subjects"])
    named_in = {BETA: "bridge_probe_gene", COUNTS: "dim_gene"}.get(kind.name)
    return Parted(
        analysis=analysis,
        slug=slug,
        variables=tuple(r["variable"] for r in rows),
        of_probes=kind.name == BETA,
        noun=kind.shown,
        nouns=kind.many_shown,
        unit=UNITS[values],
        people=f"{people} with several.",
        has_names=named_in is not None and source.has_rows(named_in),
    )
