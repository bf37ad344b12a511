"""A small warehouse around one gene: counts, CpGs and a protein of it, in two analyses and more."""

from __future__ import annotations

from pathlib import Path

import duckdb

from cohortmart.core.warehouse.home import Home
from tests.support.result_files import contrast_rows, tables_of_results, write_results

STUDY = """
study: small
groups: [HP, MS]
timepoints: [1st, PP]
assays: {rna: {}, methylation: {}, proteins: {}}
analyses: {rna_cd4: {}, rna_cd8: {}, rna_again: {}, betas: {}, npx: {}}
"""
GENE, PROBES = "ENSG1", ("cg1", "cg2", "cg3", "cg4")
#: Of the last contrast there is one person.
CONTRASTS = ("MS_PP-1st", "HP_PP-1st", "alone")
#: Adjusted P of cg1 to cg3 in each contrast, and of the gene; found below 0.05.
ADJ_CPGS = ((0.01, 0.2, 0.3), (0.02, 0.9, 0.04), (0.01, 0.9, 0.9))
ADJ_GENE = (0.001, 0.6, 0.7)

_TABLES = """
create schema staging;
create schema intermediate;
create table staging.stg_lake__assays as select * from (values
    ('rna', 'counts'), ('methylation', 'beta'), ('proteins', 'continuous')) as t(assay, kind);
create table dim_sample as
    select p || '_' || cell || '_' || t as sample_id, p as subject_id, g as study_group,
        t as timepoint, o::integer as visit_order, cell as cell_type, '' as visit_key
    from (values ('anna', 'HP'), ('béla', 'HP'), ('cleo', 'MS'), ('dora', 'MS')) as a(p, g)
    cross join (values ('1st', 1), ('PP', 2)) as b(t, o)
    cross join (values ('CD4'), ('CD8')) as c(cell);
create table analysis_run as select unnest(['rna_cd4', 'rna_cd8', 'rna_again', 'betas', 'npx'])
    as analysis;
create table design_matrix as
    select analysis, sample_id from dim_sample inner join (values
        ('rna_cd4', 'CD4'), ('rna_cd8', 'CD8'), ('rna_again', 'CD8'), ('betas', 'CD4'),
        ('npx', 'CD8')) as t(analysis, cell) on cell = cell_type;
create table dim_contrast as
    select analysis, contrast, o::integer as contrast_order, assay, 'change: ' || contrast
        as meaning, values_used, case contrast when 'alone' then 1 else 4 end as n_subjects
    from (values ('rna_cd4', 'rna', 'voom'), ('rna_cd8', 'rna', 'voom'),
        ('rna_again', 'rna', 'voom'), ('betas', 'methylation', 'm_value'),
        ('npx', 'proteins', 'measured')) as a(analysis, assay, values_used)
    cross join (values ('MS_PP-1st', 1), ('HP_PP-1st', 2), ('alone', 3)) as c(contrast, o);
create table contrast_summary as
    select analysis, contrast, assay, 3 as n_tested, 1 as n_found, null::double as threshold_p,
        0.05 as threshold_adj_p, null::double as threshold_delta_beta,
        null::double as threshold_log_fc
    from dim_contrast;
create table dim_gene as select * from (values
    ('ENSG1', 'IL7R', 'ENSG1', 'IL7R'), ('ENSG2', '<b>x', 'ENSG2', null))
    as t(gene_id, gene_name, ensembl_id, matrix_name);
create table bridge_gene_alias as
    select 'CD127' as alias, 'alias' as kind, 'IL7R' as gene_name, 'ENSG1' as ensembl_id;
create table dim_probe as
    select probe_id, probe_id as common_probe_id, '5' as chromosome, p::bigint as position,
        'hg19' as genome_build, 'F' as strand, 'II' as design_type, 'OpenSea' as island,
        why as filter_reason
    from (values ('cg1', 400, null), ('cg2', 200, null), ('cg3', 300, null), ('cg4', 100, 'mask'))
        as t(probe_id, p, why);
create table bridge_probe_gene as select * from (values
    ('cg1', 'IL7R', 'Body'), ('cg1', 'IL7R', 'TSS1500'), ('cg2', 'IL7R', 'TSS200'),
    ('cg3', 'IL7R', 'Body'), ('cg4', 'IL7R', 'TSS200')) as t(probe_id, gene_name, region);
create table dim_measure as
    select 'proteins' as assay, 'P1' as feature_id, 'Interleukin' as measure_name, 'NPX' as unit,
        'IL7R' as gene_name, 'P16871' as uniprot, 'none' as transform, 'NPX' as transformed_unit;
create table visit_expression as
    select 'rna' as assay, sample_id, gene_id, visit_order + length(gene_id) / 7 as log2_cpm
    from dim_sample cross join dim_gene;
create table visit_methylation as
    select 'methylation' as assay, sample_id, probe_id, visit_order / 4 as beta
    from dim_sample cross join (select unnest(['cg1', 'cg2', 'cg3']) as probe_id);
create table visit_measurement as
    select 'proteins' as assay, sample_id, 'P1' as feature_id, visit_order / 3
        as transformed_value from dim_sample;
create table mean_value as
    select d.analysis, s.study_group, s.timepoint, s.visit_order, s.cell_type, '' as visit_key,
        count(*) as n_subjects, 1.5 as mean, 1.0 as ci_low, 2.0 as ci_high
    from design_matrix as d inner join dim_sample as s using (sample_id) group by all;
create table group_expression as
    select m.* exclude (mean), gene_id, mean as mean_log2_cpm from mean_value as m
    cross join dim_gene where analysis like 'rna%';
create table group_methylation as
    select m.* exclude (mean), 'cg1' as probe_id, mean as mean_beta from mean_value as m
    where analysis = 'betas';
create table group_measurement as
    select m.* exclude (mean), 'P1' as feature_id, mean as mean_transformed_value
    from mean_value as m where analysis = 'npx';
create table dim_rebound_pair as
    select analysis, 'up/down' as pair, 'MS' as study_group, 1 as group_order,
        'MS_PP-1st' as first_contrast, 'HP_PP-1st' as second_contrast
    from (values ('rna_cd4'), ('betas')) as t(analysis);
create table rebound as
    select p.*, f as feature_id, 'up-down' as class, f = 'ENSG1' as is_found
    from dim_rebound_pair as p inner join (values ('rna_cd4', 'ENSG1'), ('rna_cd4', 'ENSG2'),
        ('betas', 'cg1')) as t(a, f) on a = analysis;
create table intermediate.int_rebound__found as
    select analysis, pair, study_group, feature_id, class, is_found from rebound where is_found;
create table fct_sensitivity as
    select 'rna_cd4' as analysis, 'MS_PP-1st' as contrast, 'ENSG1' as feature_id,
        v as variant_order, v < 3 as holds, null::varchar as fault
    from (select unnest([0, 1, 2, 3]) as v);
create table dmp_deg as
    select 'betas' as analysis, 'rna_cd4' as expression_analysis, 'MS_PP-1st' as contrast,
        'cg1' as probe_id, 'IL7R' as gene_name, 'ENSG1' as gene_id, 'TSS1500' as regions,
        'promoter up, expression down' as direction, 0.1 as delta_beta,
        -1.0 as expression_log_fc, -0.5 as r_within, 0.001 as p_within, 0.01 as adj_p_within;
create table dmr as
    select 'betas' as analysis, c as contrast, r as region_id, 3 as n_probes, 'IL7R' as gene_names,
        'IL7R' as promoter_genes, 0.5 as estimate, 0.1 as delta_beta, p as p_value,
        adj as adj_p_value, 0.02 as fdr, 'cg1' as top_probe_id
    from (values ('MS_PP-1st', '5:200-400', 1e-6, 0.01), ('HP_PP-1st', '5:300-400', 1e-4, 0.05),
        ('HP_PP-1st', '5:200-200', 1e-2, 0.6), ('alone', '5:200-400', 1e-9, 0.001))
        as t(c, r, p, adj);
create table bridge_dmr_probe as
    select analysis, contrast, region_id, probe_id from dmr cross join (values
        ('5:200-400', 'cg1'), ('5:200-400', 'cg2'), ('5:200-400', 'cg3'), ('5:300-400', 'cg3'),
        ('5:200-200', 'cg2')) as t(r, probe_id) where r = region_id;
create table bridge_gene_set as select * from (values
    ('hallmark', 'T <b>cells', 'IL7R', 'd', 'IL7R'),
    ('hallmark', 'T <b>cells', 'GONE', 'd', 'GONE')) as t
    (collection, gene_set, gene_name, description, listed_as);
create table dim_gene_set as
    select 'hallmark' as collection, 'T <b>cells' as gene_set, 'd' as description, 2 as n_genes;
create table enrichment as
    select 'rna_cd4' as analysis, 'contrast' as source, 'MS_PP-1st' as source_name,
        'any' as direction, t as test, 'hallmark' as collection, 'T <b>cells' as gene_set,
        2 as n_genes, 1 as n_overlap, 0.5 as expected, 2.0 as odds_ratio,
        null::double as normalised_score, null::double as z, p as p_value, p * 2 as adj_p_value
    from (values ('camera', 0.3), ('over_representation', 0.02)) as v(t, p);
create table module_gene as
    select 'rna_cd4' as analysis, 'up/down' as pair, 'IL7R' as gene_name, true as is_seed,
        0 as rank, 5 as n_links, null::double as stability;
"""


def gene_warehouse(folder: Path) -> Home:
    """Write the warehouse and its results into a folder."""
    home = Home(folder)
    home.lake.mkdir(parents=True)
    home.results.mkdir()
    home.study_copy.write_text(STUDY)
    genes, cpgs = [GENE, "ENSG2"], list(PROBES[:3])
    pieces = {
        name: [
            contrast_rows(name, c, genes, k, adj_p_value=[ADJ_GENE[k], 0.9])
            for k, c in enumerate(CONTRASTS)
        ]
        for name in ("rna_cd4", "rna_cd8", "rna_again")
    }
    pieces["betas"] = [
        contrast_rows("betas", c, cpgs, k, adj_p_value=list(ADJ_CPGS[k]))
        for k, c in enumerate(CONTRASTS)
    ]
    pieces["npx"] = [contrast_rows("npx", c, ["P1"], k) for k, c in enumerate(CONTRASTS)]
    write_results(home, pieces)
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute(_TABLES)
        tables_of_results(home, con)
        con.execute(
            "create view dmp as select *, feature_id as probe_id from fct_contrast_result "
            "where analysis = 'betas' and adj_p_value < 0.05"
        )
    return home
