"""Who and what was forgotten, as SHA-256 only: the lake remembers no name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cohortmart.core.lake.file_manifest import read_part

SUBJECT, SAMPLE, FILE = "forgotten_subject", "forgotten_sample", "forgotten_file"


def hashed(kind: str, name: str) -> str:
    """Return the SHA-256 that stands for the name of a subject, sample or column."""
    return hashlib.sha256(f"{kind}:{name}".encode()).hexdigest()


def hashed_column(assay: str, column: str) -> str:
    """Return the SHA-256 that stands for a column of an assay's matrix."""
    return hashed("column", f"{assay}:{column}")


@dataclass(frozen=True)
class Forgotten:
    """What must not come back.

    Parameters
    ----------
    subjects : frozenset of str
        Hashes of subject_ids.
    samples : frozenset of str
        Hashes of sample_ids and of matrix columns.
    files : frozenset of str
        SHA-256 of raw files.
    """

    subjects: frozenset[str] = frozenset()
    samples: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()

    def has_subject(self, subject_id: str) -> bool:
        """Whether this subject was forgotten."""
        return hashed("subject", subject_id) in self.subjects

    def has_sample(self, sample_id: str) -> bool:
        """Whether a sample of this name was forgotten."""
        return hashed("sample", sample_id) in self.samples

    def has_column(self, assay: str, column: str) -> bool:
        """Whether this column of an assay's matrix was forgotten."""
        return hashed_column(assay, column) in self.samples


def read_forgotten(lake: Path) -> Forgotten:
    """Return what was forgotten in this lake."""
    table = read_part(lake, "ingested_file")
    return forgotten_in([] if table is None else table.to_pylist())


def forgotten_in(rows: Iterable[Mapping[str, Any]]) -> Forgotten:
    """Return what rows of `ingested_file` remember as forgotten."""
    hashes: dict[str, set[str]] = {SUBJECT: set(), SAMPLE: set(), FILE: set()}
    for row in rows:
        if row["role"] in hashes:
            hashes[row["role"]].add(row["sha256"])
    return Forgotten(*(frozenset(hashes[role]) for role in (SUBJECT, SAMPLE, FILE)))


def forgotten_row(role: str, sha256: str, file: str = "") -> dict[str, Any]:
    """Return a row of `ingested_file` that remembers what was forgotten."""
    return {
        "file": file,
        "role": role,
        "sha256": sha256,
        "options": "",
        "reader_version": "",
        "status": "forgotten",
    }
