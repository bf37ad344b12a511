"""Sentences on explained changes: of which analysis, features and variables."""

from __future__ import annotations

from dataclasses import dataclass

from cohortmart.core.study.kinds import BETA, CONTINUOUS, COUNTS, Kind, kind_of_values
from cohortmart.core.warehouse.quoting import literal
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source
from cohortmart.report.units import unit_of

#: Tables with the names of features, by the kind of the assay.
_NAMED_IN = {COUNTS: "dim_gene", BETA: "bridge_probe_gene", CONTINUOUS: "dim_measure"}


@dataclass(frozen=True)
class Parted:
    """An analysis with parted changes, and how it is spoken of.

    Parameters
    ----------
    analysis, slug : str
        Its name, and that name as a part of file names.
    variables : tuple of str
    assay : str
    kind : Kind
        Of the assay.
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
    assay: str
    kind: Kind
    unit: str
    people: str
    has_names: bool

    @property
    def noun(self) -> str:
        """What a feature is called."""
        return self.kind.shown

    @property
    def nouns(self) -> str:
        """Several of them."""
        return self.kind.many_shown

    @property
    def title(self) -> str:
        """Several of them, at the beginning of a line."""
        return f"{self.nouns[0].upper()}{self.nouns[1:]}"

    def names_sql(self, among: str) -> str:
        """Return SQL that gives feature_id and gene_name of the features `among`, if any has one.

        Parameters
        ----------
        among : str
            SQL behind `in`.
        """
        if not self.has_names:
            return "select null::varchar as feature_id, null::varchar as gene_name where false"
        if self.kind.name == CONTINUOUS:
            return (
                "select feature_id, measure_name as gene_name from dim_measure"
                f" where assay = {literal(self.assay)} and feature_id in {among}"
            )
        if self.kind.name == BETA:
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
    (of,) = source.rows(
        "select any_value(values_used) as used, any_value(assay) as assay from dim_contrast"
        " where analysis = ?",
        [analysis],
    )
    kind = kind_of_values(of["used"])
    people = samples_of(source, rows[0]["n_samples"], rows[0]["n_subjects"])
    return Parted(
        analysis=analysis,
        slug=slug,
        variables=tuple(r["variable"] for r in rows),
        assay=of["assay"],
        kind=kind,
        unit=unit_of(source, analysis, of["used"]),
        people=f"{people} with several.",
        has_names=source.has_rows(_NAMED_IN[kind.name]),
    )
