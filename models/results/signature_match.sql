{{ staged("results", "signature_match", named=true) }}
