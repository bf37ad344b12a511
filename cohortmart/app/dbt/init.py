"""`cohortmart dbt init`: a dbt project beside study.yml whose models are built with ours."""

from __future__ import annotations

import re
from pathlib import Path

from cohortmart.core.dbt_project import dbt_project_folder
from cohortmart.core.errors import InputError
from cohortmart.core.lake.file_manifest import written_beside
from cohortmart.core.study.yaml_positions import read_document
from cohortmart.core.warehouse.home import Home
from cohortmart.core.warehouse.user_project import (
    PACKAGE,
    PROJECT_FILE,
    link_package,
    note_study_folder,
    project_beside,
    study_folder,
)

_TEMPLATE = Path(__file__).parent / "template"
#: What is written, in this order, and the file of the template.
_FILES = {
    PROJECT_FILE: PROJECT_FILE,
    "packages.yml": "packages.yml",
    "profiles.yml": None,  # a copy of our own
    ".gitignore": "gitignore",
    "models/strongest_change.sql": "models/strongest_change.sql",
    "models/strongest_change.yml": "models/strongest_change.yml",
}


def make_project(study_file: Path | None, out: Path | None) -> str:
    """Write the files of a dbt project beside a study.yml; those that are there stay.

    Parameters
    ----------
    study_file : Path, optional
        The study.yml.
    out : Path, optional
        An output folder, which knows its study.yml; with both it learns it.

    Returns
    -------
    str
        What was written and what stayed, for people.

    Raises
    ------
    InputError
        It is not known where study.yml is, or the folder models/ holds Python.
    """
    home = None if out is None else Home(out)
    folder = _folder(study_file, home)
    _refuse_python(folder)
    name = _project_name(folder, study_file, home)
    wrote, stayed = [], []
    for file, template in _FILES.items():
        target = folder / file
        if target.exists():
            stayed.append(file)
            continue
        source = dbt_project_folder() / file if template is None else _TEMPLATE / template
        text = source.read_text(encoding="utf-8")
        if template is not None:
            text = text.replace("{name}", name)
            text = text.replace("{package}", str(dbt_project_folder()).replace("'", "\\\\'"))
        with written_beside(target) as temporary:
            temporary.write_text(text, encoding="utf-8")
        wrote.append(file)
    if home is not None and study_file is not None and home.root.is_dir():
        note_study_folder(home, study_file)
    lines = [f"{folder}: a dbt project on the tables of cohortmart"]
    lines += [f"  wrote {file}" for file in wrote]
    lines += [f"  {file} is there already and stays as it is" for file in stayed]
    project = project_beside(folder)
    if project is None:
        lines.append(
            f"  {PROJECT_FILE} does not name cohortmart: it is built once it says "
            f"`profile: {PACKAGE}`"
        )
    else:
        link_package(project)
        place = "DIR" if out is None else str(out)
        lines.append(f"next: cohortmart build --out {place}")
    return "\n".join(lines)


def _folder(study_file: Path | None, home: Home | None) -> Path:
    if study_file is not None:
        if not study_file.is_file():
            raise InputError(
                "there is no such file", file=study_file, expected="the study.yml of your study"
            )
        return study_file.expanduser().resolve().parent
    folder = None if home is None else study_folder(home)
    if folder is None or not folder.is_dir():
        raise InputError(
            "it is not known where the study.yml is, beside which your models lie",
            file=None if home is None else home.root,
            hint="name it: cohortmart dbt init STUDY.yml",
        )
    return folder


def _refuse_python(folder: Path) -> None:
    """Raise if there is Python in the folder, each file of which dbt would take for a model."""
    found = next(iter(sorted((folder / "models").rglob("*.py"))), None)
    if found is not None:
        raise InputError(
            "the folder models beside study.yml holds other things than models of dbt",
            file=found,
            hint="move them, or put study.yml into a folder of its own",
        )


def _project_name(folder: Path, study_file: Path | None, home: Home | None) -> str:
    """Return a name that dbt takes, made from that of the study."""
    file = study_file or (home.study_copy if home is not None else folder / "study.yml")
    study = read_document(file).at(("study",)) if file.is_file() else None
    word = re.sub(r"\W+", "_", str(study or folder.name), flags=re.ASCII).strip("_").lower()
    return f"{word if word[:1].isalpha() else 'study'}_models"
