{{ staged("lake", "signature") }}
order by signature asc nulls last
