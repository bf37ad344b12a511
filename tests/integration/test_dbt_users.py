"""A dbt project beside study.yml, from `dbt init` to `forget`; the page on it tells the truth."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest

from tests.support.paths import ROOT
from tests.support.shown_queries import blocks, cohortmart, commands, page
from tests.support.small_study import ROWS, write_study

pytestmark = pytest.mark.slow  # many builds

PAGE = page("docs/dbt.md")
(MODEL,) = blocks(PAGE, "sql")
LISTED = "select study_group, subject_id from {{ ref('dim_subject') }}\n"


def run(*arguments: str, cwd: Path, code: int = 0) -> str:
    done = cohortmart(*arguments, cwd=cwd)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a small study that was run into `demo` beside it, as the page has it."""
    folder = tmp_path_factory.mktemp("dbt_users")
    write_study(folder, model="{means: [group, timepoint]}")
    rng = np.random.default_rng(14)
    levels = rng.integers(50, 500, size=(50, 1)) * np.ones(len(ROWS))
    levels[:10, [row[1] == "MS" for row in ROWS]] *= 8
    lines = ["gene\t" + "\t".join(f"S{i}" for i in range(len(ROWS)))]
    lines += [f"G{g}\t" + "\t".join(map(str, row)) for g, row in enumerate(rng.poisson(levels))]
    (folder / "counts.tsv").write_text("\n".join(lines) + "\n")
    run("run", "study.yml", "--out", "demo", "--no-report", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def project(study: Path) -> Path:
    """The same with a dbt project, whose tables are built."""
    run("dbt", "init", "study.yml", "--out", "demo", cwd=study)
    run("build", "--out", "demo", cwd=study)
    return study


def query(study: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(study / "demo" / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_every_command_of_the_page_works(study: Path) -> None:
    shown = commands(PAGE)
    assert len(shown) == 8
    for command in shown:
        run(*shlex.split(command)[1:], cwd=study)
    (plain,) = re.findall(r"^COHORTMART_HOME=demo dbt (.+)$", PAGE, flags=re.MULTILINE)
    done = subprocess.run(
        [str(Path(sys.executable).parent / "dbt"), *shlex.split(plain)],
        cwd=study,
        env=os.environ | {"COHORTMART_HOME": "demo"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert query(study, "select count(*) >= 10 from strongest_change") == [(True,)]
    check_lineage(study)


def check_lineage(study: Path) -> None:
    """Theirs stand behind ours in the pages that `dbt docs generate` wrote."""
    target = study / "demo" / "logs" / "dbt" / "target"
    assert (target / "static_index.html").exists()
    manifest = json.loads((target / "manifest.json").read_text())
    model = manifest["nodes"]["model.small_models.strongest_change"]
    assert model["depends_on"]["nodes"] == ["model.cohortmart.fct_contrast_result"]
    assert manifest["exposures"]["exposure.small_models.notebook_of_changes"]["depends_on"][
        "nodes"
    ] == ["model.small_models.strongest_change"]
    access = {
        (node["fqn"][1], node["access"])
        for node in manifest["nodes"].values()
        if node["package_name"] == "cohortmart" and node["resource_type"] == "model"
    }
    assert access == {
        ("marts", "public"), ("results", "public"),
        ("staging", "protected"), ("intermediate", "protected"),
    }  # fmt: skip


def test_run_builds_theirs_alone_where_only_they_changed(project: Path) -> None:
    (project / "models" / "my_people.sql").write_text(MODEL)
    said = run("run", "study.yml", "--out", "demo", "--no-report", cwd=project)
    assert "built 2 tables and views of the dbt project small_models" in said
    assert "built 1" not in said
    assert query(project, "from my_people order by study_group") == [("HP", 3), ("MS", 3)]
    said = run("run", "study.yml", "--out", "demo", "--no-report", cwd=project)
    assert "built" not in said
    (project / "models" / "my_people.sql").unlink()
    run("run", "study.yml", "--out", "demo", "--no-report", cwd=project)
    assert (
        query(project, "select table_name from duckdb_tables() where table_name like 'my_%'") == []
    )


def test_check_says_that_it_is_built(project: Path) -> None:
    said = " ".join(run("check", "study.yml", cwd=project).split())
    assert "the dbt project small_models beside study.yml is built with the tables" in said


def test_a_fault_of_theirs_stops_the_run_and_touches_nothing(project: Path) -> None:
    model = project / "models" / "faulty.sql"
    model.write_text("select\n    subject_id,\n    no_such_column\nfrom {{ ref('dim_subject') }}\n")
    warehouse = project / "demo" / "warehouse.duckdb"
    before = warehouse.read_bytes()
    said = run("build", "--out", "demo", cwd=project, code=2)
    assert f"{model}, line 3: the model faulty" in said
    assert "fault of cohortmart" not in said
    assert warehouse.read_bytes() == before
    # a first run: ours are there, and the next run goes on
    run("run", "study.yml", "--out", "first", "--no-report", cwd=project, code=2)
    with duckdb.connect(str(project / "first" / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from dim_subject").fetchall() == [(6,)]
    model.unlink()
    run("run", "study.yml", "--out", "first", "--no-report", cwd=project)
    with duckdb.connect(str(project / "first" / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) >= 10 from strongest_change").fetchall() == [(True,)]


def test_a_forgotten_person_goes_from_their_tables(project: Path) -> None:
    (project / "models" / "listed.sql").write_text(
        "{{ config(materialized='incremental', full_refresh=false) }}\n" + LISTED
    )
    (project / "seeds").mkdir()
    (project / "seeds" / "letters.csv").write_text("person,sent\nh1,yes\nm1,no\n")
    run("build", "--out", "demo", cwd=project)
    people = "select subject_id from listed order by subject_id"
    assert query(project, people) == [(s,) for s in ("h1", "h2", "h3", "m1", "m2", "m3")]
    said = run("forget", "--subject", "h1", "--out", "demo", cwd=project)
    assert query(project, people) == [(s,) for s in ("h2", "h3", "m1", "m2", "m3")]
    assert "main.letters of your dbt project still names h1" in said
    assert "main.listed" not in said


def test_models_of_something_else_are_ignored(tmp_path: Path) -> None:
    study = write_study(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "train.py").write_text("raise SystemExit('run')\n")
    (tmp_path / "models" / "broken.sql").write_text("{{ no_macro() }}")
    said = " ".join(run("check", study.name, cwd=tmp_path).split())
    assert "the folder models beside study.yml is not built" in said
    run("ingest", study.name, "--out", "out", cwd=tmp_path)
    said = run("build", "--out", "out", cwd=tmp_path)
    assert "the folder models beside study.yml is not built" in said


def test_the_page_names_what_is_refused() -> None:
    text = (ROOT / "cohortmart" / "app" / "dbt" / "command.py").read_text(encoding="utf-8")
    for command in re.findall(r'^    "(\w+)": "', text, flags=re.MULTILINE):
        assert f"`{command}`" in PAGE
