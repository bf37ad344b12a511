{{ staged("lake", "gene") }}
