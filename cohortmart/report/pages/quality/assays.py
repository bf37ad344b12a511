"""Assays and their sets of samples, as the parts of the quality page need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cohortmart.core.study.kinds import BETA, COUNTS, KINDS, Kind
from cohortmart.core.text import capital, listed
from cohortmart.report.naming import slugs
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source

#: Orders `shown_sample as s` by group and timepoint, and never by what is not shown of a sample.
SAMPLE_ORDER = (
    "list_position($groups, s.study_group), s.visit_order, s.cell_type nulls last, s.visit_key, "
    "length(s.sample), s.sample"
)
#: The set of samples that every assay has.
ALL_SAMPLES = "all samples"

_ASSAYS = """
    select q.assay, {kind} as kind, count(*) as n_samples,
        count(distinct s.subject) as n_people
    from qc_sample as q
    inner join shown_sample as s using (sample_id)
    group by q.assay
    order by count(q.lib_size) = 0, q.assay
"""
#: The kind of each assay, over the rows of qc_sample as q; without measurements, and with.
_KIND = "case when count(q.lib_size) > 0 then 'counts' {more}else 'beta' end"
_CONTINUOUS = "when q.assay in (select assay from dim_measure) then 'continuous' "
_SETS = """
    select
        t.sample_set, any_value(t.n_samples) as n_samples, any_value(t.n_features) as n_features,
        coalesce(list(t.analysis order by list_position($analyses, t.analysis), t.analysis)
            filter (where t.analysis is not null), []) as analyses
    from qc_sample_set as t
    where t.assay = $assay
    group by t.sample_set
    order by t.sample_set <> 'all samples',
        list_position($analyses, t.sample_set) nulls last, t.sample_set
"""
_PEOPLE = """
    select p.sample_set, count(distinct s.subject) as n_people
    from qc_pca as p
    inner join shown_sample as s using (sample_id)
    where p.assay = $assay and p.component = 1
    group by p.sample_set
"""


@dataclass(frozen=True)
class Assay:
    """An assay of the study.

    Parameters
    ----------
    name : str
    key : str
        Its name as a part of the names of figures.
    kind : Kind
    n_samples, n_people : int
        Measured, those left out too.
    """

    name: str
    key: str
    kind: Kind
    n_samples: int
    n_people: int

    @property
    def unit(self) -> str:
        """What the samples are compared by."""
        units = {COUNTS: "log2 CPM", BETA: "M-value"}
        return units.get(self.kind.name, "value over its standard deviation")

    @property
    def is_counts(self) -> bool:
        """Whether reads were counted."""
        return self.kind.name == COUNTS

    @property
    def features(self) -> str:
        """What a row of the data is."""
        return self.kind.feature


@dataclass(frozen=True)
class SampleSet:
    """Samples that are looked at together.

    Parameters
    ----------
    name : str
        In the tables.
    key : str
        As a part of the names of figures.
    title : str
        For the reader: the analyses that take these samples, and how many they are.
    n_features : int
        Genes or probes that are compared.
    people : str
        "60 samples of 16 people".
    """

    name: str
    key: str
    title: str
    n_features: int
    people: str


def label(source: Source, variable: str) -> str:
    """Return what a column of the sample sheet is called for the reader."""
    return _roles(source).get(variable, variable)


def heading(source: Source, variable: str) -> str:
    """Return the same with a capital, where it is not the study's own name."""
    roles = _roles(source)
    return capital(roles[variable]) if variable in roles else variable


def _roles(source: Source) -> Mapping[str, str]:
    """Return the words for columns that have a place of their own in the project."""
    return {
        "study_group": "group",
        "timepoint": source.timepoint.one,
        "cell_type": "cell type",
        "visit_key": "visit key",
        "subject_id": source.subject.one,
    }


def assays(source: Source) -> list[Assay]:
    """Return the assays that have samples: counts first, then by name."""
    if not source.has_rows("qc_sample"):
        return []
    found = source.rows(_ASSAYS.format(kind=kind_sql(source)))
    keys = slugs([row["assay"] for row in found])
    return [
        Assay(r["assay"], keys[r["assay"]], KINDS[r["kind"]], r["n_samples"], r["n_people"])
        for r in found
    ]


def kind_sql(source: Source) -> str:
    """Return the kind of an assay as SQL over grouped rows of `qc_sample as q`."""
    return _KIND.format(more=_CONTINUOUS if source.is_there("dim_measure") else "")


def sample_sets(source: Source, assay: Assay) -> list[SampleSet]:
    """Return the sets of samples of an assay, all samples first, then as study.yml has them."""
    if not (source.has_rows("qc_sample_set") and source.has_rows("qc_pca")):
        return []
    n_people = {r["sample_set"]: r["n_people"] for r in source.rows(_PEOPLE, {"assay": assay.name})}
    found = [
        row
        for row in source.rows(_SETS, {"assay": assay.name, "analyses": list(source.analyses)})
        if row["sample_set"] in n_people
    ][: _most_sets(source)]
    keys = slugs([row["sample_set"] for row in found], source.names.words)
    return [
        SampleSet(
            name=row["sample_set"],
            key=keys[row["sample_set"]],
            title=_set_title(row["sample_set"], row["analyses"], row["n_samples"]),
            n_features=row["n_features"],
            people=samples_of(source, row["n_samples"], n_people[row["sample_set"]]),
        )
        for row in found
    ]


def _most_sets(source: Source) -> int:
    """Return how many sets are drawn: each has a picture for every variable."""
    return max(source.detail.top_features // 5, 1)


def _set_title(name: str, analyses: list[str], n_samples: int) -> str:
    shown = listed(analyses, most=3)
    if name == ALL_SAMPLES:
        title = f"All samples (also {shown})" if shown else "All samples"
    else:
        title = f"Samples of {shown or name}"
    return f"{title}: {n_samples:,}"
