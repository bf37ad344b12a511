{{ staged("results", "feature_return", named=true) }}
