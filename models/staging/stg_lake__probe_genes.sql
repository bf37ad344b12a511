{{ staged("lake", "probe_gene") }}
