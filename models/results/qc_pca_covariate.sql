{{ staged("results", "pca_covariate") }}
