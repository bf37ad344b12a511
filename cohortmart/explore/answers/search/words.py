"""Words that mean something of a study: names of genes, sets, measures, contrasts, people."""

from __future__ import annotations

from cohortmart.core.text import counted
from cohortmart.report.source import Source

#: The table of all words but the ids of probes, which `dim_probe` has in order.
WORDS = "memory.main.search_word"

#: A row a word: what it means by `kind`, `first` and `second`, and what is said beside it. The
#: names that may be shown of people and samples are the only ones there are.
_PARTS = {
    "dim_gene": """
        select gene_name as word, 'gene' as kind, gene_name as first, null as second,
            null as said from dim_gene where gene_name is not null
        union all
        select gene_id, 'gene', coalesce(gene_name, gene_id), null, gene_name from dim_gene
        union all
        select ensembl_id, 'gene', coalesce(gene_name, gene_id), null, gene_name
        from dim_gene where ensembl_id is not null and ensembl_id <> gene_id
    """,
    "bridge_probe_gene": """
        select gene_name, 'gene', gene_name, null, null from bridge_probe_gene
        where gene_name is not null group by gene_name
    """,
    "bridge_gene_alias": """
        select a.alias, 'gene', g.gene_name, null, g.gene_name
        from bridge_gene_alias as a
        inner join dim_gene as g on g.gene_name = a.gene_name or g.ensembl_id = a.ensembl_id
        where g.gene_name is not null and a.alias <> g.gene_name
        group by a.alias, g.gene_name
    """,
    "dim_measure": """
        select measure_name, 'measure', assay, feature_id, assay from dim_measure
        union all
        select feature_id, 'measure', assay, feature_id, assay from dim_measure
        where feature_id <> measure_name
        union all
        select gene_name, 'gene', gene_name, null, null from dim_measure
        where gene_name is not null
    """,
    "dim_gene_set": """
        select gene_set, 'set', gene_set, collection, collection from dim_gene_set
    """,
    "dim_contrast": """
        select contrast, 'contrast', analysis, contrast, analysis from dim_contrast
    """,
    "shown_sample": """
        select subject, 'person', subject, null, max(study_group) from shown_sample
        group by subject
        union all
        select sample, 'sample', sample, null,
            concat_ws(', ', max(study_group), max(timepoint), nullif(max(cell_type), ''))
        from shown_sample group by sample
    """,
}


def make_words(source: Source) -> str:
    """Make the table of words of a warehouse, sorted; return how many there are, in words.

    Parameters
    ----------
    source : Source
    """
    parts = [
        f"select * from ({query}) as p(word, kind, first, second, said)"
        for table, query in _PARTS.items()
        if table == "shown_sample" or source.is_there(table)
    ]
    source.con.execute(
        f"""
        create or replace table {WORDS} as
        select lower(word) as word, kind, min(word) as written, first, second, min(said) as said
        from ({" union all by name ".join(parts)})
        where word is not null and word <> ''
        group by lower(word), kind, first, second
        order by lower(word), kind, first, second
        """
    )
    return counted(source.value(f"select count(*) from {WORDS}"), "word")
