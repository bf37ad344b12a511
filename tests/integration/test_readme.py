"""The README tells the truth: its commands run, its queries give the output it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.support.shown_queries import ROOT, blocks, cohortmart, commands, page, queries

README = page("README.md")
STUDY_GUIDE = page("docs/study.md")
QUERIES = queries(README)
COMMANDS = commands(README)


@pytest.fixture(scope="module")
def place(demo_run: Path) -> Path:
    """The folder with `demo` in it, as `make demo` leaves it."""
    assert demo_run.name == "demo"
    return demo_run.parent


def test_readme_has_five_queries_and_three_commands() -> None:
    assert len(QUERIES) == 5
    assert len(COMMANDS) == 3
    assert len(README.splitlines()) <= 200


@pytest.mark.parametrize(("query", "shown"), QUERIES)
def test_query_gives_what_is_shown(place: Path, query: str, shown: str) -> None:
    done = cohortmart("sql", query, "--out", "demo", cwd=place)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip() == shown.rstrip()


@pytest.mark.parametrize("command", COMMANDS)
def test_command_runs(place: Path, command: str) -> None:
    done = cohortmart(*shlex.split(command)[1:], cwd=place)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_column_descriptions_are_in_the_warehouse(place: Path) -> None:
    query = re.search(r"In SQL: `([^`]+)`", README)[1]
    done = cohortmart("sql", query, "--out", "demo", "--format", "csv", cwd=place)
    rows = done.stdout.splitlines()
    assert len(rows) > 15
    assert not [row for row in rows[1:] if row.endswith(",")]


def test_every_command_of_the_table_exists(place: Path) -> None:
    text = README.replace("\\|", "/")
    first = re.findall(r"^\| (`cohortmart [^|]*) \|", text, flags=re.MULTILINE)
    named = {w for cell in first for w in re.findall(r"`(?:cohortmart )?(\w+)", cell)}
    assert named == {
        *("run", "ingest", "normalise", "build", "analyse", "check", "sql", "diff", "demo"),
        *("forget", "export", "report", "init", "dbt", "explore", "serve"),
    }
    for name in named:
        done = cohortmart(name, "--help", cwd=place)
        assert done.returncode == 0, name
    assert cohortmart("explain", "--help", cwd=place).returncode == 2


def test_the_readme_names_every_table_there_is(place: Path) -> None:
    table = README.split("## The tables")[1].split("\n\n`log_fc`")[0]
    named = set(
        re.findall(r"`(\w+)`", "\n".join(r.split("|")[1] for r in table.splitlines() if "|" in r))
    )
    done = cohortmart(
        "sql", "select table_name from duckdb_tables() where schema_name = 'main'"
        " union all select view_name from duckdb_views()"
        " where schema_name = 'main' and not internal",
        "--out", "demo", "--format", "csv", cwd=place,
    )  # fmt: skip
    assert named == set(done.stdout.split()[1:])


def test_every_file_the_docs_link_to_exists() -> None:
    for file in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)\)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{file.name}: {target}"


@pytest.mark.parametrize("text", blocks(README, "yaml"))
def test_the_study_of_the_readme_is_valid(text: str, tmp_path: Path) -> None:
    from cohortmart.core.study.load import load_study

    file = tmp_path / "study.yml"
    file.write_text(text, encoding="utf-8")
    assert load_study(file).study == "my_study"


def test_the_study_guide_names_keys_that_exist(tmp_path: Path) -> None:
    from cohortmart.core.study.load import load_study

    _visits, assays, derive, signatures, contrasts = blocks(STUDY_GUIDE, "yaml")
    file = tmp_path / "study.yml"
    file.write_text(
        "study: guide\n"
        "samples: {file: s.csv, sample: a, subject: b, group: c, timepoint: d,"
        " factors: [rna_name]}\n"
        "timepoints: [1st, 2nd, 3rd, PP]\ngroups: [HP, MS]\n"
        + assays
        + derive
        + "analyses:\n  one:\n    assay: rna\n    values: voom\n"
        "    model: {means: [group, timepoint], block: subject}\n"
        + signatures
        + "".join(f"    {line}\n" for line in contrasts.splitlines()),
        encoding="utf-8",
    )
    study = load_study(file)
    assert study.assays["methylation"].m_value_clip == 1e-6
    assert len(study.analyses["one"].contrasts) == 6
    assert study.analyses["one"].signatures["ra"].opposite
