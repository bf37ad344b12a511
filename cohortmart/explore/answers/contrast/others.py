"""The contrasts with which one can be compared."""

from __future__ import annotations

from cohortmart.core.study.kinds import BETA, kind_of_values
from cohortmart.explore.answers.addresses import compare_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.contrast.wished import ContrastMeant, people_shown
from cohortmart.explore.answers.view import Control, Option

_OTHERS = """
    select analysis, contrast, values_used from dim_contrast
    where n_subjects >= $people and not (analysis = $analysis and contrast = $contrast)
    order by analysis <> $analysis, list_position($analyses::varchar[], analysis),
        contrast_order nulls last, contrast
"""


def others_control(
    asked: Asked, meant: ContrastMeant, now: tuple[str, str] | None = None
) -> Control:
    """Return the control that leads to a comparison: its values are addresses.

    Parameters
    ----------
    asked : Asked
    meant : ContrastMeant
    now : (str, str), optional
        Analysis and contrast of the other, where there is one.
    """
    given = {"people": people_shown(asked), "analyses": list(asked.analyses), **meant.key}
    shown = asked.names.words
    options = [] if now else [Option("", "choose …")]
    for analysis, contrast, values in asked.con.sql(_OTHERS, params=given).fetchall():
        if (kind_of_values(values).name == BETA) != meant.manner.of_probes:
            continue  # a CpG is no gene
        title = contrast if analysis == meant.analysis else f"{contrast} of {analysis}"
        to = compare_address(meant.analysis, meant.contrast, analysis, contrast)
        options.append(Option(to, shown(title)))
    value = "" if now is None else compare_address(meant.analysis, meant.contrast, *now)
    return Control("with", "Compare with", value, options=tuple(options))
