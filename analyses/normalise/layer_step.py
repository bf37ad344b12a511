"""A normalisation step: what it is asked, what it reads, and how it makes a layer of the lake."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from analyses.normalise.result import StepResult
from analyses.normalise.source import LayerSource, MatrixRows, matrix_rows
from cohortmart.core.errors import AnalysisError
from cohortmart.core.lake.file_manifest import read_current, read_part
from cohortmart.core.lake.layers import RAW, is_derived, part_of
from cohortmart.core.lake.matrix import extras_of
from cohortmart.core.study.records import Assay, Study


def _nothing(_study: Study, _assay: Assay) -> list[str]:
    return []


@dataclass(frozen=True)
class LayerInputs:
    """What a step reads besides the layer before it.

    Parameters
    ----------
    tables : tuple of str
        Tables of the lake.
    own_rows : tuple of str
        Tables of the lake of which only the rows of the assay are read.
    matrices : tuple of str
        Matrices that stand with the raw values: detection_p, bead_count, methylated,
        unmethylated.
    settings : callable
        What of study and assay it depends on beyond its own options, as texts.
    """

    tables: tuple[str, ...] = ()
    own_rows: tuple[str, ...] = ()
    matrices: tuple[str, ...] = ()
    settings: Callable[[Study, Assay], list[str]] = _nothing


@dataclass(frozen=True, eq=False)
class StepRun:
    """What a step is given to do its work.

    Parameters
    ----------
    study : Study
    lake : Path
        The lake's folder.
    name, assay : str, Assay
    options : any
        What study.yml asks of the step.
    source : LayerSource
        The layer before.
    folder : Path
        For scratch files; may go once the rows were taken.
    where : str
        Begins the messages.
    """

    study: Study
    lake: Path
    name: str
    assay: Assay
    options: Any
    source: LayerSource
    folder: Path
    where: str

    @property
    def samples(self) -> pl.DataFrame:
        """Rows of the lake's `sample` in the order of the source's samples."""
        table = read_part(self.lake, "sample")
        assert table is not None
        order = pl.DataFrame({"sample_id": list(self.source.sample_ids)})
        return order.join(pl.DataFrame(table), on="sample_id", how="left", maintain_order="left")

    def table(self, name: str) -> pa.Table | None:
        """Return a table of the lake, None if it has none."""
        return read_part(self.lake, name)

    def has_matrix(self, name: str) -> bool:
        """Tell whether the raw values have a further matrix of this name."""
        return name in extras_of(self._raw_path())

    def _raw_path(self) -> Path:
        part = part_of(self.name, RAW)
        return next(
            self.lake / e.path
            for e in read_current(self.lake)
            if (e.table_name, e.part) == ("matrix", part)
        )

    def matrix(self, name: str) -> Callable[[], Iterator[MatrixRows]]:
        """Return what streams a further matrix: features and samples are those of the source.

        Parameters
        ----------
        name : str
            One of the step's `LayerInputs.matrices`.

        Raises
        ------
        AnalysisError
            The lake does not have it.
        """
        path = self._raw_path()
        there = extras_of(path)
        if name not in there:
            raise AnalysisError(
                f"{self.where}: the lake holds no matrix `{name}` of this assay",
                expected=f"`{name}` beside the raw values",
                found=", ".join(there) or "the values alone",
                hint="read files that have it; signals stay with `read: {keep_signals: true}`",
            )
        table = read_part(self.lake, "matrix_sample")
        rows = [] if table is None else table.to_pylist()
        at = {
            r["sample_id"]: r["position"] - 1
            for r in rows
            if (r["assay"], r["layer"]) == (self.name, RAW)
        }
        positions = [at[sample] for sample in self.source.sample_ids]
        return partial(matrix_rows, path, name, self.source.feature_ids, positions)


def _digest_of_rows(lake: Path, table: str, assay: str) -> str:
    """Return a digest of the rows of one assay in a table of the lake."""
    whole = read_part(lake, table)
    rows = [] if whole is None else whole.filter(pc.equal(whole["assay"], assay)).to_pylist()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _no_check(*_: Any) -> Iterator[str]:
    yield from ()


@dataclass(frozen=True)
class LayerStep:
    """A step of `normalise`, or one that keys of the assay ask for; it writes a layer of the lake.

    Parameters
    ----------
    name : str
        Of its layer; a step of `normalise` is called like its key in study.yml.
    title : str
        The method, as it is written in messages.
    inputs : LayerInputs
    run : callable
        Does the step; it raises AnalysisError where it cannot.
    seconds_per_value : float
        On one busy core, to say beforehand what a run takes.
    bytes_per_value : float
        In the layer's file.
    check : callable
        Yields why the step would refuse samples, before anything is read: takes the rows of
        `dim_sample`, the options, the study and the words that begin the messages.
    keys : tuple of str
        Keys of the assay that are its options, where it is no step of `normalise`.
    """

    name: str
    title: str
    inputs: LayerInputs
    run: Callable[[StepRun], StepResult]
    seconds_per_value: float
    bytes_per_value: float = 8.0
    check: Callable[[pl.DataFrame, Any, Study, str], Iterator[str]] = _no_check
    keys: tuple[str, ...] = ()

    def options(self, assay: Assay) -> Any:
        """Return what study.yml asks of the step: True where there are no options."""
        own = {key: getattr(assay, key) for key in self.keys}
        return next((s.options for s in assay.normalise if s.layer == self.name), own)

    def asked(self, assay: Assay) -> dict[str, Any]:
        """Return the step as study.yml has it, for fingerprint and table."""
        step = next((s for s in assay.normalise if s.layer == self.name), None)
        if step is None:
            return {key: getattr(assay, key) for key in self.keys}
        return step.model_dump(exclude_none=True)

    def depends_on(self, lake: Path, study: Study, name: str, assay: Assay) -> list[str]:
        """Name what the step reads besides the matrix; files carry the hash of their content."""
        tables = self.inputs.tables
        given = (e for e in read_current(lake) if e.table_name in tables and not is_derived(e))
        files = sorted(e.path for e in given)
        own = [_digest_of_rows(lake, table, name) for table in self.inputs.own_rows]
        return [*files, *own, *self.inputs.settings(study, assay)]
