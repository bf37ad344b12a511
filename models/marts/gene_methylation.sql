-- a table: a promoter's probes lie scattered over the lake. A gene and a sample are one
-- whole number here, by which millions of betas are summed in half of the time
with

bridge as (

    select * from {{ ref("bridge_probe_gene") }}

),

kept_samples as (

    select * from {{ ref("int_beta__kept_samples") }}

),

kept as (

    select * from {{ ref("int_beta__kept") }}

),

-- each probe once a gene, though it may lie in both regions (of two transcripts)
promoter_probes as (

    select
        probe_id,
        gene_name
    from bridge
    where region in ('TSS200', 'TSS1500')
    group by probe_id, gene_name

),

genes as (

    select
        gene_name,
        1000000 * row_number() over (order by gene_name asc nulls last) as gene_number
    from promoter_probes
    group by gene_name

),

-- below 1,000,000
samples as (

    select
        assay,
        sample_id,
        position,
        row_number() over (
            order by assay asc nulls last, sample_id asc nulls last
        ) as sample_number
    from kept_samples

),

numbered_probes as (

    select
        promoter_probes.probe_id,
        genes.gene_number
    from promoter_probes
    inner join genes
        on promoter_probes.gene_name = genes.gene_name

),

betas as (

    select
        numbered_probes.gene_number + samples.sample_number as cell_number,
        {{ list_element("kept.measured", "samples.position") }} as beta
    from kept
    inner join numbered_probes
        on kept.feature_id = numbered_probes.probe_id
    inner join samples
        on kept.assay = samples.assay

),

-- whole numbers add up exactly in doubles (of up to 9,000 probes a gene), hence to the
-- same sum in any order
sums as (

    select
        cell_number,
        count(beta) as n_probes,
        sum(round(beta * 1e12)) as trillionths
    from betas
    group by cell_number

)

select
    samples.assay,
    genes.gene_name,
    samples.sample_id,
    'promoter' as region,
    sums.n_probes,
    sums.trillionths / (1e12 * nullif(sums.n_probes, 0)) as mean_beta
from sums
inner join genes
    on sums.cell_number - mod(sums.cell_number, 1000000) = genes.gene_number
inner join samples
    on mod(sums.cell_number, 1000000) = samples.sample_number
order by sums.cell_number asc nulls last
