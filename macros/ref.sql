{#
    Relations without the name of the database: DuckDB names a database after its file, and
    a stored view that says so would break when the file is renamed or attached.
#}
{% macro ref() %}
    {% do return(builtins.ref(*varargs, **kwargs).include(database=false)) %}
{% endmacro %}
