"""Sample numbers: how many samples of how many people stand behind a picture."""

from __future__ import annotations

from collections.abc import Sequence

from cohortmart.core.text import counted
from cohortmart.report.source import Source

_NUMBERS = """
    select
        d.analysis, count(distinct d.sample_id) as n_samples,
        count(distinct s.subject_id) as n_people
    from design_matrix as d
    inner join shown_sample as s on d.sample_id = s.sample_id
    where d.analysis in (select unnest(?))
    group by d.analysis
"""


def samples_of(source: Source, n_samples: int, n_people: int) -> str:
    """Return how many samples of how many people: "60 samples of 16 people"."""
    return f"{counted(n_samples, 'sample')} of {source.subject.counted(n_people)}"


def samples_and_people(source: Source, analyses: Sequence[str]) -> str:
    """Say how many samples and people some analyses have, as in "60 samples of 16 people".

    Parameters
    ----------
    source : Source
    analyses : sequence of str
        With several, each is named, in this order; one without a design is left out.
    """
    if not source.has_rows("design_matrix"):
        return ""
    rows = {row["analysis"]: row for row in source.rows(_NUMBERS, [list(analyses)])}
    said = {
        name: samples_of(source, rows[name]["n_samples"], rows[name]["n_people"])
        for name in analyses
        if name in rows
    }
    if len(analyses) == 1:
        return "".join(f"{words}." for words in said.values())
    return f"{'; '.join(f'{name}: {words}' for name, words in said.items())}." if said else ""
