"""The cookbook tells the truth: each of its queries gives the answer it shows, on the demo."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import duckdb
import pytest

from cohortmart.app.sql.output import write_people
from cohortmart.app.sql.query import open_query
from cohortmart.core.warehouse.home import Home
from tests.support.shown_queries import cohortmart, commands, page, queries

COOKBOOK = page("docs/cookbook.md")
QUERIES = queries(COOKBOOK)
COMMANDS = commands(COOKBOOK)
TITLES = re.findall(r"^\*\*(\d+)\. (.+)\*\*$", COOKBOOK, flags=re.MULTILINE)


def test_there_are_fifteen_questions_each_with_a_query_and_how_to_read_it() -> None:
    assert len(QUERIES) == 15
    assert [int(number) for number, _ in TITLES] == list(range(1, 16))
    assert all(title.endswith("?") for _, title in TITLES)
    recipe = r"\*\*\d+\. .+\*\*\n\n```sql\n[^`]+```\n```text\n[^`]+```\n[`\"A-Z].{80,}\n"
    assert len(re.findall(recipe, COOKBOOK)) == 15


def test_no_question_is_also_in_the_readme() -> None:
    assert not {query for query, _ in QUERIES} & {query for query, _ in queries(page("README.md"))}


@pytest.mark.parametrize(("query", "shown"), QUERIES, ids=[title for _, title in TITLES])
def test_recipe_gives_what_is_shown(demo_run: Path, tmp_path: Path, query: str, shown: str) -> None:
    answer = tmp_path / "answer.txt"
    # as `cohortmart sql` does it, without fifteen starts of Python
    with open_query(Home(demo_run), query) as reader, answer.open("wb") as out:
        write_people(reader, out)
    assert answer.read_text(encoding="utf-8").rstrip() == shown.rstrip()


@pytest.mark.parametrize("command", COMMANDS)
def test_export_writes_a_file(demo_run: Path, tmp_path: Path, command: str) -> None:
    words = shlex.split(command)[1:]
    words[words.index("demo")] = str(demo_run)
    done = cohortmart(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (written,) = tmp_path.iterdir()
    assert written.name in words
    if written.suffix == ".duckdb":
        with duckdb.connect(str(written), read_only=True) as con:
            assert con.sql("select count(*) from fct_contrast_result").fetchall()[0][0] > 0
        return
    ((n_rows,),) = duckdb.sql(f"select count(*) from '{written}'").fetchall()
    assert n_rows >= 5
