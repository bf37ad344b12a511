"""Tools of agents, asked by the client of the protocol's own SDK."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from mcp import Client

from cohortmart.explore.agents.protocol import mcp_server
from cohortmart.explore.answers.explored import Explored
from tests.support.asked_study import asked_study
from tests.support.export_warehouse import OF_ONE


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    study = asked_study(tmp_path_factory.mktemp("study"))
    yield study
    study.close()


@pytest.fixture(scope="module")
def pseudonymised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    study = asked_study(tmp_path_factory.mktemp("study"), pseudonymise=True)
    yield study
    study.close()


def called(explored: Explored, tool: str, **given: Any) -> tuple[bool, str]:
    """Return whether a tool failed, and what it said."""

    async def call() -> tuple[bool, str]:
        async with Client(mcp_server(explored)) as client:
            result = await client.call_tool(tool, given)
            (content,) = result.content
            return bool(result.is_error), content.text  # type: ignore[union-attr]

    return asyncio.run(call())


def told(explored: Explored, tool: str, **given: Any) -> Any:
    failed, said = called(explored, tool, **given)
    assert not failed, said
    return json.loads(said)


def test_every_tool_says_that_it_only_reads(explored: Explored) -> None:
    async def listed() -> Any:
        async with Client(mcp_server(explored)) as client:
            return (await client.list_tools()).tools

    tools = asyncio.run(listed())
    assert [tool.name for tool in tools] == ["tables", "columns", "query", "contrasts", "gene"]
    assert all(tool.annotations.read_only_hint for tool in tools)
    assert not any(tool.annotations.destructive_hint for tool in tools)


def test_tables_and_columns_are_told_with_their_comments(explored: Explored) -> None:
    tables = told(explored, "tables")
    assert tables["study"] == "small"
    assert {"table": "deg", "about": "What was 'found'."} in tables["tables"]
    columns = told(explored, "columns", table="FCT_contrast_result")["columns"]
    about = {c["column"]: (c["type"], c["about"]) for c in columns}
    assert about["p_value"] == ("DOUBLE", "Two-sided P value.")


def test_a_query_is_answered_and_its_limit_is_told(explored: Explored) -> None:
    given = told(explored, "query", sql="select sample_id from dim_sample order by all")
    assert (given["rows"], given["is_all"]) == ([["S1"], ["S2"], ["S3"]], True)
    assert "note" not in given
    long = told(explored, "query", sql="select a from range(2000) as r(a) order by a")
    assert (len(long["rows"]), long["is_all"]) == (1000, False)
    assert "the first 1,000 rows" in long["note"]


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("query", {"sql": "selec"}, "syntax error"),
        ("query", {"sql": "drop table dim_sample"}, "only queries that read"),
        ("query", {"sql": "from 'x.parquet'"}, "no table"),
        ("columns", {"table": "dim_sampel"}, "did you mean `dim_sample`"),
        ("contrasts", {"analysis": "rna"}, "rna_all"),
        ("gene", {"name": "NOPE"}, "no gene"),
    ],
)
def test_what_is_refused_is_an_error_of_the_tool(
    explored: Explored, tool: str, given: dict[str, str], said: str
) -> None:
    failed, text = called(explored, tool, **given)
    assert failed
    assert said in text


def test_contrasts_are_told_with_their_counts(explored: Explored) -> None:
    given = told(explored, "contrasts", analysis="betas")
    (row,) = [dict(zip(given["columns"], row, strict=True)) for row in given["rows"]]
    assert (row["contrast"], row["meaning"], row["n_tested"]) == ("MS:PP", "change in MS:PP", 3)
    assert told(explored, "contrasts")["n_rows"] == 6


def test_a_gene_is_told_by_any_of_its_names(explored: Explored) -> None:
    facts = told(explored, "gene", name="ENSG1")
    assert (facts["gene"], facts["gene_ids"]) == ("SEPT2", ["ENSG1"])
    assert told(explored, "gene", name="sept2") == facts
    assert facts["cpgs"]["n_rows"] == 1
    contrasts = [dict(zip(facts["contrasts"]["columns"], row, strict=True))
                 for row in facts["contrasts"]["rows"]]  # fmt: skip
    assert {row["contrast"] for row in contrasts} >= {"MS_PP-1st", "anna_PP/1st"}
    assert all(row["analysis"] == "rna_all" for row in contrasts)


def test_nothing_of_single_people_is_told_when_pseudonymised(pseudonymised: Explored) -> None:
    names = [table["table"] for table in told(pseudonymised, "tables")["tables"]]
    assert "fct_contrast_result" in names
    assert "dim_sample" not in names
    for tool, given in (
        ("columns", {"table": "dim_sample"}),
        ("query", {"sql": "from dim_sample"}),
    ):
        assert called(pseudonymised, tool, **given)[0]
    everything = [
        told(pseudonymised, "contrasts"),
        told(pseudonymised, "gene", name="SEPT2"),
        told(pseudonymised, "query", sql="from fct_contrast_result"),
        told(pseudonymised, "query", sql="from group_expression"),
    ]
    for given in everything:
        said = json.dumps(given, ensure_ascii=False)
        assert "anna" not in said
        assert str(OF_ONE) not in said
    assert told(pseudonymised, "contrasts")["n_rows"] == 5
    gene = told(pseudonymised, "gene", name="SEPT2")
    assert gene["contrasts"]["n_rows"] == 3
