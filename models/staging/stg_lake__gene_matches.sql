{{ staged("lake", "gene_match") }}
