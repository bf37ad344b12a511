"""Names of features in the results: whose they are, and that they cost nothing unasked."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from tests.support.model_yaml import results_with


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return con.sql(query).fetchall()


def names_by_hand(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """Name the features of every analysis from dim_gene and bridge_probe_gene, in Python."""
    genes = dict(rows(con, "select gene_id, gene_name from dim_gene"))
    of_probe: dict[str, set[str]] = {}
    for probe, gene in rows(con, "select probe_id, gene_name from bridge_probe_gene"):
        of_probe.setdefault(probe, set()).add(gene)
    kinds = dict(rows(con, "select assay, kind from staging.stg_lake__assays"))
    known = {
        "counts": genes,
        "beta": {probe: ";".join(sorted(of)) for probe, of in of_probe.items()},
        "continuous": {},
    }
    return {
        (analysis, feature): name
        for analysis, assay in rows(con, "select analysis, assay from analysis_run")
        for feature, name in known[kinds[assay]].items()
    }


NAMED = {
    **dict.fromkeys(results_with("feature_name"), ("feature_id", "feature_name")),
    "deg": ("gene_id", "gene_name"),
    "dmp": ("probe_id", "gene_names"),
    "group_methylation": ("probe_id", "gene_names"),
}


@pytest.mark.parametrize("table", NAMED)
def test_names_are_those_of_the_assay(full: duckdb.DuckDBPyConnection, table: str) -> None:
    known = names_by_hand(full)
    feature, name = NAMED[table]
    for analysis, one, found in rows(full, f"select analysis, {feature}, {name} from {table}"):
        assert found == known.get((analysis, one))


def test_some_have_names(full: duckdb.DuckDBPyConnection) -> None:
    names = {name for (name,) in rows(full, "select feature_name from fct_contrast_result")}
    assert {"ENSG000", "GENE1", "GENE29"} <= names  # ENSG000 has no name of its own
    assert rows(full, "select 1 from group_methylation where gene_names is not null limit 1")


@pytest.mark.parametrize("table", ["fct_contrast_result", "fct_joint_test", "rebound"])
def test_no_name_no_join(full: duckdb.DuckDBPyConnection, table: str) -> None:
    """A count over millions of rows waits for no names."""
    counts = f"select analysis, count(*), count(feature_id) from {table} group by analysis"
    ((_, plan),) = rows(full, f"explain {counts}")
    assert "dim_feature" not in plan
    ((_, plan),) = rows(full, f"explain select feature_name from {table}")
    assert "dim_feature" in plan
