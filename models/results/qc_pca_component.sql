{{ staged("results", "pca_component") }}
