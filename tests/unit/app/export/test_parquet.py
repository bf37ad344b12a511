"""Parquet files: each table, sorted, with its comments."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from cohortmart.app.export.pipeline import export_study
from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home
from tests.support.export_warehouse import export_warehouse


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return export_warehouse(tmp_path / "out")


def test_every_table_with_its_rows_and_comments(home: Home) -> None:
    export_study(home, "parquet")
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        tables = [name for (name,) in con.sql("show tables").fetchall()]
        assert {p.stem for p in (home.exports / "parquet").glob("*.parquet")} == set(tables)
        for name in tables:
            file = home.exports / "parquet" / f"{name}.parquet"
            differ = f"(from {name} except all from '{file}') union all "
            differ += f"(from '{file}' except all from {name})"
            assert con.sql(differ).fetchall() == []
            sizes = con.sql(f"select (select count(*) from {name}), count(*) from '{file}'")
            assert len(set(sizes.fetchall()[0])) == 1
    schema = pq.read_schema(home.exports / "parquet" / "deg.parquet")
    assert schema.metadata[b"description"] == b"What was 'found'."
    schema = pq.read_schema(home.exports / "parquet" / "fct_contrast_result.parquet")
    assert schema.field("p_value").metadata[b"description"] == b"Two-sided P value."


def test_rows_are_in_the_order_of_the_key(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cohortmart.app.export.parquet._PROBES", 1)
    export_study(home, "parquet")
    rows = pq.read_table(home.exports / "parquet" / "fct_gene_expression.parquet").to_pylist()
    keys = [(r["gene_id"], r["sample_id"]) for r in rows]
    assert keys == sorted(keys)
    betas = pq.read_table(home.exports / "parquet" / "fct_probe_methylation.parquet").to_pylist()
    keys = [(r["probe_id"], r["sample_id"]) for r in betas]
    assert keys == sorted(keys)
    assert len(set(keys)) == 6


def test_some_tables_and_some_analyses(home: Home) -> None:
    named = ["dim_contrast", "fct_contrast_result", "qc_probe", "dim_gene"]
    export_study(home, "parquet", analyses=["npx"], tables=named)
    folder = home.exports / "parquet"
    assert sorted(p.stem for p in folder.glob("*.parquet")) == sorted(named)
    assert set(pq.read_table(folder / "fct_contrast_result.parquet")["analysis"].to_pylist()) == {
        "npx"
    }
    assert pq.read_table(folder / "qc_probe.parquet").num_rows == 0  # of another assay
    assert pq.read_table(folder / "dim_gene.parquet").num_rows == 4
    with pytest.raises(InputError, match="no table `degs`") as caught:
        export_study(home, "parquet", tables=["degs"])
    assert "deg" in str(caught.value.hint)
    with pytest.raises(InputError, match="holds more of people"):
        export_study(home, "parquet", tables=["dim_sample"], pseudonymise=True)


def test_views_that_join_others_are_written_where_they_are_named(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("create view visit_expression as select * from fct_gene_expression")
    export_study(home, "parquet")
    assert not (home.exports / "parquet" / "visit_expression.parquet").exists()
    export_study(home, "parquet", tables=["visit_expression"])
    assert (home.exports / "parquet" / "visit_expression.parquet").exists()
