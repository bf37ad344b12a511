"""Sentences on contrasts: units, names, samples, thresholds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cohortmart.core.study.kinds import BETA, Kind, kind_of_values
from cohortmart.core.text import counted
from cohortmart.report.design_words import design_words
from cohortmart.report.sample_numbers import samples_of
from cohortmart.report.source import Source
from cohortmart.report.units import unit_of

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Manner:
    """How an analysis is spoken of.

    Parameters
    ----------
    analysis, slug : str
        Its name, and that name as a part of file names.
    kind : Kind
        Of the assay.
    unit : str
        Of changes and levels.
    """

    analysis: str
    slug: str
    kind: Kind
    unit: str

    @property
    def noun(self) -> str:
        """What a feature is called."""
        return self.kind.shown

    @property
    def nouns(self) -> str:
        """Features, at the beginning of a line."""
        return self.kind.many_shown if self.of_probes else self.kind.many_shown.capitalize()

    @property
    def of_probes(self) -> bool:
        """Whether features are probes."""
        return self.kind.name == BETA


def manner_of(source: Source, analysis: str, slug: str) -> Manner | None:
    """Return how an analysis is spoken of, None where it has no contrasts."""
    values = source.value(
        "select values_used from dim_contrast where analysis = ? limit 1", [analysis]
    )
    if values is None:
        return None
    return Manner(analysis, slug, kind_of_values(values), unit_of(source, analysis, values))


def compared_words(source: Source, row: Row) -> str:
    """Say on whom a contrast rests: `60 samples of 16 people`."""
    return samples_of(source, row["n_samples"], row["n_subjects"])


def shown_title(source: Source, row: Row) -> str:
    """Return the meaning of a contrast with its name behind it."""
    name, meaning = source.names.words(row["contrast"]), source.names.words(row["meaning"] or "")
    return name if meaning in ("", name) else f"{meaning} ({name})"


def analysis_words(source: Source, manner: Manner) -> list[str]:
    """Return the paragraphs above the contrasts of an analysis: what was done, on whom."""
    return [_rests_on(source, manner), _design(source, manner), _direction(source, manner)]


def _rests_on(source: Source, manner: Manner) -> str:
    row = source.rows(
        "select count(*) as n, any_value(assay) as assay from dim_contrast where analysis = ?",
        [manner.analysis],
    )[0]
    said = (
        f"{counted(row['n'], 'contrast')} of the assay {row['assay']}, each tested "
        f"{manner.noun} by {manner.noun}"
    )
    if not source.has_rows("design_matrix"):
        return f"{said}."
    people = source.rows(
        "select count(distinct s.sample_id) as n_samples, count(distinct s.subject_id) as"
        " n_subjects from (select distinct sample_id from design_matrix where analysis = ?) as d"
        " inner join shown_sample as s on s.sample_id = d.sample_id",
        [manner.analysis],
    )[0]
    return f"{said}, from one fit to {compared_words(source, people)}."


def _design(source: Source, manner: Manner) -> str:
    text = source.value("select parameters from analysis_run where analysis = ?", [manner.analysis])
    return (
        source.names.words(" ".join(design_words(json.loads(text), source.subject))) if text else ""
    )


def _direction(source: Source, manner: Manner) -> str:
    size = source.value(
        "select max(minimum_log_fc) from dim_contrast where analysis = ?", [manner.analysis]
    )
    group = ", or in the group that is not the reference" if source.has_groups else ""
    said = (
        f"Up is higher in what a contrast names first: at the later {source.timepoint.one}{group}. "
        "Down is lower."
    )
    if manner.of_probes and manner.unit == "M-value":
        said += (
            " Changes are tested as M-values; delta beta is the same change as a share of "
            "methylated copies (0.1 = 10 percentage points)."
        )
    if size:
        said += f" P values ask whether a change is larger than {size:g} {manner.unit}."
    return said


def own_words_only(source: Source, query: str) -> str:
    """Return a query, or nothing where it holds the name of a person that is not to be shown."""
    return query if source.names.words(query) == query else ""
