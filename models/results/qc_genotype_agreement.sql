{{ staged("results", "genotype_agreement") }}
