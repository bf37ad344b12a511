{{ staged("lake", "sample", further=true) }}
order by sample_id asc nulls last
