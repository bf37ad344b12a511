"""`cohortmart dbt init`: what it writes, and that nothing of the user's is replaced."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cohortmart.app.dbt.init import make_project
from cohortmart.core.dbt_project import dbt_project_folder
from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home
from cohortmart.core.warehouse.user_project import (
    note_study_folder,
    project_beside,
    study_folder,
)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    file = tmp_path / "study" / "study.yml"
    file.parent.mkdir()
    file.write_text("study: My cohort (2023)\n")
    return file


def test_a_project_is_written_and_counts(study: Path) -> None:
    said = make_project(study, None)
    assert "wrote models/strongest_change.sql" in said
    project = project_beside(study.parent)
    assert project is not None
    assert project.name == "my_cohort_2023_models"
    written = yaml.safe_load(project.file.read_text())
    assert list(written["models"]) == [project.name]
    assert (study.parent / "profiles.yml").read_bytes() == (
        dbt_project_folder() / "profiles.yml"
    ).read_bytes()
    (package,) = yaml.safe_load((study.parent / "packages.yml").read_text())["packages"]
    assert str(dbt_project_folder()) in package["local"]
    assert (project.packages / "cohortmart" / "dbt_project.yml").is_file()


def test_files_that_are_there_stay(study: Path) -> None:
    mine = study.parent / "models" / "strongest_change.sql"
    mine.parent.mkdir()
    mine.write_text("select 1 as mine\n")
    (study.parent / ".gitignore").write_text("secret\n")
    said = make_project(study, None)
    for file in ("models/strongest_change.sql", ".gitignore"):
        assert f"{file} is there already and stays as it is" in said
    assert mine.read_text() == "select 1 as mine\n"
    assert (study.parent / ".gitignore").read_text() == "secret\n"
    again = make_project(study, None)
    assert "wrote" not in again


def test_a_project_of_something_else_is_said_to_need_the_profile(study: Path) -> None:
    (study.parent / "dbt_project.yml").write_text("name: other\nprofile: postgres\n")
    (study.parent / "packages.yml").write_text("packages: []\n")
    said = make_project(study, None)
    assert "it is built once it says `profile: cohortmart`" in said
    assert not (study.parent / "dbt_packages").exists()


@pytest.mark.parametrize("name", ["123", "Ärzte", "cohortmart", "???"])
def test_any_study_gives_a_name_that_dbt_takes(study: Path, name: str) -> None:
    study.write_text(f"study: '{name}'\n")
    make_project(study, None)
    assert project_beside(study.parent) is not None  # else its name was refused


def test_an_output_folder_knows_the_study_or_learns_it(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(InputError, match=r"cohortmart dbt init STUDY\.yml"):
        make_project(None, out)
    make_project(study, out)
    assert study_folder(Home(out)) == study.parent
    assert "is there already" in make_project(None, out)
    note_study_folder(Home(out), tmp_path / "gone" / "study.yml")
    with pytest.raises(InputError, match="not known where"):
        make_project(None, out)


def test_a_folder_with_python_is_left_alone(study: Path) -> None:
    (study.parent / "models" / "deep").mkdir(parents=True)
    (study.parent / "models" / "deep" / "train.py").write_text("print(1)\n")
    with pytest.raises(InputError, match="holds other things") as caught:
        make_project(study, None)
    assert caught.value.file == study.parent / "models" / "deep" / "train.py"
    assert not (study.parent / "dbt_project.yml").exists()


def test_a_study_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        make_project(tmp_path / "study.yml", None)
