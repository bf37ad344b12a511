{{ staged("lake", "study_variable") }}
order by variable_order asc nulls last
