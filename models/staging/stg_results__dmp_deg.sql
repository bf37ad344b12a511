{{ staged("results", "dmp_deg") }}
