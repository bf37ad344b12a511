"""The user's dbt project beside study.yml: which folder counts, and when it is another."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohortmart.core.dbt_project import dbt_project_folder
from cohortmart.core.errors import InputError
from cohortmart.core.warehouse.home import Home
from cohortmart.core.warehouse.user_project import (
    link_package,
    not_built,
    note_study_folder,
    project_beside,
    study_folder,
    user_models_note,
    user_project,
)


def write_project(folder: Path, text: str = "name: mine\nprofile: cohortmart\n") -> Path:
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "models" / "a.sql").write_text("select 1 as x\n")
    (folder / "dbt_project.yml").write_text(text)
    return folder


def test_an_output_folder_knows_where_its_study_lies(tmp_path: Path) -> None:
    home = Home(tmp_path / "out")
    assert study_folder(home) is None
    assert user_project(home) is None
    note_study_folder(home, tmp_path / "my study: 'a'" / "study.yml")
    assert study_folder(home) == tmp_path / "my study: 'a'"
    write_project(tmp_path / "my study: 'a'")
    found = user_project(home)
    assert found is not None
    assert (found.name, found.folder) == ("mine", tmp_path / "my study: 'a'")


def test_a_study_inside_its_output_folder_moves_with_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "out")
    note_study_folder(home, home.root / "raw" / "study.yml")
    home.root.rename(tmp_path / "moved")
    assert study_folder(Home(tmp_path / "moved")) == tmp_path / "moved" / "raw"


@pytest.mark.parametrize(
    ("project", "packages", "counts"),
    [
        ("name: mine\nprofile: cohortmart\n", None, True),
        ("name: mine\nprofile: other\n", "packages: [{local: ../cohortmart/dbt_project}]", True),
        ("name: warehouse\nprofile: postgres\n", "packages: [{package: dbt-labs/x}]", False),
        ("- no mapping\n", None, False),
    ],
)
def test_a_project_counts_if_it_names_cohortmart(
    tmp_path: Path, project: str, packages: str | None, counts: bool
) -> None:
    write_project(tmp_path, project)
    if packages is not None:
        (tmp_path / "packages.yml").write_text(packages)
    assert (project_beside(tmp_path) is not None) is counts
    note = user_models_note(tmp_path / "study.yml")
    assert note is not None
    assert ("is not built" in note) is not counts


def test_models_of_another_kind_are_no_project(tmp_path: Path) -> None:
    assert not_built(tmp_path) is None
    assert user_models_note(tmp_path / "study.yml") is None
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "net.pt").write_bytes(b"\0")
    assert project_beside(tmp_path) is None
    assert "is not built" in str(not_built(tmp_path))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("config-version: 2\nname: cohortmart\nprofile: cohortmart\n", 2, "name of cohortmart's"),
        ("profile: cohortmart\n", None, "has no name"),
        ("profile: cohortmart\nname: 7 things\n", 2, "has no name"),
        ("name: mine\nprofile: cohortmart\nmodel-paths: ['{{ x }}']\n", 3, "without Jinja"),
        ("name: mine\nprofile: [cohortmart\n", 3, "cannot be read"),
    ],
)
def test_a_faulty_project_is_said_with_its_line(
    tmp_path: Path, text: str, line: int | None, said: str
) -> None:
    write_project(tmp_path, text)
    with pytest.raises(InputError, match=said) as caught:
        project_beside(tmp_path)
    assert (caught.value.file, caught.value.line) == (tmp_path / "dbt_project.yml", line)


def test_every_file_that_dbt_reads_is_part_of_the_mark(tmp_path: Path) -> None:
    write_project(tmp_path)
    project = project_beside(tmp_path)
    assert project is not None
    marks = [project.mark()]
    for name in (
        *("models/a.sql", "models/deep/b.yml", "models/words.md", "macros/m.sql", "seeds/s.csv"),
        *("tests/t.sql", "packages.yml", "dbt_packages/other/macros/m.sql"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("changed\n")
        marks.append(project.mark())
    (tmp_path / "models" / "a.sql").rename(tmp_path / "models" / "c.sql")
    marks.append(project.mark())
    assert len(set(marks)) == len(marks)


def test_raw_data_and_the_link_are_no_part_of_the_mark(tmp_path: Path) -> None:
    write_project(tmp_path)
    project = project_beside(tmp_path)
    assert project is not None
    before = project.mark()
    (tmp_path / "counts.csv").write_text("a\n")
    (tmp_path / "models" / "weights.bin").write_bytes(b"1")
    link_package(project)
    assert project.mark() == before


def test_the_package_is_linked_and_the_link_healed(tmp_path: Path) -> None:
    write_project(tmp_path)
    project = project_beside(tmp_path)
    assert project is not None
    link = tmp_path / "dbt_packages" / "cohortmart"
    for _ in range(2):
        link_package(project)
        assert link.is_symlink()
        assert link.resolve() == dbt_project_folder().resolve()
    link.unlink()
    link.symlink_to(tmp_path / "of an installation that is gone")
    link_package(project)
    assert link.resolve() == dbt_project_folder().resolve()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_a_copy_of_the_package_is_not_replaced(tmp_path: Path) -> None:
    write_project(tmp_path)
    project = project_beside(tmp_path)
    assert project is not None
    (tmp_path / "dbt_packages" / "cohortmart").mkdir(parents=True)
    with pytest.raises(InputError, match="copy of cohortmart's dbt project"):
        link_package(project)


def test_a_broken_project_of_something_else_is_not_read(tmp_path: Path) -> None:
    write_project(tmp_path, "neither: [YAML")
    assert project_beside(tmp_path) is None
