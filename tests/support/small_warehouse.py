"""A warehouse of a few rows written by hand, under names that SQL could misread."""

from __future__ import annotations

from pathlib import Path

import duckdb

#: Quotes, a statement, a wildcard, another script, spaces: each is the name of a gene.
HOSTILE = ("O'Gene", 'a"b', "x'; drop table dim_gene; --", "100%", "Ärger", " two  spaces ", "$1")

_TABLES = """
create schema staging;
create table staging.stg_lake__assays (assay varchar, kind varchar, m_value_clip double);
insert into staging.stg_lake__assays values
    ('rna', 'counts', null), ('meth', 'beta', 1e-6), ('prot', 'continuous', null),
    ('prot 2', 'continuous', null);
create table dim_sample (sample_id varchar, subject_id varchar, timepoint varchar);
insert into dim_sample values ('s1', 'p1', '1st'), ('s2', 'p1', '3rd'), ('s3', 'p2', '1st');
comment on table dim_sample is 'One row per sample.';
comment on column dim_sample.subject_id is 'Whose sample it is.';
create view sampled as select sample_id from dim_sample;
create table qc_sample as
    select 'rna' as assay, sample_id, null::varchar as filter_reason from dim_sample;
create table analysis_run as select 'one' as analysis;
create table dim_gene (
    gene_id varchar, gene_name varchar, chromosome varchar, ensembl_id varchar, matrix_name varchar
);
create table bridge_gene_alias (
    alias varchar, kind varchar, gene_name varchar, ensembl_id varchar
);
create table dim_probe (probe_id varchar, chromosome varchar, position bigint);
insert into dim_probe values ('cg1', '1', 10), ('cg2', '1', 20), ('cg3', '2', 5);
create table bridge_probe_gene (probe_id varchar, gene_name varchar, region varchar);
insert into bridge_probe_gene values
    ('cg1', 'IL7R', 'TSS200'), ('cg2', 'IL7R', 'Body'), ('cg3', 'ONLYCG', 'Body');
create table dim_measure (
    assay varchar, feature_id varchar, measure_name varchar, gene_name varchar
);
insert into dim_measure values
    ('prot', 'P1', 'Interleukin', 'IL7R'), ('prot 2', 'P1', 'Interleukin', 'IL7R'),
    ('prot', 'P2', 'cortisol', null);
create table dim_contrast (
    analysis varchar, contrast varchar, contrast_order integer, assay varchar, meaning varchar,
    expression varchar, n_samples bigint, n_subjects bigint, values_used varchar
);
create table contrast_summary (
    analysis varchar, contrast varchar, n_tested bigint, n_found bigint, n_up bigint,
    n_down bigint, min_adj_p_value double, threshold_p double, threshold_adj_p double,
    threshold_delta_beta double, threshold_log_fc double
);
create table fct_contrast_result (
    analysis varchar, contrast varchar, feature_id varchar, feature_name varchar,
    log_fc double, t double,
    p_value double, adj_p_value double, delta_beta double
);
"""


def write_warehouse(folder: Path, contrasts: tuple[str, ...] = ("b - a",)) -> Path:
    """Write the warehouse and the rooms beside it; give back the folder."""
    for room in ("lake", "results"):
        (folder / room).mkdir(parents=True, exist_ok=True)
    genes = [("ENSG1", "IL7R", "ENSG1", "IL7R"), ("ENSG2", "CD69", "ENSG2", "CD69"),
             ("ENSG3", None, "ENSG3", None), ("ENSG4", "TWIN", "ENSG4", "TWIN"),
             ("ENSG5", "TWIN", "ENSG5", "TWIN"), ("ENSG6", "SEPTIN2", "ENSG6", "SEPT2"),
             ("ENSG7", "ABC", "ENSG7", "ABC"), ("ENSG8", "Abc", "ENSG8", "Abc"),
             *((f"h{i}", name, None, name) for i, name in enumerate(HOSTILE))]  # fmt: skip
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute(_TABLES)
        con.executemany("insert into dim_gene values (?, ?, '1', ?, ?)", genes)
        con.executemany(
            "insert into bridge_gene_alias values (?, 'alias', ?, ?)",
            [("CD127", "IL7R", "ENSG1"), ("AIM", "CD69", "ENSG2"), ("AIM", "SEPTIN2", "ENSG6")],
        )
        for order, contrast in enumerate(contrasts, 1):
            row = ("one", contrast)
            con.execute(
                "insert into dim_contrast values (?, ?, ?, 'rna', 'a change', 'b - a', 3, 2, "
                "'voom')",
                [*row, order],
            )
            con.execute(
                "insert into contrast_summary values (?, ?, 3, 1, 1, 0, 0.01, null, 0.05, null, "
                "null)",
                row,
            )
            con.executemany(
                "insert into fct_contrast_result values (?, ?, ?, ?, ?, ?, ?, ?, null)",
                [(*row, "ENSG1", "IL7R", 0.5, 1.0, 0.2, 0.3),
                 (*row, "ENSG2", "CD69", 2.0, 9.0, 0.001, 0.01),
                 (*row, "ENSG3", None, None, None, None, None)],
            )  # fmt: skip
    return folder
