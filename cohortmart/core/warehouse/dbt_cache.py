"""What dbt made of one version of the project, kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

#: Packages whose versions change what dbt makes of the project.
_MAKERS = ("dbt-core", "dbt-common", "dbt-adapters", "dbt-duckdb", "duckdb", "jinja2", "mashumaro")
#: Versions of the project that are kept: a checkout or two, and an installation.
_KEPT = 6
#: An entry that is younger may be in another process's hands.
_SETTLED_SECONDS = 3600.0
_DIGEST_BYTES = 32


def cache_key(project: Path, mark: str, more: Iterable[str]) -> str:
    """Return the name of an entry: a hash of all that parsing depends on.

    Parameters
    ----------
    project : Path
        The folder of dbt_project.yml, whose place the parsed project names.
    mark : str
        Hash of the project's files.
    more : iterable of str
        Whatever else changes the entry.
    """
    parts = [str(project), mark, *more, *(f"{name} {version(name)}" for name in _MAKERS)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def cache_folder() -> Path | None:
    """Return where entries lie: COHORTMART_CACHE, or cohortmart in the user's cache folder."""
    named = os.environ.get("COHORTMART_CACHE")
    if named:
        return Path(named).absolute() / "dbt"
    shared = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not shared.is_absolute():
        try:
            shared = Path.home() / ".cache"
        except RuntimeError:  # a user without a home
            return None
    return shared / "cohortmart" / "dbt"


def read_entry(key: str, name: str) -> bytes | None:
    """Return what was kept; None if there is nothing, or nothing that can be trusted.

    Parameters
    ----------
    key : str
        Of the version of the project.
    name : str
        Which of its entries.
    """
    folder = cache_folder()
    if folder is None:
        return None
    path = folder / key / name
    try:
        if not _is_ours(path.parent.stat()):
            return None
        with path.open("rb") as file:
            if not _is_ours(os.fstat(file.fileno())):
                return None
            kept = file.read()
    except OSError:
        return None
    digest, content = kept[:_DIGEST_BYTES], kept[_DIGEST_BYTES:]
    return content if _digest(key, name, content) == digest else None


def write_entry(key: str, name: str, content: bytes) -> None:
    """Keep an entry, in one rename; where the cache cannot be written nothing is kept.

    Parameters
    ----------
    key, name : str
        As in `read_entry`.
    content : bytes
        The entry.
    """
    folder = cache_folder()
    if folder is None:
        return
    with suppress(OSError):
        (folder / key).mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, beside = tempfile.mkstemp(dir=folder / key, prefix=f".{name}-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_digest(key, name, content) + content)
            Path(beside).replace(folder / key / name)
        finally:
            Path(beside).unlink(missing_ok=True)
        _sweep(folder, key)


def _digest(key: str, name: str, content: bytes) -> bytes:
    return hashlib.sha256(f"{key}/{name}\0".encode() + content).digest()


def _is_ours(status: os.stat_result) -> bool:
    """Whether no one else could have written it: entries hold code that will be run."""
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _sweep(folder: Path, key: str) -> None:
    """Remove the entries of the versions that were written first."""
    entries = [(p.stat().st_mtime, p) for p in folder.iterdir() if p.is_dir() and p.name != key]
    for written, path in sorted(entries, reverse=True)[_KEPT - 1 :]:
        if time.time() - written > _SETTLED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
