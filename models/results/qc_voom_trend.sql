{{ staged("results", "voom_trend") }}
