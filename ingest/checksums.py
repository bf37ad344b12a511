"""Checksums of the raw files, each worked out once an ingest."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from cohortmart.core.errors import IngestError
from cohortmart.core.study.records import Assay
from ingest.forget.forgotten import Forgotten
from ingest.read.formats import header_of
from ingest.read.matrix.records import MatrixHeader
from ingest.read.text.raw_file import RawFile, sha256_of


class Checksums:
    """The SHA-256 of raw files, held against what was forgotten.

    Parameters
    ----------
    forgotten : Forgotten
        What must not come back.
    """

    def __init__(self, forgotten: Forgotten) -> None:
        self._forgotten = forgotten
        self._known: dict[Path, str] = {}

    def read_header(self, path: Path, assay: Assay, known_samples: Collection[str]) -> MatrixHeader:
        """Read a matrix file's header, as `formats.read_header` does, and its checksum with it."""
        with RawFile(path) as file:
            header = header_of(file, assay, known_samples)
            if path not in self._known:
                self._known[path] = file.sha256()
        return header

    def of(self, path: Path) -> str:
        """Return the SHA-256 of a raw file.

        Raises
        ------
        IngestError
            The file cannot be read, or was forgotten.
        """
        if path not in self._known:
            self._known[path] = sha256_of(path)
        sha256 = self._known[path]
        if sha256 in self._forgotten.files:
            raise IngestError(
                "this very file was removed with `cohortmart forget --file` and must not come back",
                file=path,
                found=f"SHA-256 {sha256}",
                hint="put the corrected file in its place, or take it out of study.yml",
            )
        return sha256
