"""Examples of queries, about what is found in this study."""

from __future__ import annotations

from cohortmart.core.warehouse.quoting import literal
from cohortmart.explore.answers.addresses import address
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.view import Link
from cohortmart.report.source import Source

_STRONGEST = """
    select s.analysis, s.contrast from contrast_summary as s
    inner join dim_contrast as d on d.analysis = s.analysis and d.contrast = s.contrast
    where d.n_subjects >= 2
    order by s.n_up + s.n_down desc, s.analysis, s.contrast limit 1
"""
_GENE = """
    select f.gene_name from deg as f
    inner join dim_contrast as d on d.analysis = f.analysis and d.contrast = f.contrast
    where f.gene_name is not null and d.n_subjects >= 2
    order by f.adj_p_value, f.gene_name limit 1
"""


def example_queries(explored: Explored) -> tuple[Link, ...]:
    """Return queries that can be asked as they are, each as a link.

    Parameters
    ----------
    explored : Explored
    """
    found = explored.kept("example queries", _examples)
    return tuple(Link(title, address("sql", query=query)) for title, query in found)


def _examples(source: Source) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if not source.pseudonymised:
        found.append((
            f"Samples of each {'group and ' if source.has_groups else ''}{source.timepoint.one}",
            "select study_group, timepoint, count(*) as samples,\n"
            "    count(distinct subject_id) as people\n"
            "from dim_sample\ngroup by study_group, timepoint, visit_order\n"
            "order by study_group, visit_order",
        ))  # fmt: skip
    strongest = source.rows(_STRONGEST)
    for row in strongest:
        found.append((
            f"Top of {source.names.words(row['contrast'])}",
            "select feature_id, feature_name, log_fc, p_value, adj_p_value\n"
            "from fct_contrast_result\n"
            f"where analysis = {literal(source.names.words(row['analysis']))}\n"
            f"    and contrast = {literal(source.names.words(row['contrast']))}\n"
            "order by p_value, feature_id\nlimit 20",
        ))  # fmt: skip
    if source.is_there("deg", "group_expression"):
        for row in source.rows(_GENE):
            found.append((
                f"Course of {row['gene_name']}",
                "select study_group, timepoint, cell_type, n_subjects, mean_log2_cpm,\n"
                "    ci_low, ci_high\nfrom group_expression\n"
                f"where gene_name = {literal(row['gene_name'])}\n"
                "order by analysis, study_group, cell_type, visit_order",
            ))  # fmt: skip
    found.append((
        "Every contrast, counted",
        "select analysis, contrast, n_tested, n_up, n_down, min_adj_p_value\n"
        "from contrast_summary\norder by n_up + n_down desc, analysis, contrast",
    ))  # fmt: skip
    return found
