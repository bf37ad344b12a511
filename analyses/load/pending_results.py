"""Results that were just written, as views beside the warehouse's tables.

The result models of the warehouse show the files of the last build; the views here show the
files that are current now.
"""

from __future__ import annotations

from functools import cache

import duckdb
import yaml

from cohortmart.core.dbt_project import dbt_project_folder
from cohortmart.core.lake.file_manifest import read_current
from cohortmart.core.schemas.tables import RESULT_TABLES
from cohortmart.core.warehouse.home import Home
from cohortmart.core.warehouse.macros import rendered
from cohortmart.core.warehouse.quoting import literal

_SHOWN = (
    "contrast",
    "contrast_result",
    "contrast_correlation",
    "analysis_run",
    "threshold",
    "rebound_pair",
    "rebound",
    "rebound_difference",
    "module_gene",
)


def show_results(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Make the temporary views `new_...` over the current results, and `feature_gene`.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse. Views are seen by `con` itself, not by its cursors.
    home : Home

    Notes
    -----
    `new_found` has the features that meet the thresholds of their analysis, `new_rebound_found`
    those that rebound by the preset of their pair, `feature_gene` the genes of each feature.
    """
    for name in _SHOWN:
        _show(con, home, name)
    default = default_adj_p()
    con.execute(
        f"""
        create or replace temp view filled_threshold as
        select analysis, p,
            case when p is null and adj_p is null and delta_beta is null and log_fc is null
                then {default!r} else adj_p end as adj_p,
            delta_beta, log_fc
        from new_threshold
        """
    )
    con.execute(
        f"""
        create or replace temp view new_found as
        select r.analysis, r.contrast, r.feature_id,
            case when r.log_fc > 0 then 'up' else 'down' end as direction
        from new_contrast_result as r
        inner join filled_threshold as t on r.analysis = t.analysis
        where {rendered("is_found", "r", "t")}
        """
    )
    con.execute(
        f"""
        create or replace temp view new_rebound_found as
        select r.analysis, r.pair, r.study_group, r.first_contrast, r.second_contrast,
            r.feature_id, {rendered("rebound_class", "r")} as class
        from new_rebound as r
        inner join filled_threshold as t on r.analysis = t.analysis
        inner join new_rebound_pair as p
            on
                r.analysis = p.analysis
                and r.first_contrast = p.first_contrast
                and r.second_contrast = p.second_contrast
        where {rendered("is_rebound_found", "r", "t", "p", repr(default))}
        """
    )
    con.execute(
        """
        create or replace temp view feature_gene as
        select a.assay, g.gene_id as feature_id, g.gene_name, cast(null as varchar) as region
        from dim_gene as g
        cross join (select assay from staging.stg_lake__assays where kind = 'counts') as a
        union all
        select a.assay, b.probe_id as feature_id, b.gene_name, b.region
        from bridge_probe_gene as b
        cross join (select assay from staging.stg_lake__assays where kind = 'beta') as a
        union all
        select assay, feature_id, gene_name, cast(null as varchar) as region
        from dim_measure
        where gene_name is not null
        """
    )


def _show(con: duckdb.DuckDBPyConnection, home: Home, name: str) -> None:
    """Make one view; without files, one without rows."""
    files = [home.results / e.path for e in read_current(home.results) if e.table_name == name]
    view = f"new_{name}"
    if files:
        names = ", ".join(literal(str(path)) for path in files)
        con.execute(f"create or replace temp view {view} as from read_parquet([{names}])")
        return
    con.register(f"{view}_empty", RESULT_TABLES[name].empty_table())
    con.execute(f"create or replace temp view {view} as from {view}_empty")


@cache
def default_adj_p() -> float:
    """Return the threshold that counts where an analysis names none: dbt's own variable."""
    text = (dbt_project_folder() / "dbt_project.yml").read_text(encoding="utf-8")
    return float(yaml.safe_load(text)["vars"]["default_adj_p"])
