{{ staged("results", "signature_correlation") }}
