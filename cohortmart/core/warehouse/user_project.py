"""The user's own dbt project beside study.yml: where it lies and what it is made of."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cohortmart.core.dbt_project import dbt_project_folder
from cohortmart.core.errors import InputError
from cohortmart.core.lake.file_manifest import written_beside
from cohortmart.core.warehouse.home import Home

PROJECT_FILE = "dbt_project.yml"
#: Name of our project as a package of the user's.
PACKAGE = "cohortmart"
#: The variable that names our project's folder in packages.yml.
PACKAGE_VARIABLE = "COHORTMART_DBT_PROJECT"
#: Where an output folder says in which folder its study.yml lies.
_NOTE = ".study_folder.yml"
_NOTED = "folder: "
#: The keys of dbt_project.yml that name folders, and what dbt reads without them.
_PATHS = {
    "model-paths": "models",
    "macro-paths": "macros",
    "seed-paths": "seeds",
    "snapshot-paths": "snapshots",
    "test-paths": "tests",
    "analysis-paths": "analyses",
    "function-paths": "functions",
}
_SETTINGS = (
    *(PROJECT_FILE, "packages.yml", "dependencies.yml", "package-lock.yml", "selectors.yml"),
    *("vars.yml", ".dbtignore"),
)
_PACKAGES = ("packages.yml", "dependencies.yml")
_READ_BY_DBT = {".sql", ".yml", ".yaml", ".md", ".csv", ".py"}


@dataclass(frozen=True)
class UserProject:
    """A dbt project of the user that builds on ours.

    Parameters
    ----------
    folder : Path
        The folder of study.yml and dbt_project.yml.
    name : str
        As dbt_project.yml says it.
    paths : dict of str to tuple of Path
        The folders that dbt reads, by their key in dbt_project.yml.
    packages : Path
        Where dbt looks for installed packages.
    """

    folder: Path
    name: str
    paths: dict[str, tuple[Path, ...]]
    packages: Path

    @property
    def file(self) -> Path:
        """Its dbt_project.yml."""
        return self.folder / PROJECT_FILE

    def mark(self) -> str:
        """Return a hash of all files that dbt reads of it, installed packages included."""
        seen = hashlib.sha256(str(self.folder).encode())
        for path in self._files():
            name = os.path.relpath(path, self.folder)
            seen.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        return seen.hexdigest()

    def _files(self) -> Iterator[Path]:
        yield from (self.folder / name for name in _SETTINGS if (self.folder / name).is_file())
        for folder in sorted({f for folders in self.paths.values() for f in folders}):
            yield from _read_files(folder)
        if self.packages.is_dir():
            for package in sorted(self.packages.iterdir()):
                if package.name != PACKAGE:  # its own mark is known
                    yield from _read_files(package)


def _read_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in _READ_BY_DBT and path.is_file():
            yield path


def note_study_folder(home: Home, study_file: Path) -> None:
    """Write down in the output folder where study.yml lies, for builds that are not told.

    Parameters
    ----------
    home : Home
    study_file : Path
        A folder inside the output folder is noted relative to it: both may move together.
    """
    folder = study_file.expanduser().resolve().parent
    inside = folder.is_relative_to(home.root)
    said = folder.relative_to(home.root).as_posix() if inside else str(folder)
    note, text = home.root / _NOTE, _NOTED + json.dumps(said) + "\n"
    if note.is_file() and note.read_text(encoding="utf-8") == text:
        return
    with written_beside(note) as temporary:
        temporary.write_text(text, encoding="utf-8")


def study_folder(home: Home) -> Path | None:
    """Return the folder of study.yml as it was noted; None if nothing was."""
    note = home.root / _NOTE
    if not note.is_file():
        return None
    return home.root / str(json.loads(note.read_text(encoding="utf-8").removeprefix(_NOTED)))


def user_project(home: Home) -> UserProject | None:
    """Return the dbt project beside the study.yml of an output folder, if there is one.

    Raises
    ------
    InputError
        Its dbt_project.yml cannot be used.
    """
    folder = study_folder(home)
    return None if folder is None else project_beside(folder)


def project_beside(folder: Path) -> UserProject | None:
    """Return the dbt project of a folder if it builds on ours.

    It does if its profile is `cohortmart`, or if its packages name cohortmart.

    Parameters
    ----------
    folder : Path
        Of a study.yml.

    Raises
    ------
    InputError
        dbt_project.yml is no YAML, has no name or that of our project, or a path with Jinja.
    """
    file = folder / PROJECT_FILE
    if not file.is_file():
        return None
    if not _says_our_name(folder):
        return None
    settings = _settings(file)
    if settings.get("profile") != PACKAGE and not _names_our_package(folder):
        return None
    name = settings.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise _fault(file, settings, "name", "has no name", "letters, digits and _")
    if name == PACKAGE:
        raise _fault(file, settings, "name", "has the name of cohortmart's own", "another name")
    paths = {key: _folders(file, settings, key, default) for key, default in _PATHS.items()}
    (packages,) = _folders(file, settings, "packages-install-path", "dbt_packages")
    return UserProject(folder.resolve(), name, paths, packages)


def _settings(file: Path) -> dict[str, Any]:
    """Read dbt_project.yml as dbt does."""
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        raise InputError(
            f"this cannot be read: {getattr(error, 'problem', None) or error}",
            file=file,
            line=None if mark is None else mark.line + 1,
            column=None if mark is None else mark.column + 1,
            expected="the YAML of a dbt project",
            hint="repair it; without the file the study's own tables are built alone",
        ) from error
    return content if isinstance(content, dict) else {}


def _says_our_name(folder: Path) -> bool:
    """Whether our name is in the project's settings at all: others are not read, be they broken."""
    return _names_our_package(folder, (PROJECT_FILE, *_PACKAGES))


