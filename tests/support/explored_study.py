"""A small study to be explored: the warehouse of the exports, with what a search looks at."""

from __future__ import annotations

from pathlib import Path

import duckdb

from cohortmart.core.warehouse.home import Home
from cohortmart.explore.answers.explored import Explored
from tests.support.export_warehouse import export_warehouse

_MORE = """
create schema staging;
create table staging.stg_lake__assays as
    select * from (values ('methylation', 'beta'), ('proteins', 'continuous'), ('rna', 'counts'))
    as a(assay, kind);
alter table dim_gene add column ensembl_id varchar;
update dim_gene set ensembl_id = 'ENSG00000168385' where gene_id = 'ENSG1';
create table bridge_gene_alias as
    select 'DIFF6' as alias, 'SEPT2' as gene_name, 'ENSG00000168385' as ensembl_id;
create table dim_gene_set as
    select 'T cell activation' as gene_set, 'go' as collection, 12 as n_genes;
alter table dim_measure add column gene_name varchar;
update dim_measure set gene_name = 'IL6';
"""


def small_explored_home(folder: Path) -> Home:
    """Write the study into a folder."""
    home = export_warehouse(folder)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(_MORE)
    return home


def small_explored(folder: Path, *, pseudonymise: bool = False) -> Explored:
    """Write the study into a folder and open it."""
    return Explored(small_explored_home(folder), pseudonymise=pseudonymise)
