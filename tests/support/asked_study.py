"""A small study for queries and agents: that of the explorer, with what their pages also read."""

from __future__ import annotations

from pathlib import Path

import duckdb

from cohortmart.explore.answers.explored import Explored
from tests.support.explored_study import small_explored_home

_MORE = """
alter table deg add column gene_name varchar;
alter table deg add column adj_p_value double;
update deg set gene_name = 'SEPT2', adj_p_value = 0.01;
insert into deg values ('rna_all', 'anna_PP/1st', 'ENSG1', '1E5', 1e-9);
alter table dim_contrast add column n_samples bigint;
alter table contrast_summary add column min_adj_p_value double;
alter table group_expression add column gene_name varchar;
update group_expression set gene_name = 'SEPT2' where gene_id = 'ENSG1';
alter table group_expression add column cell_type varchar;
alter table group_expression add column visit_order integer;
alter table group_expression add column ci_low double;
alter table group_expression add column ci_high double;
alter table fct_contrast_result add column feature_name varchar;
alter table dim_gene add column matrix_name varchar;
"""


def asked_study(folder: Path, *, pseudonymise: bool = False) -> Explored:
    """Write the study into a folder and open it."""
    home = small_explored_home(folder)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(_MORE)
    return Explored(home, pseudonymise=pseudonymise)
