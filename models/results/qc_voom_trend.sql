{{ staged("results", "voom_trend", named=true) }}
