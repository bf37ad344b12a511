"""Names of the study itself to begin with: a gene, a CpG, a sample."""

from __future__ import annotations

from cohortmart.core.study.kinds import BETA, COUNTS, kind_of_values
from cohortmart.explore.answers.addresses import feature_address, gene_address, sample_address
from cohortmart.explore.answers.asked import Asked
from cohortmart.explore.answers.view import Link

#: What swings back in most groups, and there the furthest.
_FOUND = """
    select feature_id from intermediate.int_rebound__found
    where analysis = ? and is_found
    group by feature_id
    order by count(*) desc, max(least(abs(log_fc_first), abs(log_fc_second))) desc, feature_id
    limit 1
"""
_ANALYSES = """
    select d.analysis, d.assay, min(d.values_used) as values_used from dim_contrast as d
    group by d.analysis, d.assay order by list_position(?, d.analysis), d.analysis
"""
_GENE = "select gene_name from dim_gene where gene_id = ? and gene_name is not null"
_ANY_GENE = "select min(gene_name) from dim_gene"
_ANY_PROBE = "select min(probe_id) from dim_probe"
_SAMPLE = "select sample from shown_sample order by length(sample), sample limit 1"


def examples(asked: Asked) -> list[Link]:
    """Return links to a gene, a CpG and a sample, as far as the study has them.

    Parameters
    ----------
    asked : Asked
    """
    links = []
    analyses = (
        asked.rows(_ANALYSES, [list(asked.analyses)]) if asked.is_there("dim_contrast") else []
    )
    first = {}  # of a kind of measurement the first analysis
    for row in analyses:
        first.setdefault(kind_of_values(row["values_used"]).name, row)
    gene = _gene(asked, first.get(COUNTS))
    if gene:
        links.append(Link(gene, gene_address(gene), "a gene"))
    probe = _probe(asked, first.get(BETA))
    if probe is not None:
        links.append(Link(probe[1], feature_address(*probe), "a CpG"))
    sample = asked.value(_SAMPLE)
    if sample:
        links.append(Link(sample, sample_address(sample), "a sample"))
    return links


def _gene(asked: Asked, analysis: dict[str, str] | None) -> str | None:
    if analysis is None or not asked.is_there("dim_gene"):
        return None
    found = _found(asked, analysis["analysis"])
    name = asked.value(_GENE, [found]) if found else None
    return name or asked.value(_ANY_GENE)


def _probe(asked: Asked, analysis: dict[str, str] | None) -> tuple[str, str] | None:
    if analysis is None or not asked.is_there("dim_probe"):
        return None
    probe = _found(asked, analysis["analysis"]) or asked.value(_ANY_PROBE)
    return (analysis["assay"], probe) if probe else None


def _found(asked: Asked, analysis: str) -> str | None:
    is_there = asked.value(
        "select true from duckdb_columns() where schema_name = 'intermediate' "
        "and table_name = 'int_rebound__found' limit 1"
    )
    found = asked.value(_FOUND, [analysis]) if is_there else None
    return str(found) if found else None
