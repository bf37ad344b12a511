"""Where the text of a query comes from."""

from __future__ import annotations

import io

import pytest

from cohortmart.app.sql.query_text import query_text
from cohortmart.core.errors import InputError


class _Input:
    def __init__(self, content: bytes, *, terminal: bool = False) -> None:
        self.buffer = io.BytesIO(content)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def test_query_is_itself_or_in_a_file(tmp_path):
    path = tmp_path / "deg.sql"
    path.write_bytes(b"\xef\xbb\xbf-- found genes\nselect 'caf\xc3\xa9'\n")
    assert query_text("select 1") == "select 1"
    assert query_text(f"@{path}") == "-- found genes\nselect 'café'\n"


@pytest.mark.parametrize("given", [None, "-"])
def test_query_on_standard_input(given, monkeypatch):
    monkeypatch.setattr("sys.stdin", _Input(b"select 2\n"))
    assert query_text(given) == "select 2\n"


def test_no_query_on_a_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdin", _Input(b"", terminal=True))
    with pytest.raises(InputError, match="there is no query"):
        query_text(None)


def test_file_that_is_not_there_or_not_text(tmp_path):
    with pytest.raises(InputError, match=r"cannot be read\n  found:    No such file"):
        query_text(f"@{tmp_path / 'no.sql'}")
    path = tmp_path / "latin.sql"
    path.write_bytes(b"select 1\n-- \xe9\n")
    with pytest.raises(InputError, match=r"latin\.sql, line 2: the query is not UTF-8"):
        query_text(f"@{path}")
