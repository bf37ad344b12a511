{{ staged("results", "analysis_note") }}
