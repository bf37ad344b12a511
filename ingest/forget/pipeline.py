"""A person withdraws, or a file is wrong: it goes from every layer and does not come back.

The lake is switched first and the deletions follow, so that an interrupted `forget` can be run
again (or is finished by the next ingest). Raw files are the user's own and are never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cohortmart.core.errors import InputError
from cohortmart.core.lake.hashed_tables import write_named
from cohortmart.core.lake.lock import lake_lock
from cohortmart.core.text import did_you_mean
from cohortmart.core.warehouse.home import Home
from ingest.forget.forgotten import (
    FILE,
    SAMPLE,
    SUBJECT,
    Forgotten,
    forgotten_in,
    forgotten_row,
    hashed,
    hashed_column,
    read_forgotten,
)
from ingest.forget.lake_state import LakeState, read_state, write_state
from ingest.forget.logged_file import find_logged
from ingest.forget.purge import purge, switch_and_purge, without_forgotten
from ingest.matrix.matrix_file import Origin, origin_of
from ingest.reference.roles import ROLES
from ingest.write.file_log import sorted_log

Say = Callable[[str], None]
_AFTERWARDS = (
    "results, report, logs and the warehouse were made with these data and are removed",
    "the raw files are yours and were not touched; a later ingest leaves out what was forgotten",
)


@dataclass(frozen=True)
class ForgetSummary:
    """What was removed.

    Parameters
    ----------
    n_samples : int
        Samples that the lake no longer shows.
    n_columns : int
        Matrix columns that it no longer shows.
    rebuild : bool
        The warehouse is gone and can be built anew: the lake still has samples.
    again : bool
        It had been forgotten before; only what was still there was removed.
    """

    n_samples: int
    n_columns: int
    rebuild: bool
    again: bool = False


def forget_subject(home: Home, subject_id: str, say: Say = print) -> ForgetSummary:
    """Remove a subject from every layer of the output folder.

    Parameters
    ----------
    home : Home
        The output folder.
    subject_id : str
        As in the sample sheet.
    say : callable
        Called with each line for the user.

    Returns
    -------
    ForgetSummary
        What was removed. The caller builds the warehouse anew where `rebuild` says so.

    Raises
    ------
    InputError
        The lake has no such subject, or another process is writing it.
    """
    with lake_lock(home):
        state = read_state(home.lake)
        tables = _all_sample_tables(home.lake)
        known = {row["subject_id"] for rows in tables for row in rows}
        if subject_id not in known:
            return _subject_again(home, subject_id, known, say)
        gone = _samples_of(subject_id, state, tables)
        hashes = {hashed("sample", name) for name in gone}
        hashes |= _hashed_columns(home.lake, gone, state)
        log = [
            *state.log,
            forgotten_row(SUBJECT, hashed("subject", subject_id)),
            *(forgotten_row(SAMPLE, sha256) for sha256 in sorted(hashes)),
        ]
        forgotten = forgotten_in(log)
        only = _files_of_forgotten_alone(home.lake, forgotten)
        copies = [
            without_forgotten(path, origin, forgotten)
            for path, origin in state.matrices.items()
            if origin is not None
        ]
        kept = [origin for origin in copies if origin is not None]
        entries = write_state(state, kept, gone, [r for r in log if r["sha256"] not in only])
        switch_and_purge(home, entries)
    here = {row["sample_id"] for row in state.samples} & gone
    n_columns = sum(row["sample_id"] in here for row in state.columns)
    say(
        f"{subject_id}: {len(here)} samples and {n_columns} matrix columns removed, from the lake "
        "and from every file that was replaced"
    )
    for line in (*_AFTERWARDS, "the copy of study.yml stays: look whether it names the subject"):
        say(line)
    return ForgetSummary(len(here), n_columns, rebuild=len(here) < len(state.samples))


def forget_file(home: Home, file: Path | str, say: Say = print) -> ForgetSummary:
    """Remove a raw file's data from every layer of the output folder.

    The matrix of its assay goes as a whole, or all that manifests, or masks, say of the probes,
    or all gene sets and gene lists, or the network, or what derived assays are made with; what
    other files gave to it comes back with the next ingest of a study.yml that no longer names
    this file. A sample sheet says what every column is, so without it nothing can be shown and
    the lake is emptied.

    Parameters
    ----------
    home : Home
        The output folder.
    file : path or str
        Its path, its name in `ingested_file`, or `sha256:` and the first digits of its SHA-256.
    say : callable
        Called with each line for the user.

    Returns
    -------
    ForgetSummary
        What was removed; see `forget_subject`.

    Raises
    ------
    InputError
        The lake has no such file, or several; or another process is writing it.
    """
    with lake_lock(home):
        state = read_state(home.lake)
        found = find_logged(state.log, str(file), home.lake)
        if found.forgotten:
            purge(home)
            say(f"{found.name} had been forgotten before; what was still there of it is removed")
            return ForgetSummary(0, 0, rebuild=bool(state.samples), again=True)
        whole = "samples" in found.current_roles
        kept = [] if whole else _made_without(found.sha256, state)
        assays = {origin.assay for origin in kept}
        intact = [role for role in ROLES if role.name not in found.current_roles]
        roles = set() if whole else {"samples", *assays, *(role.name for role in intact)}
        log = [
            *(_still_current(r, roles) for r in state.log if r["sha256"] != found.sha256),
            forgotten_row(FILE, found.sha256, found.name),
        ]
        if whole:
            entries = [write_named(sorted_log(log), home.lake, "ingested_file")]
        else:
            tables = [name for role in intact for name in role.tables]
            entries = write_state(state, kept, (), log, tables)
        switch_and_purge(home, entries)
    lost = [row["assay"] for row in state.columns if row["assay"] not in assays]
    said = f", with the matrix of {', '.join(sorted(set(lost)))}" if lost else ""
    if not whole:
        gone_roles = (role for role in ROLES if role.name in found.current_roles)
        said += "".join(f", with {role.content}" for role in gone_roles)
    say(f"{found.name}: removed{said}")
    to_do = "take the file out of study.yml, or put a corrected one in its place"
    for line in (*_AFTERWARDS, to_do):
        say(line)
    gone = len(state.samples) if whole else 0
    return ForgetSummary(gone, len(lost), rebuild=gone < len(state.samples))


def _files_of_forgotten_alone(lake: Path, forgotten: Forgotten) -> set[str]:
    """Return the raw files with no other columns: they may bear the name of a person."""
    files: dict[str, bool] = {}
    for path in sorted(lake.glob("matrix-*.parquet")):
        origin = origin_of(path)
        if origin is None:
            continue
        for sha256, columns in (*origin.files, *origin.quality):
            others = not all(forgotten.has_column(origin.assay, name) for name in columns)
            files[sha256] = files.get(sha256, False) or others
    return {sha256 for sha256, others in files.items() if not others}


def _made_without(sha256: str, state: LakeState) -> list[Origin]:
    """Return the current matrices that a raw file has no part in."""
    return [
        origin
        for origin in state.matrices.values()
        if origin is not None and sha256 not in origin.all_files
    ]


def _still_current(row: dict[str, Any], roles: set[str]) -> dict[str, Any]:
    """Return a row of the log whose file counts only if its role is still served."""
    gone = row["status"] == "current" and row["role"] not in roles
    return {**row, "status": "replaced"} if gone else row


def _subject_again(home: Home, subject_id: str, known: Iterable[str], say: Say) -> ForgetSummary:
    if not read_forgotten(home.lake).has_subject(subject_id):
        some = sorted(known)
        raise InputError(
            f"the lake has no subject `{subject_id}`",
            file=home.lake,
            expected=", ".join(some[:12]) + (", …" if len(some) > 12 else "") or None,
            found=subject_id,
            hint=did_you_mean(subject_id, some) or "give the subject as the sample sheet has it",
        )
    purge(home)
    say(f"{subject_id} had been forgotten before; what was still there of it is removed")
    return ForgetSummary(0, 0, rebuild=bool(read_state(home.lake).samples), again=True)


def _all_sample_tables(lake: Path) -> list[list[dict[str, Any]]]:
    """Read every `sample` table on disk, current or replaced."""
    columns = ["sample_id", "subject_id"]
    return [
        pq.read_table(path, columns=columns).to_pylist()
        for path in sorted(lake.glob("sample-*.parquet"))
    ]


def _samples_of(
    subject_id: str, state: LakeState, tables: Iterable[list[dict[str, Any]]]
) -> set[str]:
    """Return a subject's samples, now or earlier; not those a corrected sheet gave to others."""
    ever = {r["sample_id"] for rows in tables for r in rows if r["subject_id"] == subject_id}
    others = {r["sample_id"] for r in state.samples if r["subject_id"] != subject_id}
    return ever - others


def _hashed_columns(lake: Path, gone: set[str], state: LakeState) -> set[str]:
    """Hash the matrix columns of samples, now or earlier."""
    of_others = {
        (row["assay"], row["column_name"]) for row in state.columns if row["sample_id"] not in gone
    }
    ever = {
        (row["assay"], row["column_name"])
        for path in sorted(lake.glob("matrix_sample-*.parquet"))
        for row in pq.read_table(path).to_pylist()
        if row["sample_id"] in gone
    }
    return {hashed_column(*column) for column in _with_raw_columns(lake, ever - of_others)}


def _with_raw_columns(lake: Path, columns: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Add the raw columns of those that technical replicates were merged to."""
    origins = [origin_of(path) for path in sorted(lake.glob("matrix-*.parquet"))]
    return columns.union(
        (origin.assay, raw)
        for origin in origins
        if origin is not None
        for pool in origin.pools
        if (origin.assay, pool.name) in columns
        for raw in pool.columns
    )
