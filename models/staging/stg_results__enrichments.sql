with

results_enrichments as (

    {{
        current_table(
            "results",
            "enrichment",
            {
                "analysis": "string",
                "source": "string",
                "source_name": "string",
                "direction": "string",
                "test": "string",
                "collection": "string",
                "gene_set": "string",
                "n_universe": "bigint",
                "n_genes": "bigint",
                "n_found": "bigint",
                "n_overlap": "double",
                "expected": "double",
                "odds_ratio": "double",
                "enrichment_score": "double",
                "normalised_score": "double",
                "z": "double",
                "inter_gene_correlation": "double",
                "p_value": "double",
                "adj_p_value": "double",
                "p_uncorrected": "double",
            },
        )
    }}

)

select
    analysis,
    source,
    source_name,
    direction,
    test,
    collection,
    gene_set,
    n_universe,
    n_genes,
    n_found,
    n_overlap,
    expected,
    odds_ratio,
    enrichment_score,
    normalised_score,
    z,
    inter_gene_correlation,
    p_value,
    adj_p_value,
    p_uncorrected
from results_enrichments
