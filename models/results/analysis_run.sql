{{ staged("results", "analysis_run") }}