def _names_our_package(folder: Path, files: tuple[str, ...] = _PACKAGES) -> bool:
    for name in files:
        path = folder / name
        if path.is_file() and PACKAGE in path.read_text(encoding="utf-8", errors="replace").lower():
            return True
    return False


def _folders(file: Path, settings: dict[str, Any], key: str, default: str) -> tuple[Path, ...]:
    said = settings.get(key, default)
    names = [said] if isinstance(said, str) else said
    if not isinstance(names, list) or not all(isinstance(n, str) and "{{" not in n for n in names):
        raise _fault(file, settings, key, f"names no folder in `{key}`", "names, without Jinja")
    return tuple(file.parent.resolve() / name for name in names)


def _fault(file: Path, settings: dict[str, Any], key: str, what: str, expected: str) -> InputError:
    lines = file.read_text(encoding="utf-8").splitlines()
    return InputError(
        f"this dbt project {what}",
        file=file,
        line=next((i for i, line in enumerate(lines, 1) if line.startswith(f"{key}:")), None),
        expected=expected,
        found=str(settings[key]) if key in settings else None,
    )


def not_built(folder: Path) -> str | None:
    """Say what beside a study.yml looks like models, and why no build makes them.

    Parameters
    ----------
    folder : Path
        Of the study.yml.
    """
    if (folder / PROJECT_FILE).is_file():
        if project_beside(folder) is not None:
            return None
        return (
            f"{PROJECT_FILE} beside study.yml is not built: neither its profile nor its packages "
            "name cohortmart (docs/dbt.md)"
        )
    if not (folder / "models").is_dir():
        return None
    return (
        f"the folder models beside study.yml is not built: it has no {PROJECT_FILE} beside it; "
        "if it holds dbt models, `cohortmart dbt init STUDY.yml` makes one"
    )


def user_models_note(study_file: Path) -> str | None:
    """Say whether dbt models beside a study.yml are built; None if nothing looks like some.

    Raises
    ------
    InputError
        See `project_beside`.
    """
    folder = study_file.expanduser().resolve().parent
    project = project_beside(folder)
    if project is None:
        return not_built(folder)
    return f"the dbt project {project.name} beside study.yml is built with the tables"


def link_package(project: UserProject) -> None:
    """Let the project find ours as an installed package, as `dbt deps` would.

    Raises
    ------
    InputError
        Something else lies there, or the folder cannot be written.
    """
    ours, link = dbt_project_folder(), project.packages / PACKAGE
    if link.is_symlink():
        if link.exists() and link.resolve() == ours.resolve():
            return
    elif link.exists():
        raise InputError(
            "this is a copy of cohortmart's dbt project, not a link to the one that runs",
            file=link,
            hint="remove it; cohortmart makes the link",
        )
    try:
        project.packages.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".cohortmart-", dir=project.packages.parent))
        try:
            (beside / PACKAGE).symlink_to(ours, target_is_directory=True)
            (beside / PACKAGE).replace(link)  # in one step: another build may read it
        finally:
            (beside / PACKAGE).unlink(missing_ok=True)
            beside.rmdir()
    except OSError as error:
        raise InputError(
            f"the link to cohortmart's dbt project cannot be made ({error.strerror})",
            file=link,
            hint=f"let this be a link to {ours}",
        ) from error
