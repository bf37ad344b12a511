{{ staged("lake", "signature_row") }}
