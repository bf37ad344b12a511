with

lake_probes as (

    {{
        current_table(
            "lake",
            "probe",
            {
                "manifest": "string",
                "manifest_order": "int",
                "probe_id": "string",
                "common_probe_id": "string",
                "chromosome": "string",
                "position": "bigint",
                "genome_build": "string",
                "strand": "string",
                "design_type": "string",
                "island": "string",
                "island_name": "string",
            },
        )
    }}

)

select
    manifest,
    manifest_order,
    probe_id,
    common_probe_id,
    chromosome,
    position,
    genome_build,
    strand,
    design_type,
    island,
    island_name
from lake_probes
