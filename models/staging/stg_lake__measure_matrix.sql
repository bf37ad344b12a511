with

current_matrices as (

    {{ matrix_rows("continuous") }}

)

select
    assay,
    layer,
    feature_id,
    measured
from current_matrices
