{{ staged("results", "pca_score") }}
