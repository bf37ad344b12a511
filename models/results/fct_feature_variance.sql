{{ staged("results", "feature_variance", named=true) }}
