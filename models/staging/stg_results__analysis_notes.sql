with

results_analysis_notes as (

    {{
        current_table(
            "results",
            "analysis_note",
            {
                "analysis": "string",
                "note_order": "int",
                "kind": "string",
                "note": "string",
            },
        )
    }}

)

select
    analysis,
    note_order,
    kind,
    note
from results_analysis_notes
