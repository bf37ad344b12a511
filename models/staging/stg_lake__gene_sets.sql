{{ staged("lake", "gene_set") }}
