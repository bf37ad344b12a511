"""Tables of disease modules, from small tables in memory."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import hypergeom

from analyses.modules.module_overlap import module_overlap_tables
from analyses.modules.modules import module_tables
from analyses.stats.network.diamond import diamond
from analyses.stats.network.graph import make_graph
from analyses.stats.network.largest_component import largest_component
from analyses.stats.network.stability import stability
from cohortmart.core.errors import AnalysisError
from cohortmart.core.schemas.finding_tables import MODULE_GENE, MODULE_OVERLAP, MODULE_SUMMARY
from cohortmart.core.study.findings_records import Modules, Rebound
from cohortmart.core.study.records import Study

PAIR, OTHER = "3rd-1st/PP-3rd", "2nd-1st/3rd-2nd"
#: feature -> class, group; feature f7 stands for gene G07
FOUND = [("f1", "up-down", "HP"), ("f2", "down-up", "MS"), ("f2", "down-up", "HP")]
FOUND += [("f3", "up-down", "MS"), ("f9", "up-up", "MS"), ("f99", "up-down", "MS")]
NODES = 40


def network_rows() -> list[dict[str, str]]:
    """A ring of 40 genes with some chords, ends in either order, rows shuffled."""
    ends = {(i, (i + 1) % NODES) for i in range(NODES)} | {
        (i, (7 * i + 3) % NODES) for i in range(20)
    }
    pairs = sorted({tuple(sorted(e)) for e in ends if e[0] != e[1]})
    order = np.random.default_rng(1).permutation(len(pairs))
    return [{"gene_a": f"G{pairs[i][0]:02}", "gene_b": f"G{pairs[i][1]:02}"} for i in order]


def the_graph() -> Any:
    ends = np.array([(int(r["gene_a"][1:]), int(r["gene_b"][1:])) for r in network_rows()])
    return make_graph(ends[:, 0], ends[:, 1], NODES)


def study_of(preset: str = "default", **options: Any) -> Study:
    """A study of one analysis `rna` and its options, and one `later` of other cells."""
    asked = Modules(**{"genes_added": 6, "random_sets": 50, "stability_runs": 8, **options})
    rebound = Rebound.model_validate({"pairs": [["3rd-1st", "PP-3rd"]], "preset": preset})
    analysis = SimpleNamespace(assay="counts", modules=asked, rebound=rebound)
    return cast(Study, SimpleNamespace(analyses={"rna": analysis, "later": analysis}))


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.register("network_edge", pa.Table.from_pylist(network_rows()))
    genes = [("counts", f"f{i}", f"G{i:02}") for i in range(NODES)]
    genes += [("counts", "f99", "ABSENT"), ("counts", "f98", None), ("array", "f1", "G30")]
    names = ("assay", "feature_id", "gene_name")
    con.register("feature_gene", pa.table(dict(zip(names, zip(*genes, strict=True), strict=True))))
    found = [("rna", PAIR, group, feature, kind) for feature, kind, group in FOUND]
    found += [("later", PAIR, "HP", "f20", "up-down"), ("rna", PAIR, "HP", "f98", "up-down")]
    names = ("analysis", "pair", "study_group", "feature_id", "class")
    con.register(
        "new_rebound_found", pa.table(dict(zip(names, zip(*found, strict=True), strict=True)))
    )
    pairs = [("rna", PAIR, "HP"), ("rna", PAIR, "MS"), ("rna", OTHER, "HP"), ("later", PAIR, "HP")]
    con.register(
        "new_rebound_pair",
        pa.table(dict(zip(names[:3], zip(*pairs, strict=True), strict=True))),
    )
    return con


def tables(
    con: duckdb.DuckDBPyConnection, study: Study, said: list[str] | None = None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    made = module_tables(con, study, "rna", [].append if said is None else said.append)
    for name, schema in (("module_gene", MODULE_GENE), ("module_summary", MODULE_SUMMARY)):
        assert all(table.schema.equals(schema) for table in made[name])
    genes, summary = (
        [row for table in made[name] for row in table.to_pylist()]
        for name in ("module_gene", "module_summary")
    )
    return genes, summary


@pytest.mark.parametrize(("mode", "weight"), [("fixed", 1), ("fixed", 10), ("paper", 10)])
def test_the_rows_are_those_of_the_algorithms(
    con: duckdb.DuckDBPyConnection, mode: Any, weight: int
) -> None:
    said: list[str] = []
    study = study_of(mode=mode, seed_weight=weight, seed=4)
    genes, summary = tables(con, study, said)
    graph, seeds = the_graph(), np.array([1, 2, 3])
    grown = diamond(graph, seeds, 6, weight, mode)
    together = largest_component(graph, seeds, 50, 4)
    stable = stability(graph, seeds, grown.nodes, 8, 4, weight, mode)
    assert [g["gene_name"] for g in genes] == [f"G{i:02}" for i in [1, 2, 3, *grown.nodes]]
    assert [g["rank"] for g in genes] == [0, 0, 0, 1, 2, 3, 4, 5, 6]
    assert [g["is_seed"] for g in genes] == [True] * 3 + [False] * 6
    assert [g["n_links"] for g in genes[:3]] == graph.degree[seeds].tolist()
    assert [g["n_links"] for g in genes[3:]] == grown.n_links.tolist()
    for column in ("n_module_links", "p_value", "n_tied", "stability"):
        assert [g[column] for g in genes[:3]] == [None] * 3
    for column in ("n_module_links", "p_value", "n_tied"):
        assert [g[column] for g in genes[3:]] == getattr(grown, column).tolist()
    logs = [None if p == 0 else pytest.approx(np.log10(p)) for p in grown.p_value]
    assert [g["log10_p"] for g in genes[3:]] == logs
    assert (None in logs) == (mode == "paper")
    assert [g["stability"] for g in genes[3:]] == stable.share.tolist()
    assert summary == [
        {
            "analysis": "rna", "pair": PAIR, "mode": mode, "seed_weight": weight,
            "n_nodes": NODES, "n_edges": graph.n_edges, "n_seeds": 4, "n_seeds_in_network": 3,
            "n_added": 6, "largest_component": together.size,
            "random_mean": together.mean, "random_sd": together.sd, "z": together.z,
            "p_value": together.p_value, "n_random_sets": 50,
            "stability": stable.mean, "n_stability_runs": 8,
        }
    ]  # fmt: skip
    assert together.size == 3
    assert said == [
        f"{OTHER}: no gene rebounds, so there is no module",
        f"{PAIR}: 6 genes added to 3 seeds",
    ]


def test_seeds_that_are_apart_are_outside_the_largest_component(
    con: duckdb.DuckDBPyConnection,
) -> None:
    genes, _ = tables(con, study_of(genes_added=1, preset="paper"))
    inside = {g["gene_name"]: g["in_largest_component"] for g in genes}
    assert [inside[name] for name in ("G01", "G02", "G03")] == [True] * 3
    near = {f"G{i:02}" for i in the_graph().neighbours_of(9).tolist()}
    assert near.isdisjoint(inside)
    assert inside["G09"] is False


def test_same_signs_are_seeds_only_in_the_paper(con: duckdb.DuckDBPyConnection) -> None:
    default, paper = (tables(con, study_of(preset))[0] for preset in ("default", "paper"))
    assert [g["gene_name"] for g in default if g["is_seed"]] == ["G01", "G02", "G03"]
    assert [g["gene_name"] for g in paper if g["is_seed"]] == ["G01", "G02", "G03", "G09"]


def test_the_same_twice(con: duckdb.DuckDBPyConnection) -> None:
    assert tables(con, study_of()) == tables(con, study_of())


def test_without_resampling_its_columns_are_null(con: duckdb.DuckDBPyConnection) -> None:
    genes, summary = tables(con, study_of(random_sets=0, stability_runs=0))
    for column in ("random_mean", "random_sd", "z", "p_value", "stability"):
        assert summary[0][column] is None
    assert (summary[0]["n_random_sets"], summary[0]["n_stability_runs"]) == (0, 0)
    assert {g["stability"] for g in genes} == {None}


def test_no_finding_is_no_error(con: duckdb.DuckDBPyConnection) -> None:
    none = con.sql("from new_rebound_found where false").to_arrow_table()
    con.register("new_rebound_found", none)
    said: list[str] = []
    assert tables(con, study_of(), said) == ([], [])
    assert said == [f"{p}: no gene rebounds, so there is no module" for p in (OTHER, PAIR)]


def test_one_pair_without_seeds_in_the_network_is_said(con: duckdb.DuckDBPyConnection) -> None:
    more = f"select 'rna' as analysis, '{OTHER}' as pair, 'f99' as feature_id, 'up-down' as class"
    extended = con.sql(f"from new_rebound_found union all by name {more}").to_arrow_table()
    con.register("new_rebound_found", extended)
    said: list[str] = []
    _, summary = tables(con, study_of(), said)
    assert [row["pair"] for row in summary] == [PAIR]
    assert said[0] == f"{OTHER}: none of 1 gene is in the network, so there is no module"


def test_seeds_of_another_kind_are_an_error(con: duckdb.DuckDBPyConnection) -> None:
    con.register("network_edge", pa.table({"gene_a": ["7157", "672"], "gene_b": ["7158", "7159"]}))
    with pytest.raises(AnalysisError, match="no gene of the seeds of analysis `rna`") as caught:
        module_tables(con, study_of(), "rna", print)
    assert caught.value.found == "gene symbols, such as ABSENT, G01, G02, G03"
    assert caught.value.expected == "Entrez numbers, such as 672, 7157, 7158, 7159"
    assert caught.value.hint == "turn the gene symbols into Entrez numbers"


def test_a_network_without_edges_is_an_error(con: duckdb.DuckDBPyConnection) -> None:
    empty = pa.table({"gene_a": pa.array([], pa.string()), "gene_b": pa.array([], pa.string())})
    con.register("network_edge", empty)
    with pytest.raises(AnalysisError, match="the network has no edge"):
        module_tables(con, study_of(), "rna", print)


def modules_of(con: duckdb.DuckDBPyConnection, genes: dict[tuple[str, str], range]) -> None:
    rows = [(*key, f"G{i:02}") for key, members in genes.items() for i in members]
    names = ("analysis", "pair", "gene_name")
    con.register(
        "new_module_gene", pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))
    )


def test_overlap_with_the_analyses_before(con: duckdb.DuckDBPyConnection) -> None:
    modules_of(
        con,
        {("later", PAIR): range(8, 20), ("rna", PAIR): range(10), ("rna", OTHER): range(10, 16)},
    )
    (table,) = module_overlap_tables(con, study_of(), "later")
    assert table.schema.equals(MODULE_OVERLAP)
    rows = table.to_pylist()
    assert [(r["first_analysis"], r["first_pair"]) for r in rows] == [("rna", OTHER), ("rna", PAIR)]
    assert {(r["second_analysis"], r["second_pair"]) for r in rows} == {("later", PAIR)}
    counts = [(r["n_nodes"], r["n_first"], r["n_second"], r["n_both"]) for r in rows]
    assert counts == [(40, 6, 12, 6), (40, 10, 12, 2)]
    for row, (n, first, second, both) in zip(rows, counts, strict=True):
        assert row["p_value"] == pytest.approx(hypergeom.sf(both - 1, n, first, second), rel=1e-9)
    assert rows[0]["odds_ratio"] == np.inf
    assert 0.3 < rows[1]["odds_ratio"] < 0.75  # 2 * 20 / (8 * 10) = 0.5 without conditioning


def test_no_earlier_module_no_overlap(con: duckdb.DuckDBPyConnection) -> None:
    modules_of(con, {("later", PAIR): range(8), ("rna", PAIR): range(10)})
    assert module_overlap_tables(con, study_of(), "rna") == []
    modules_of(con, {("later", PAIR): range(8)})
    assert module_overlap_tables(con, study_of(), "later") == []
