{{ staged("results", "enrichment") }}
