"""Paths of study.yml: environment variables, patterns, and relative to the study file."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping
from pathlib import Path

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^{}]*))?\}")


class PathError(ValueError):
    """A path that cannot be expanded; the text says why."""


def absolute(text: str, base: Path, environment: Mapping[str, str] | None = None) -> Path:
    """Return a path of study.yml made absolute.

    `${NAME}` and `${NAME:-default}` are replaced by the environment variable NAME, the second
    by `default` where NAME is not set or empty, as a shell does. `~` is the home folder. Symbolic
    links are kept.

    Parameters
    ----------
    text : str
        As it stands in study.yml.
    base : Path
        Folder of the study file, absolute.
    environment : mapping, optional
        Instead of the process's own environment.

    Raises
    ------
    PathError
        A variable is not set and has no default, or `${` is not closed.
    """
    variables = os.environ if environment is None else environment

    def replace(match: re.Match[str]) -> str:
        value, default = variables.get(match["name"]), match["default"]
        if default is not None:
            return value or default
        if value is None:
            raise PathError(f"the environment variable {match['name']} is not set")
        return value

    if "${" in _VARIABLE.sub("", text):
        raise PathError("`${` is not followed by NAME} or NAME:-default}")
    expanded = Path(_VARIABLE.sub(replace, text)).expanduser()
    return Path(os.path.abspath(base / expanded))


def is_pattern(path: Path) -> bool:
    """Whether a path stands for several files: it holds `*`, `?` or `[` and is none itself."""
    return glob.has_magic(str(path)) and not path.exists()


def matching_files(path: object) -> list[object]:
    """Return the files that a pattern such as `counts/*.tab` matches, sorted.

    Parameters
    ----------
    path : object
        An absolute path, or what study.yml has in its place.

    Returns
    -------
    list
        The path itself where it is no pattern, or one that matches nothing: whether a file is
        there is for ingest to say. `**` goes down through all folders; folders are no files.
    """
    if not isinstance(path, Path) or not is_pattern(path):
        return [path]
    found = (Path(name) for name in glob.glob(str(path), recursive=True))
    files = sorted((one for one in found if not one.is_dir()), key=str)
    return list(files) or [path]
