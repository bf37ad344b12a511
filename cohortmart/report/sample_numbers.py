"""How many samples of how many women stand behind a picture."""

from __future__ import annotations

from collections.abc import Sequence

from cohortmart.core.text import counted
from cohortmart.report.source import Source

_NUMBERS = """
    select
        d.analysis, count(distinct d.sample_id) as n_samples,
        count(distinct s.subject_id) as n_women
    from design_matrix as d
    inner join shown_sample as s on d.sample_id = s.sample_id
    where d.analysis in (select unnest(?))
    group by d.analysis
"""


def samples_and_women(source: Source, analyses: Sequence[str]) -> str:
    """Say how many samples and women some analyses have, as in "60 samples of 16 women".

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
        name: f"{counted(rows[name]['n_samples'], 'sample')} of "
        f"{counted(rows[name]['n_women'], 'woman', 'women')}"
        for name in analyses
        if name in rows
    }
    if len(analyses) == 1:
        return "".join(f"{words}." for words in said.values())
    return f"{'; '.join(f'{name}: {words}' for name, words in said.items())}." if said else ""
