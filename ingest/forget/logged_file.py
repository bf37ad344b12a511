"""A raw file among those that `ingested_file` lists, found by what a user calls it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cohortmart.core.errors import InputError
from cohortmart.core.text import did_you_mean
from ingest.forget.forgotten import FILE, SAMPLE, SUBJECT
from ingest.read.text.raw_file import sha256_of

_PREFIX = "sha256:"


@dataclass(frozen=True)
class LoggedFile:
    """One raw file.

    Parameters
    ----------
    name : str
        As `ingested_file` names it.
    sha256 : str
        Of its content.
    current_roles : frozenset of str
        `samples` or assays that use it now.
    forgotten : bool
        It was removed before.
    """

    name: str
    sha256: str
    current_roles: frozenset[str]
    forgotten: bool


def find_logged(log: Iterable[Mapping[str, Any]], said: str, lake: Path) -> LoggedFile:
    """Find a file by path, by name or by the first digits of its SHA-256.

    Parameters
    ----------
    log : iterable of mapping
        Rows of `ingested_file`.
    said : str
        What the user gave.
    lake : Path
        For messages.

    Raises
    ------
    InputError
        No file matches, or files of different content do.
    """
    rows = [row for row in log if row["role"] not in (SUBJECT, SAMPLE)]
    matching = [row for row in rows if _matches(row, said)]
    # A corrected file of the same name is meant rather than the one that is gone.
    matching = [row for row in matching if row["role"] != FILE] or matching
    found = sorted({row["sha256"] for row in matching})
    if not found:
        names = sorted({row["file"] for row in rows})
        raise InputError(
            f"the lake was not made from a file `{said}`",
            file=lake,
            expected=", ".join(names) or None,
            found=said,
            hint=did_you_mean(said, names) or "give the file as study.yml names it",
        )
    if len(found) > 1:
        raise InputError(
            f"`{said}` can mean {len(found)} files of different content",
            file=lake,
            found="; ".join(_described(matching, sha256) for sha256 in found),
            hint="say which by its SHA-256, for example "
            f"`cohortmart forget --file {_PREFIX}{found[0][:12]}`",
        )
    return LoggedFile(
        name=matching[0]["file"],
        sha256=found[0],
        current_roles=frozenset(
            row["role"] for row in rows if row["sha256"] == found[0] and row["status"] == "current"
        ),
        forgotten=any(row["role"] == FILE for row in matching),
    )


def _matches(row: Mapping[str, Any], said: str) -> bool:
    if said.startswith(_PREFIX):
        digits = said.removeprefix(_PREFIX).lower()
        return bool(digits) and str(row["sha256"]).startswith(digits)
    if said == row["file"] or Path(said).name == Path(row["file"]).name:
        return True
    return Path(said).is_file() and sha256_of(Path(said)) == row["sha256"]


def _described(rows: Iterable[Mapping[str, Any]], sha256: str) -> str:
    row = next(r for r in rows if r["sha256"] == sha256)
    return f"{row['file']}, {row['status']}, {_PREFIX}{sha256[:12]}"
