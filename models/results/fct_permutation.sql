{{ staged("results", "permutation_result", named=true) }}
