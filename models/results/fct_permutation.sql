{{ staged("results", "permutation_result") }}
