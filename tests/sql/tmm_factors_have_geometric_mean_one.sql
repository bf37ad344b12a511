select assay
from {{ ref("int_sample__tmm") }}
group by assay
having abs(avg(ln(norm_factor))) > 1e-9
