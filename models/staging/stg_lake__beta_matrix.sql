with

current_matrices as (

    {{ matrix_rows("beta") }}

)

select
    assay,
    layer,
    feature_id,
    measured,
    m_values
from current_matrices
