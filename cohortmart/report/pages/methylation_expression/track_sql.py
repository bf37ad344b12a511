"""SQL of the courses of single genes and of their CpGs."""

from __future__ import annotations

#: What tells the samples of an analysis apart beside group and visit, where they differ by it.
KINDS = """
    select distinct
        cell_type, visit_key,
        concat_ws(
            ', ',
            case when count(distinct cell_type) over () > 1 then cell_type end,
            case when count(distinct visit_key) over () > 1 then nullif(visit_key, '') end
        ) as kind
    from (
        select distinct s.cell_type, s.visit_key
        from design_matrix as d
        inner join shown_sample as s on d.sample_id = s.sample_id
        where d.analysis = $analysis
    ) as combinations
"""
COURSE = """
    with kind as ({kinds})
    select
        g.gene_id, k.kind, g.study_group, g.timepoint, g.visit_order, g.mean_log2_cpm as mean,
        g.ci_low as low, g.ci_high as high, g.n_subjects
    from group_expression as g
    inner join kind as k
        on g.cell_type is not distinct from k.cell_type
        and g.visit_key is not distinct from k.visit_key
    where g.analysis = $analysis and g.gene_id in (select unnest($genes))
        and g.n_subjects >= $fewest
    order by g.gene_id, k.kind, g.visit_order, g.study_group
"""
#: The CpGs of each gene, numbered by place; those of another chromosome or none come last.
PROBES = """
    with wanted as (select unnest($genes) as gene_id, unnest($best) as best_probe_id),
    named as (
        select distinct w.gene_id, w.best_probe_id, p.gene_name
        from wanted as w
        inner join dmp_deg as p on w.gene_id = p.gene_id and p.analysis = $analysis
    ),
    probe as (
        select
            n.gene_id, n.best_probe_id, b.probe_id, p.chromosome, p.position,
            coalesce(string_agg(distinct b.region, ', ' order by b.region), 'not known') as region,
            case
                when bool_or(coalesce(b.region in ('TSS200', 'TSS1500'), false)) then 'promoter'
                when count(b.region) > 0 then 'elsewhere in the gene'
                else 'not known'
            end as strip
        from named as n
        inner join bridge_probe_gene as b on n.gene_name = b.gene_name
        inner join dim_probe as p on b.probe_id = p.probe_id
        where p.filter_reason is null
        group by n.gene_id, n.best_probe_id, b.probe_id, p.chromosome, p.position
    ),
    placed as (
        select
            *,
            row_number() over (
                partition by gene_id
                order by chromosome asc nulls last, position asc nulls last, probe_id asc
            ) as probe_order,
            count(*) over (partition by gene_id) as n_probes
        from probe
    ),
    near as (
        select
            p.*,
            row_number() over (
                partition by p.gene_id
                order by abs(p.probe_order - coalesce(b.probe_order, 1)), p.probe_order
            ) as nearness
        from placed as p
        left join placed as b
            on p.gene_id = b.gene_id and p.best_probe_id = b.probe_id
    ),
    paired as (select distinct gene_id, probe_id from dmp_deg where analysis = $analysis)
    select
        n.gene_id, n.probe_id as probe, n.chromosome, n.position, n.region, n.strip,
        n.probe_order, n.n_probes, q.probe_id is not null as is_pair
    from near as n
    left join paired as q on n.gene_id = q.gene_id and n.probe_id = q.probe_id
    where n.nearness <= $most
    order by n.gene_id, n.probe_order
"""
BETAS = """
    with kind as ({kinds})
    select
        g.probe_id as probe, concat_ws(', ', g.study_group, nullif(k.kind, '')) as panel,
        g.study_group, k.kind, g.timepoint, g.visit_order, g.mean_beta as mean, g.ci_low as low,
        g.ci_high as high, g.n_subjects
    from group_methylation as g
    inner join kind as k
        on g.cell_type is not distinct from k.cell_type
        and g.visit_key is not distinct from k.visit_key
    where g.analysis = $analysis and g.probe_id in (select unnest($probes))
        and g.n_subjects >= $fewest
    order by k.kind, g.study_group, g.probe_id, g.visit_order
"""
