{{ staged("results", "module_gene") }}
