"""What is to be read for each assay, found out from headers and checksums alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay, Study
from ingest.check.matrix import check_header, check_samples_once
from ingest.forget.forgotten import Forgotten
from ingest.matrix.detection import read_beside
from ingest.matrix.matrix_file import Origin, raw_origin
from ingest.read.formats import read_header
from ingest.read.text.text import sha256_of


@dataclass(frozen=True)
class Plan:
    """One assay that is to be in the lake.

    Parameters
    ----------
    name : str
        The assay's name.
    assay : Assay
        Its block of study.yml.
    origin : Origin
        What its matrix is made from, without the columns of forgotten subjects.
    left_out : tuple of str
        Those columns.
    known_samples : frozenset of str
        Names that the sheets give to the assay's samples.
    """

    name: str
    assay: Assay
    origin: Origin
    left_out: tuple[str, ...]
    known_samples: frozenset[str] = frozenset()

    @property
    def used(self) -> tuple[tuple[Path, str], ...]:
        """Files of which anything is in the matrix, each with its SHA-256.

        Those are not used that hold nothing but columns of forgotten subjects.
        """
        paths = (*self.assay.files, *self.assay.detection_p, *self.assay.bead_count)
        made_from = (*self.origin.files, *self.origin.beside)
        pairs = zip(paths, made_from, strict=True)
        return tuple((path, sha256) for path, (sha256, columns) in pairs if columns)

    @property
    def used_files(self) -> tuple[Path, ...]:
        """The same without the SHA-256."""
        return tuple(path for path, _ in self.used)


def plan_assays(
    study: Study,
    forgotten: Forgotten,
    forgotten_names: Mapping[str, frozenset[str]],
    known_names: Mapping[str, Collection[str]],
) -> list[Plan]:
    """Plan every assay of a study.

    Parameters
    ----------
    study : Study
        Names the files.
    forgotten : Forgotten
        What must not come back.
    forgotten_names : mapping
        Assay to the columns that the sheets give to forgotten subjects.
    known_names : mapping
        Assay to all the names that the sheets give to its samples.

    Raises
    ------
    IngestError
        A file cannot be read, was forgotten, or nothing of an assay is left.
    """
    plans = []
    for name, assay in sorted(study.assays.items()):
        known = frozenset(known_names[name])
        headers = [read_header(path, assay, known) for path in assay.files]
        for header in headers:
            check_header(header)
        check_samples_once(headers)
        beside = read_beside(assay, known, [sample for h in headers for sample in h.samples])
        whole = raw_origin(
            name,
            assay,
            [(checked_sha256(h.path, forgotten), h.samples) for h in headers],
            [
                (checked_sha256(h.path, forgotten), h.samples)
                for of_quantity in beside.values()
                for h in of_quantity
            ],
        )
        left_out = tuple(
            column
            for column in whole.columns
            if column in forgotten_names[name] or forgotten.has_column(name, column)
        )
        origin = whole.without(left_out)
        if not origin.columns:
            raise IngestError(
                f"every sample of the assay {name} is of a forgotten subject",
                file=assay.files[0],
                hint=f"take the assay {name} out of study.yml, or give it other files",
            )
        plans.append(Plan(name, assay, origin, left_out, known))
    return plans


def checked_sha256(path: Path, forgotten: Forgotten) -> str:
    """Return the SHA-256 of a raw file.

    Raises
    ------
    IngestError
        The file cannot be read, or was forgotten.
    """
    sha256 = sha256_of(path)
    if sha256 in forgotten.files:
        raise IngestError(
            "this very file was removed with `cohortmart forget --file` and must not come back",
            file=path,
            found=f"SHA-256 {sha256}",
            hint="put the corrected file in its place, or take it out of study.yml",
        )
    return sha256
