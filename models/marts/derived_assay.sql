{{ staged("lake", "derived_assay") }}
order by assay asc nulls last
