{{ staged("lake", "network_edge") }}
order by
    gene_a asc nulls last,
    gene_b asc nulls last
