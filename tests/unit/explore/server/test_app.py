"""Answers of the application: pages, faults, files; none shows code or loses its rules."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cohortmart.core.errors import BuildError, InputError
from cohortmart.explore.answers import registry
from cohortmart.explore.answers.explored import Explored, TooMuchError
from cohortmart.explore.answers.view import Kind, View, Wanted
from cohortmart.explore.server import app as app_module
from cohortmart.explore.server import html
from cohortmart.explore.server.app import AT_ONCE, application
from cohortmart.explore.server.faults import Told
from cohortmart.explore.server.guard import CONTENT_SECURITY_POLICY, Guard
from cohortmart.explore.server.scripts import Scripts, _packed
from cohortmart.report.blocks import Page
from tests.support.asgi import Answer, ask
from tests.support.export_warehouse import export_warehouse

HOSTILE = "<img src=x onerror='window.broken=1'>\"&"


class FewScripts(Scripts):
    """The files without Vega, which takes seconds."""

    def __init__(self) -> None:
        self._made = {"vega.js": _packed("vega.js", b"var vega = 1;")}
        self._reader = threading.Thread(target=time.time)
        self._reader.start()


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    home = export_warehouse(tmp_path_factory.mktemp("explored"))
    with duckdb.connect(str(home.warehouse)) as con:
        con.execute("alter table dim_gene add column ensembl_id varchar")
        con.execute("alter table dim_measure add column gene_name varchar")
        con.execute("create schema staging")
        con.execute("create table staging.stg_lake__assays as select 'm' as assay, 'beta' as kind")
    explored = Explored(home)
    yield explored
    explored.close()


def served(explored: Explored, *, debug: bool = False, token: str | None = None) -> Guard:
    return Guard(Told(application(explored, FewScripts()), debug=debug), 8411, token)


def with_view(monkeypatch: pytest.MonkeyPatch, explored: Explored, make: Any, **how: Any) -> Guard:
    """The application with one view besides."""
    kinds = (Kind("", "Start", lambda *_: View(Page("", "T", "", ()))), Kind("odd", "Odd", make))
    monkeypatch.setattr(app_module, "VIEWS", kinds)
    monkeypatch.setattr(registry, "VIEWS", kinds)
    return served(explored, **how)


def raising(error: Exception) -> Any:
    def make(*_: object) -> View:
        raise error

    return make


def assert_ruled(answer: Answer) -> None:
    assert answer.header("content-security-policy") == CONTENT_SECURITY_POLICY
    assert answer.header("x-content-type-options") == "nosniff"


def test_there_is_no_documentation_and_nothing_else(explored: Explored) -> None:
    app = served(explored)
    for path in ("/docs", "/redoc", "/openapi.json", "/static", "/static/", "/gene/x", "//", "/..",
                 "/%2e%2e/%2e%2e/etc/passwd", "/state/", "/robots.txt"):  # fmt: skip
        answer = ask(app, path)
        assert answer.status == 404, path
        assert "There is no such" in answer.text
        assert_ruled(answer)


@pytest.mark.parametrize("name", [
    "../app.py", "..%2fapp.py", "..%5capp.js", "%2e%2e%2f%2e%2e%2fpyproject.toml", "frame.html.j2",
    ".js", "x.js%00", "%00.js", "report.css", "explore.js%2f..%2fexplore.js", "a" * 5000 + ".js",
    "EXPLORE.JS", "c:%5cx.js", "%ff.js",
])  # fmt: skip
def test_only_its_own_files_are_given(explored: Explored, name: str) -> None:
    answer = ask(served(explored), f"/static/{name}")
    assert answer.status == 404
    assert_ruled(answer)


@pytest.mark.parametrize(("name", "kind", "part"), [
    ("explore.js", "text/javascript", "window.explorer"), ("explore.css", "text/css", ".search"),
    ("vega.js", "text/javascript", "vega"), ("suggestions.js", "text/javascript", "suggest"),
])  # fmt: skip
def test_files_are_compressed_and_asked_for_again(
    explored: Explored, name: str, kind: str, part: str
) -> None:
    app = served(explored)
    packed = ask(app, f"/static/{name}?0.1.0", ("accept-encoding", "gzip, br"))
    assert str(packed.header("content-type")).startswith(kind)
    assert packed.header("content-encoding") == "gzip"
    plain = ask(app, f"/static/{name}")
    assert plain.header("content-encoding") is None
    assert part.encode() in plain.body == gzip.decompress(packed.body)
    tag = str(plain.header("etag"))
    again = ask(app, f"/static/{name}", ("if-none-match", tag))
    assert (again.status, again.body, again.header("etag")) == (304, b"", tag)
    for answer in (packed, plain, again):
        assert answer.header("cache-control") == "private, no-cache"
        assert_ruled(answer)
    assert ask(app, f"/static/{name}", ("if-none-match", '"other"')).body == plain.body


def test_search_leads_on_and_never_away(explored: Explored) -> None:
    app = served(explored)
    found = ask(app, "/search?name=SEPT2")
    assert (found.status, found.header("location")) == (303, "/gene?name=SEPT2")
    assert_ruled(found)
    for typed in ("//evil.example", "https://evil.example", "%0d%0aset-cookie:a=b", "\\\\evil",
                  "javascript:alert(1)", "%ff%fe", "%00", "", "x" * 100_000):  # fmt: skip
        answer = ask(app, f"/search?name={typed}")
        assert answer.status == 404, typed
        assert answer.header("set-cookie") is None
        assert len(answer.text) < 20_000
    # the name of a gene that could lead on: it stays behind the `?`
    odd = ask(app, "/search?name=%3Dcmd%7C")
    assert str(odd.header("location")).startswith("/gene?name=%3Dcmd%7C")


def test_what_is_typed_stays_text(explored: Explored) -> None:
    answer = ask(served(explored), "/search?name=<img src=x onerror='window.broken=1'>")
    assert answer.status == 404
    assert "<img" not in answer.text
    assert "&lt;img src=x" in answer.text


def test_suggestions_are_data(explored: Explored) -> None:
    answer = ask(served(explored), "/suggest?name=sept")
    assert str(answer.header("content-type")).startswith("application/json")
    found = json.loads(answer.text)["found"]
    assert found[0] == {"title": "SEPT2", "kind": "gene", "said": "",
                        "address": "/gene?name=SEPT2"}  # fmt: skip
    assert json.loads(ask(served(explored), "/suggest").text) == {"found": []}
    assert_ruled(answer)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_pages_are_only_read(explored: Explored, method: str) -> None:
    for path in ("/", "/state", "/static/explore.js"):
        answer = ask(served(explored), path, ("content-length", "0"), method=method)
        assert answer.status == 405
        assert_ruled(answer)


def test_head_is_answered(explored: Explored) -> None:
    for path, status in (("/static/explore.css", 200), ("/state", 200), ("/nothing", 404)):
        answer = ask(served(explored), path, method="HEAD")
        assert (answer.status, answer.body) == (status, b"")
        assert_ruled(answer)


def test_a_fault_is_a_page_and_one_line(
    explored: Explored, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = ZeroDivisionError(f"secret {HOSTILE}\nsecond\x1b[2J line")
    answer = ask(with_view(monkeypatch, explored, raising(fault)), "/odd?name=anna&token=x")
    assert answer.status == 500
    assert "This is a fault of cohortmart, not of yours: ZeroDivisionError." in answer.text
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert_ruled(answer)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("fault: /odd: ZeroDivisionError: secret")
    assert "\x1b" not in said
    assert "anna" not in said
    assert "--debug" in said


def test_debug_shows_where_it_broke(
    explored: Explored, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = ZeroDivisionError("here")
    app = with_view(monkeypatch, explored, raising(fault), debug=True, token="key")
    answer = ask(app, "/odd", ("cookie", "cohortmart_8411=key"))
    assert answer.status == 500
    assert "Traceback" not in answer.text
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "in make" in said
    assert "key" not in said


def test_a_page_that_cannot_be_made_is_said_in_words(
    explored: Explored, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = with_view(monkeypatch, explored, raising(ValueError("x")))
    monkeypatch.setattr(html, "template_environment", raising(RuntimeError("no template")))
    answer = ask(app, "/odd")
    assert answer.status == 500
    assert "fault of cohortmart" in answer.text
    assert_ruled(answer)
    assert "fault: /odd" in capsys.readouterr().err


def test_errors_say_what_to_do(
    explored: Explored, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = InputError(f"there is no {HOSTILE}", found="nothing", hint="look")
    answer = ask(with_view(monkeypatch, explored, raising(wrong)), "/odd")
    assert answer.status == 404
    assert "There is no &lt;img" in answer.text
    assert "<img" not in answer.text
    assert "Found: nothing. look." in answer.text
    broken = ask(with_view(monkeypatch, explored, raising(BuildError("not made"))), "/odd")
    assert (broken.status, "not made" in broken.text) == (500, True)
    assert capsys.readouterr().err == ""


def test_faulty_sql_of_a_view_is_a_fault(
    explored: Explored, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def make(explored: Explored, _: Wanted) -> View:
        with explored.asked() as asked:
            asked.table("from no_such_table")
        raise AssertionError

    assert ask(with_view(monkeypatch, explored, make), "/odd").status == 500
    assert "no_such_table" in capsys.readouterr().err


def test_the_token_is_in_no_page(explored: Explored) -> None:
    app = served(explored, token="the-token")
    cookie = ("cookie", "cohortmart_8411=the-token")
    for path in ("/nothing", "/search?name=x", "/suggest?name=s", "/state", "/static/explore.js"):
        answer = ask(app, path, cookie)
        assert "the-token" not in answer.text
        assert answer.status in (200, 404)


def test_few_views_are_made_at_once(explored: Explored, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = [0], [0], threading.Lock()

    def make(*_: object) -> View:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1
        return View(Page("odd", "Odd", "", ()))

    app = with_view(monkeypatch, explored, make)
    import asyncio

    from tests.support.asgi import asked

    async def many() -> list[int]:
        return [a.status for a in await asyncio.gather(*(asked(app, "/odd") for _ in range(30)))]

    assert asyncio.run(many()) == [200] * 30
    assert most[0] == AT_ONCE


def test_a_view_that_meets_a_rebuild_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = export_warehouse(tmp_path / "old")
    new = export_warehouse(tmp_path / "new").warehouse
    explored, met = Explored(home), []

    def make(explored: Explored, _: Wanted) -> View:
        met.append(explored.state())
        if len(met) == 1:
            new.replace(home.warehouse)
            raise duckdb.CatalogException("no such table")
        return View(Page("odd", "Odd", "", ()))

    answer = ask(with_view(monkeypatch, explored, make), "/odd")
    assert answer.status == 200
    assert len(set(met)) == 2
    assert f'data-state="{met[1]}"' in answer.text
    home.warehouse.unlink()
    gone = ask(with_view(monkeypatch, explored, make), "/odd")
    assert (gone.status, "There is no warehouse here yet" in gone.text) == (503, True)
    explored.close()


def test_what_is_stopped_asks_no_more(tmp_path: Path) -> None:
    stopped = Explored(export_warehouse(tmp_path))
    ended: list[Exception] = []

    def long() -> None:
        try:
            with stopped.asked() as asked:
                asked.rows("select count(*) as n from range(100000000000) as t(a) where a % 7 = 8")
        except Exception as error:
            ended.append(error)

    thread = threading.Thread(target=long)
    thread.start()
    began = time.monotonic()
    while thread.is_alive() and time.monotonic() - began < 10:
        time.sleep(0.05)
        stopped.interrupt()
    thread.join()
    assert [str(error) for error in ended] == ["the explorer is being stopped"]
    assert ask(served(stopped), "/").status == 503
    stopped.close()


def test_who_lacks_memory_asks_again_alone(
    monkeypatch: pytest.MonkeyPatch, explored: Explored
) -> None:
    calls: list[bool] = []

    def make(*_: object) -> View:
        calls.append(app_module._ALONE.locked())
        if len(calls) == 1:
            raise TooMuchError("this needs more memory than the explorer takes")
        return View(Page("odd", "It came", "", ()))

    answer = ask(with_view(monkeypatch, explored, make), "/odd")
    assert (answer.status, calls) == (200, [False, True])
    assert "It came" in answer.text


def test_who_lacks_memory_alone_is_told(
    monkeypatch: pytest.MonkeyPatch, explored: Explored
) -> None:
    make = raising(TooMuchError("this needs more memory than the explorer takes", hint="ask less"))
    answer = ask(with_view(monkeypatch, explored, make), "/odd")
    assert "more memory than the explorer takes" in answer.text
    assert "Ask less" in answer.text
    assert not app_module._ALONE.locked()


def test_the_frame_calls_people_as_the_study_does(
    monkeypatch: pytest.MonkeyPatch, explored: Explored
) -> None:
    assert "sample or person</label>" in ask(served(explored), "/nothing").text
    monkeypatch.setattr(Explored, "subject", "patient")
    text = ask(served(explored), "/nothing").text
    assert "sample or patient</label>" in text
    assert "person" not in text
