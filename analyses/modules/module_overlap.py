"""Overlap of disease modules: how many genes two of them share."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from analyses.fingerprints import OfResults
from analyses.modules.modules import modules_options, read_network
from analyses.stats.lists.fisher import conditional_odds_ratio, fisher_greater
from analyses.step import Made, Step
from analyses.write.columns import table_of
from cohortmart.core.study.records import Study


def module_overlap_tables(
    con: duckdb.DuckDBPyConnection, study: Study, name: str
) -> list[pa.Table]:
    """Compare the modules of an analysis with those of the analyses before it in the study.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse (`network_edge`) with the view `new_module_gene`.
    study : Study
    name : str
        Of the analysis.

    Returns
    -------
    list of pyarrow.Table
        Rows of `module_overlap`, ordered as the study has the analyses, pairs by name. The
        universe is the network. The odds ratio is null where the sizes leave one overlap only.

    Notes
    -----
    P takes the genes as drawn one by one. Two modules in one network grow into the same
    neighbourhoods, so that they share genes more easily than P says.
    """
    modules: dict[tuple[str, str], set[str]] = {}
    rows = con.execute("select analysis, pair, gene_name from new_module_gene").fetchall()
    for analysis, pair, gene in sorted(rows):
        modules.setdefault((analysis, pair), set()).add(gene)
    earlier = list(study.analyses)[: list(study.analyses).index(name)]
    compared = [
        (first, second)
        for analysis in earlier
        for first in modules if first[0] == analysis
        for second in modules if second[0] == name
    ]  # fmt: skip
    if not compared:
        return []
    n_first, n_second, n_both = (
        np.array([count(modules[a], modules[b]) for a, b in compared], np.int64)
        for count in (lambda a, _: len(a), lambda _, b: len(b), lambda a, b: len(a & b))
    )
    n_nodes = len(read_network(con, name).genes)
    return [
        table_of(
            "module_overlap",
            {
                "first_analysis": [first[0] for first, _ in compared],
                "first_pair": [first[1] for first, _ in compared],
                "second_analysis": [second[0] for _, second in compared],
                "second_pair": [second[1] for _, second in compared],
                "n_nodes": n_nodes,
                "n_first": n_first,
                "n_second": n_second,
                "n_both": n_both,
                "odds_ratio": conditional_odds_ratio(n_both, n_first, n_second, n_nodes),
                "p_value": fisher_greater(n_both, n_first, n_second, n_nodes),
            },
        )
    ]


def _with_modules(study: Study, name: str) -> tuple[str, ...]:
    """Name the analyses up to this one that ask for modules."""
    names = list(study.analyses)
    earlier = names[: names.index(name)]
    return (*(n for n in earlier if study.analyses[n].modules is not None), name)


MODULE_OVERLAP = Step(
    name="module_overlap",
    title="module overlap",
    tables=("module_overlap",),
    options=modules_options,
    inputs=OfResults(
        "module_overlap",
        _with_modules,
        lake=("network_edge", "gene_translation"),
        findings=("module_gene",),
    ),
    make=lambda run: Made(
        {"module_overlap": module_overlap_tables(run.with_results, run.study, run.name)}
    ),
)
