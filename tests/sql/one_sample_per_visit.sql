-- The grain of the visit tables: an assay measures one sample of a person's visit.
select
    matrix_samples.assay,
    matrix_samples.layer,
    samples.subject_id,
    samples.timepoint,
    samples.cell_type,
    samples.visit_key,
    count(*) as n_samples
from {{ ref("stg_lake__matrix_samples") }} as matrix_samples
inner join {{ ref("dim_sample") }} as samples
    on matrix_samples.sample_id = samples.sample_id
group by
    matrix_samples.assay,
    matrix_samples.layer,
    samples.subject_id,
    samples.timepoint,
    samples.cell_type,
    samples.visit_key
having count(*) > 1
