{{ staged("lake", "assay") }}
