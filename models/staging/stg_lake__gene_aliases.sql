{{ staged("lake", "gene_alias") }}
