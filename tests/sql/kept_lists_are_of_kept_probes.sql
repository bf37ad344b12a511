-- int_beta__kept finds a probe by the number of its row, which is right only while the lake's
-- matrix is sorted by probe.
select
    kept.assay,
    kept.feature_id
from {{ ref("int_beta__kept") }} as kept
left join {{ ref("int_probe__quality") }} as quality
    on
        kept.assay = quality.assay
        and kept.feature_id = quality.feature_id
        and quality.filter_reason is null
where quality.feature_id is null
