with

lake_probe_masks as (

    {{
        current_table(
            "lake",
            "probe_mask",
            {
                "probe_id": "string",
                "mask": "string",
                "reason": "string",
            },
        )
    }}

)

select
    probe_id,
    mask,
    reason
from lake_probe_masks
