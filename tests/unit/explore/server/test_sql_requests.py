"""Requests of the SQL page: what it gets, and what a file gets."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest
from starlette.testclient import TestClient

from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.server.app import application
from cohortmart.explore.server.scripts import Static
from tests.support.asked_study import asked_study

HOSTILE = "</textarea><script>window.broken = 1</script>"
LONG = "select count(*) from range(100000000000) as a, range(10000000) as b"


class NoScripts:
    def file(self, _: str) -> Static | None:
        return None


def _client(folder: Path, *, pseudonymise: bool) -> Iterator[TestClient]:
    study: Explored = asked_study(folder, pseudonymise=pseudonymise)
    yield TestClient(application(study, NoScripts()))  # type: ignore[arg-type]
    study.close()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    yield from _client(tmp_path_factory.mktemp("study"), pseudonymise=False)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    yield from _client(tmp_path_factory.mktemp("study"), pseudonymise=True)


def run(client: TestClient, query: str, page: str = "one") -> Any:
    answer = client.post("/sql/run", json={"query": query, "page": page})
    assert answer.status_code == 200
    return answer.json()


def test_a_query_is_run(client: TestClient) -> None:
    given = run(client, "select gene_id, null as a from dim_gene order by gene_id limit 1")
    assert given["rows"] == [["=1+1", None]]
    assert [column["type"] for column in given["columns"]] == ["VARCHAR", "NULL"]
    assert given["is_all"]


def test_a_fault_is_said_with_its_place_and_is_no_failure_of_the_request(
    client: TestClient,
) -> None:
    assert "LINE 1: selec" in run(client, "selec")["fault"]["problem"]
    fault = run(client, "from dim_sampel")["fault"]
    assert fault["hint"] == "did you mean `dim_sample`?"


def test_a_running_query_is_stopped(client: TestClient) -> None:
    said: list[Any] = []
    thread = threading.Thread(target=lambda: said.append(run(client, LONG, "two")))
    thread.start()
    end = time.monotonic() + 10
    while not client.post("/sql/stop", json={"page": "two"}).json()["stopped"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    thread.join(10)
    assert said[0]["fault"]["problem"] == "the query was stopped"


def test_the_page_keeps_the_query_as_text(client: TestClient) -> None:
    page = client.get("/sql", params={"query": HOSTILE}).text
    assert HOSTILE not in page
    assert "&lt;/textarea&gt;&lt;script&gt;" in page
    assert "/static/sql.js" in page
    assert "Course of SEPT2" in client.get("/sql").text  # not that of one person


def test_tables_are_listed_with_columns(client: TestClient, others: TestClient) -> None:
    tables = {t["name"]: t for t in client.get("/sql/tables").json()["tables"]}
    assert tables["deg"]["about"] == "What was 'found'."
    columns = {c["name"]: c for c in tables["fct_contrast_result"]["columns"]}
    assert columns["p_value"] == {
        "name": "p_value", "kind": "DOUBLE", "about": "Two-sided P value.",
    }  # fmt: skip
    shown = {t["name"] for t in others.get("/sql/tables").json()["tables"]}
    assert "dim_contrast" in shown
    assert not shown & {"dim_sample", "fct_gene_expression", "study_variable"}


def test_a_file_has_all_rows(client: TestClient) -> None:
    query = "select a from range(1500) as r(a) order by a"
    answer = client.get("/download/sql", params={"query": query, "to": "csv"})
    assert answer.status_code == 200
    assert len(answer.text.split()) == 1501


@pytest.mark.parametrize("query", ["from dim_sample", "from 'x.parquet'", "selec", ""])
def test_a_file_is_refused_what_the_page_is(others: TestClient, query: str) -> None:
    answer = others.get("/download/sql", params={"query": query, "to": "csv"})
    assert answer.status_code == 404
    assert "anna" not in answer.text
    assert "fault" in run(others, query)


def test_examples_can_be_asked_as_they_are(client: TestClient, others: TestClient) -> None:
    for asked in (client, others):
        found = re.findall(r'href="/sql\?query=([^"&]+)"', asked.get("/sql").text)
        assert len(found) >= 2
        for query in found:
            assert run(asked, unquote_plus(query))["rows"]
