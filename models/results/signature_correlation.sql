with

correlations as (

    {{ staged("results", "signature_correlation") }}

)

select
    *,
    case
        when r is null then 'too few features'
        when adj_p_value < 5e-2 and r > 0e0 then 'along the signature'
        when adj_p_value < 5e-2 then 'against the signature'
        else 'no different from chance'
    end as reading
from correlations
