{{ staged("lake", "ingested_file") }}
order by
    role asc nulls last,
    file asc nulls last,
    sha256 asc nulls last,
    options asc nulls last,
    reader_version asc nulls last,
    status asc nulls last
