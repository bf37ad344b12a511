with

lake_assays as (

    {{
        current_table(
            "lake",
            "assay",
            {
                "assay": "string",
                "kind": "string",
                "m_value_clip": "double",
                "layers": "string",
                "platform": "string",
                "filter_detection_p": "double",
                "filter_sample_missing": "double",
                "filter_probe_missing": "double",
                "filter_bead_minimum": "double",
                "filter_bead_share": "double",
                "filter_non_cpg": "boolean",
                "filter_masks": "boolean",
                "filter_sex_chromosomes": "boolean",
            },
        )
    }}

)

select
    assay,
    kind,
    m_value_clip,
    layers,
    platform,
    filter_detection_p,
    filter_sample_missing,
    filter_probe_missing,
    filter_bead_minimum,
    filter_bead_share,
    filter_non_cpg,
    filter_masks,
    filter_sex_chromosomes
from lake_assays
