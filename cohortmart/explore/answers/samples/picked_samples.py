"""Picked samples: which of an assay are wanted, by group, timepoint and cell type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cohortmart.core.text import capital
from cohortmart.core.warehouse.quoting import literal
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.samples.prepared import Known
from cohortmart.explore.answers.view import Control, Option, Wanted, picked
from cohortmart.report.pages.quality.assays import Assay, SampleSet

_CELL_TYPES = """
    select distinct s.cell_type from qc_sample as q inner join shown_sample as s using (sample_id)
    where q.assay = $assay and s.cell_type is not null order by s.cell_type
"""
#: In an address, and in `shown_sample`.
_FILTERS = (("group", "study_group"), ("timepoint", "timepoint"), ("cell", "cell_type"))


@dataclass(frozen=True)
class Picked:
    """The samples that an address wants.

    Parameters
    ----------
    known : Known
        Their assay.
    one : SampleSet or None
        The set that they are of; None where none was looked at together.
    filters : sequence of (str, str)
        Columns of `shown_sample` and the value that is wanted.
    controls : sequence of Control
        What sets all of this.
    """

    known: Known
    one: SampleSet | None
    filters: Sequence[tuple[str, str]]
    controls: Sequence[Control]

    @property
    def assay(self) -> Assay:
        """Their assay."""
        return self.known.assay

    @property
    def condition(self) -> str:
        """SQL on `shown_sample as s` that keeps those which pass the filters."""
        said = [f"s.{column} = {literal(value)}" for column, value in self.filters]
        return " and ".join(said) or "true"

    @property
    def of_set(self) -> str:
        """SQL on `shown_sample as s` that keeps those of the set, too."""
        if self.one is None:
            return self.condition
        return (
            f"{self.condition} and s.sample_id in (select sample_id from qc_pca where "
            f"assay = {literal(self.assay.name)} and sample_set = {literal(self.one.name)})"
        )

    @property
    def words(self) -> str:
        """What is left out, for people; nothing where all are shown."""
        return ", ".join(value for _, value in self.filters)


def picked_samples(asked: Asked, known: Sequence[Known], wanted: Wanted) -> Picked:
    """Return the samples that an address wants, by what there is of each filter.

    Parameters
    ----------
    asked : Asked
    known : sequence of Known
        One or more.
    wanted : mapping of str to str
        `assay`, `samples`, `group`, `timepoint` and `cell`; what is not there counts as not given.
    """
    names = [one.assay.name for one in known]
    of = known[names.index(picked(wanted, "assay", names, names[0]))]
    sets = [one.name for one in of.sets]
    one = of.sets[sets.index(picked(wanted, "samples", sets, sets[0]))] if sets else None
    controls = [
        Control("assay", "Assay", of.assay.name, options=tuple(Option(n, n) for n in names)),
        *(
            [Control("samples", "Samples", one.name,
                     options=tuple(Option(s.name, s.title) for s in of.sets))]
            if one else []
        ),
    ]  # fmt: skip
    cells = [r["cell_type"] for r in asked.rows(_CELL_TYPES, {"assay": of.assay.name})]
    offered = (
        ("Group", asked.groups), (capital(asked.timepoint.one), asked.timepoints),
        ("Cell type", cells),
    )  # fmt: skip
    filters = []
    for (name, column), (title, values) in zip(_FILTERS, offered, strict=True):
        value = picked(wanted, name, values, "")
        options = (Option("", "all"), *(Option(v, v) for v in values))
        controls.append(Control(name, title, value, options=options))
        if value:
            filters.append((column, value))
    least = {"assay": 2, "samples": 2, **dict.fromkeys((name for name, _ in _FILTERS), 3)}
    shown = [c for c in controls if len(c.options) >= least[c.name]]
    return Picked(of, one, filters, shown)
