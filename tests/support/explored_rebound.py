"""The study of one pair of changes in two groups, as the explorer sees it."""

from __future__ import annotations

from pathlib import Path

from cohortmart.explore.answers.explored import Explored
from tests.support.explored_source import explored_source
from tests.support.report_rebound_rows import ANALYSIS, HP, MS, PAIR, SAMPLES, study
from tests.support.report_source import small_source

#: feature, difference of the swings (MS less HP), its adjusted P.
DIFFERENCES = (("g1", -0.75, 0.5), ("g2", 1.0, 0.03), ("g4", 0.25, 0.01))


def explored_rebound(root: Path = Path("nowhere"), *, pseudonymised: bool = False) -> Explored:
    """Return the study with what lies behind its tables; g4 is all that is in MS alone."""
    source = small_source(study(), SAMPLES, root, analyses=(ANALYSIS,), pseudonymised=pseudonymised)
    con = source.con
    con.execute("create schema staging; create schema intermediate")
    con.execute("create view staging.stg_results__rebounds as from rebound")
    con.execute(
        "create table intermediate.int_rebound__found as select * from rebound where feature_id in "
        "(select feature_id from rebound where is_found)"
    )
    con.execute(
        "create table staging.stg_results__rebound_differences as "
        "select $analysis as analysis, $pair as pair, $ms as study_group, $hp as reference_group, "
        "unnest($f) as feature_id, unnest($d) as amplitude_difference, unnest($p) as adj_p_value",
        {"analysis": ANALYSIS, "pair": PAIR, "ms": MS, "hp": HP,
         **dict(zip("fdp", map(list, zip(*DIFFERENCES, strict=True)), strict=True))},
    )  # fmt: skip
    con.execute(
        "create table staging.stg_results__thresholds as "
        "select $analysis as analysis, null::double as adj_p",
        {"analysis": ANALYSIS},
    )
    return explored_source(source)
