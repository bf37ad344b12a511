{{ staged("lake", "gene_translation") }}
