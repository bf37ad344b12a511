with

raw_matrices as (

    {{ raw_beta_rows() }}

)

select
    assay,
    feature_id,
    measured,
    detection_p,
    bead_count
from raw_matrices
