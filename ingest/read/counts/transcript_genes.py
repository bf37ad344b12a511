"""Transcripts summed to genes: counts and abundances added, lengths averaged by abundance.

Soneson, Love & Robinson 2015, doi 10.12688/f1000research.7563.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from cohortmart.core.errors import IngestError
from cohortmart.core.text import counted
from ingest.read.counts.transcript_table import read_transcript_table
from ingest.read.text.names import tidy_ids, tidy_names

#: Share of the transcripts of a file that must be in the table.
_NEEDED = 0.5
_VERSION = r"^(ENS[A-Z]{0,6}T[0-9]{11}|[NX][MR]_[0-9]+)\.[0-9]+(_PAR_Y)?$"


@dataclass(eq=False)
class TranscriptGenes:
    """The genes of the transcripts that an assay's files hold; None of one table.

    The mapping of one file is kept for the next, which as a rule has the same transcripts.

    Parameters
    ----------
    path : Path or None
        The table; None where the files hold genes.
    strip_version : bool
        Whether versions are cut from the genes' ids.

    Attributes
    ----------
    notes : list of str
        What the user should know.
    """

    path: Path | None
    strip_version: bool = False
    notes: list[str] = field(default_factory=list)
    _table: pl.DataFrame | None = None
    _ids: Any = None
    _genes: Any = None
    _names: Any = None
    _codes: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    _lengths: np.ndarray | None = None
    _n_samples: int = 0
    _first: Path | None = None
    _said_lost: bool = False

    @property
    def genes(self) -> Any:
        """Ids of all genes, of `codes`; (genes,)."""
        return self._genes

    @property
    def names(self) -> Any:
        """Names of the genes, null where there is none; (genes,)."""
        return self._names

    @property
    def codes(self) -> np.ndarray:
        """Positions in `genes` of the first file's transcripts; -1 for those of none."""
        return self._codes

    def order_of(self, ids: Any, file: Path, genes: Any = None) -> np.ndarray | None:
        """Return where the first file's transcripts stand in this one; None for the same order.

        Parameters
        ----------
        ids : pa.StringArray
            (transcripts,) as in the file.
        file : Path
            For messages.
        genes : pa.StringArray, optional
            (transcripts,) where the file says itself of which gene they are.

        Raises
        ------
        IngestError
            A transcript stands twice, the table has fewer than half of them, or the file has
            others than the first file of the assay.
        """
        if self._ids is None:
            _refuse_twice(ids, file)
            found, names = (genes, None) if genes is not None else self._looked_up(ids, file)
            coded = tidy_ids(found, self.strip_version).dictionary_encode()
            self._genes = coded.dictionary
            codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            self._codes = codes.astype(np.int64)
            self._names = self._names_of(names)
            self._ids, self._first = ids, file
        if ids.equals(self._ids):
            return None
        _refuse_twice(ids, file)
        self._refuse_other(ids, file)
        return np.asarray(pc.index_in(self._ids, value_set=ids).to_numpy(), np.int64)

    def _names_of(self, names: Any) -> Any:
        if names is None:
            return None
        places = np.full(len(self._genes), -1)
        known = np.flatnonzero(self._codes >= 0)[::-1]
        places[self._codes[known]] = known  # the first transcript's
        return names.take(pa.array(places))

    def _looked_up(self, ids: Any, file: Path) -> tuple[Any, Any]:
        assert self.path is not None
        table = read_transcript_table(self.path)
        bare = pc.replace_substring_regex(ids, pattern=r"\|.*$", replacement="")
        known = pa.array(table["transcript"].to_list(), pa.string())
        place = pc.index_in(bare, value_set=known)
        if place.null_count:
            again = pc.index_in(_unversioned(bare), value_set=_unversioned(known))
            if again.null_count < place.null_count:
                n = place.null_count - again.null_count
                place = pc.coalesce(place, again)
                self.notes.append(
                    f"{self.path.name}: {counted(n, 'transcript')} of {file.name} known only "
                    "without their version"
                )
        self._refuse_few(place, ids, known, file)
        genes = pa.array(table["gene"].to_list(), pa.string()).take(place)
        names = tidy_names(pa.array(table["gene_name"].to_list(), pa.string())).take(place)
        return genes, names

    def _refuse_few(self, place: Any, ids: Any, known: Any, file: Path) -> None:
        assert self.path is not None
        share = 1 - place.null_count / max(1, len(place))
        lacking = ids.filter(pc.is_null(place)).slice(0, 3).to_pylist()
        if share < _NEEDED:
            raise IngestError(
                f"{self.path.name} has {share:.1%} of the transcripts of the file",
                file=file,
                expected=f"transcripts such as {', '.join(known.slice(0, 2).to_pylist())}",
                found=", ".join(lacking),
                hint="give the table (or GTF) of the annotation that the reads were mapped with",
            )

    def say_lost(self, counts: np.ndarray, file: Path) -> None:
        """Note how many transcripts, and reads, are of no gene; once for all files."""
        lost = self._codes < 0
        if self.path is None or self._said_lost or not lost.any():
            return
        self._said_lost = True
        total, gone = float(counts.sum()), float(counts[lost].sum())
        some = self._ids.filter(pa.array(lost)).slice(0, 3).to_pylist()
        self.notes.append(
            f"{self.path.name}: {lost.sum():,} of {counted(len(lost), 'transcript')} are of no "
            f"gene and left out, with {gone / total if total else 0:.2%} of the reads of "
            f"{file.name}: {', '.join(some)}{', ...' if lost.sum() > 3 else ''}"
        )

    def add_lengths(self, lengths: np.ndarray) -> None:
        """Remember the effective lengths of one sample's transcripts, in the order of the first."""
        self._lengths = lengths.copy() if self._lengths is None else self._lengths + lengths
        self._n_samples += 1

    def mean_lengths(self) -> np.ndarray:
        """Return the mean length of each gene's transcripts, over all samples; (genes,).

        It stands where no sample has an abundance that could weigh them.
        """
        assert self._lengths is not None
        known = self._codes >= 0
        n = np.bincount(self._codes[known], minlength=len(self._genes))
        of_transcripts = self._lengths[known] / self._n_samples
        total = np.bincount(self._codes[known], weights=of_transcripts, minlength=len(self._genes))
        mean: np.ndarray = total / np.maximum(n, 1)
        return mean

    def _refuse_other(self, ids: Any, file: Path) -> None:
        assert self._first is not None
        extra = ids.filter(pc.invert(pc.is_in(ids, value_set=self._ids)))
        lacking = self._ids.filter(pc.invert(pc.is_in(self._ids, value_set=ids)))
        if not len(extra) and not len(lacking):
            return
        found, words = (lacking, "lacks") if len(lacking) else (extra, "has further")
        raise IngestError(
            f"the file {words} {counted(len(found), 'transcript')}",
            file=file,
            expected=f"the same transcripts as in {self._first.name}",
            found=", ".join(found.slice(0, 3).to_pylist()),
            hint="make all files with one index",
        )


def _unversioned(ids: Any) -> Any:
    return pc.replace_substring_regex(ids, pattern=_VERSION, replacement=r"\1\2")


def _refuse_twice(ids: Any, file: Path) -> None:
    coded = ids.dictionary_encode()
    if len(coded.dictionary) == len(ids):
        return
    index = coded.indices.to_numpy()
    row = int((index[1:] <= np.maximum.accumulate(index)[:-1]).argmax()) + 1
    raise IngestError(
        f"`{ids[row].as_py()}` stands twice",
        file=file,
        expected="each transcript once",
        found=f"rows {int((index == index[row]).argmax()) + 1:,} and {row + 1:,} below the header",
        hint="make the file again with an index without doubled names",
    )
