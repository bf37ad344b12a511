"""Gene sets and the network in the warehouse are those of the lake."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from tests.support.gene_set_rows import EDGES, SETS

TABLES = ("bridge_gene_set", "dim_gene_set", "network_edge")


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return con.sql(query).fetchall()


def test_members_of_gene_sets(full: duckdb.DuckDBPyConnection) -> None:
    found = rows(full, "select collection, gene_set, gene_name, description from bridge_gene_set")
    assert found == [(c, s, g, d) for c, s, d, genes in SETS for g in genes]


def test_gene_sets_are_counted_in_their_collection(full: duckdb.DuckDBPyConnection) -> None:
    found = rows(full, "select collection, gene_set, description, n_genes from dim_gene_set")
    assert found == [(c, s, d, len(genes)) for c, s, d, genes in SETS]


def test_edges_of_the_network(full: duckdb.DuckDBPyConnection) -> None:
    assert rows(full, "select gene_a, gene_b from network_edge") == EDGES


@pytest.mark.parametrize("table", TABLES)
def test_without_gene_sets_and_network_the_tables_are_empty(built: Any, table: str) -> None:
    assert rows(built.open("betas"), f"select count(*) from {table}") == [(0,)]
