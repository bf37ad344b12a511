"""Files of rows: whole, exact, and nothing is left behind."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import polars as pl
import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from cohortmart.core.errors import InputError
from cohortmart.explore.answers.downloads import Wished, download_links
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.view import Wanted
from cohortmart.explore.server.app import application
from cohortmart.explore.server.files import file_answer, rows_file
from cohortmart.explore.server.scripts import Static
from tests.support.export_warehouse import export_warehouse

#: Long enough for several batches.
N = 200_000


class NoScripts:
    def file(self, _: str) -> Static | None:
        return None


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    opened = Explored(export_warehouse(tmp_path_factory.mktemp("study")), pseudonymise=True)
    yield opened
    opened.close()


def _numbers(explored: Explored, wanted: Wanted) -> Wished:
    query = "select range as n, '=' || range as t from range($most)"
    return Wished(f"of anna/<{explored.name}>", query, {"most": int(wanted.get("most", N))})


def _late(explored: Explored, wanted: Wanted) -> Wished:
    del explored, wanted
    return Wished("late", "select error('no such thing') as x")


@pytest.fixture
def client(explored: Explored, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    made = {"numbers": _numbers, "late": _late}
    monkeypatch.setattr("cohortmart.explore.server.app.DOWNLOADS", made)
    return TestClient(application(explored, NoScripts()))  # type: ignore[arg-type]


def test_csv_has_every_row_once(client: TestClient):
    answer = client.get("/download/numbers?to=csv")
    frame = pl.read_csv(answer.content)
    assert frame["n"].to_list() == list(range(N))
    assert frame["t"][7] == "'=7"
    assert answer.headers["content-type"].startswith("text/csv")


def test_parquet_has_the_texts_as_they_are(client: TestClient):
    frame = pl.read_parquet(io.BytesIO(client.get("/download/numbers?to=parquet").content))
    assert frame.height == N
    assert frame["t"][7] == "=7"


def test_excel_opens_it(client: TestClient):
    content = client.get("/download/numbers?most=5&to=xlsx").content
    rows = list(openpyxl.load_workbook(io.BytesIO(content))["rows"].values)
    assert rows[:3] == [("n", "t"), (0, "=0"), (1, "=1")]


def test_a_file_is_not_called_after_a_person(client: TestClient):
    said = client.get("/download/numbers").headers["content-disposition"]
    assert "anna" not in said
    assert said.startswith('attachment; filename="of_')
    assert said.endswith('.csv"')


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/download/late", "no such thing"),
        ("/download/nothing", "There is no such file"),
        ("/download/numbers?to=exe", "there is no file of kind"),
    ],
)
def test_a_fault_is_a_page(client: TestClient, address: str, said: str):
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert said.lower() in answer.text.lower()


def test_more_rows_than_excel_takes_are_a_page(client: TestClient, monkeypatch):
    monkeypatch.setattr("cohortmart.core.rows.workbook_file.EXCEL_ROWS", 10)
    assert "more rows than an Excel sheet takes" in client.get("/download/numbers?to=xlsx").text


@pytest.mark.parametrize("to", ["xlsx", "parquet"])
def test_who_leaves_early_leaves_no_file(to: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("cohortmart.explore.server.files._PIECE", 10)
    pieces = rows_file(pa.table({"a": [1, 2]}).to_reader(), to)
    next(pieces)
    assert list(tmp_path.iterdir())
    pieces.close()  # type: ignore[attr-defined]
    assert not list(tmp_path.iterdir())


def test_links_lead_to_each_kind():
    links = download_links("contrast", analysis="a&b", q=None)
    assert [link.address for link in links] == [
        f"/download/contrast?analysis=a%26b&to={kind}" for kind in ("csv", "xlsx", "parquet")
    ]


def test_a_kind_that_is_not_known_says_which_are(explored: Explored):
    with pytest.raises(InputError, match="no file of kind"):
        file_answer(explored, Wished("x", "select 1"), "doc")
