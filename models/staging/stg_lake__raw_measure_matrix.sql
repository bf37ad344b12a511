with

current_matrices as (

    {{ raw_measure_rows() }}

)

select
    assay,
    feature_id,
    measured,
    below_detection,
    detection_limit,
    qc_flag
from current_matrices
