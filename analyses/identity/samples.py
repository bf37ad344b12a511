"""Samples whose identity is asked: all that were measured, whoever they are said to be."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl

from cohortmart.core.study.records import Study
from cohortmart.core.study.sex import sex_column, sex_of
from cohortmart.core.types import Floats, Ints
from cohortmart.core.warehouse.home import fetch
from cohortmart.core.warehouse.quoting import identifier

_MEASURED = """
    select distinct m.assay, m.kind, s.sample_id, s.subject_id, s.timepoint, s.cell_type,
        cast({sex} as varchar) as sex
    from staging.stg_lake__matrix_samples as m
    inner join dim_sample as s on m.sample_id = s.sample_id
    where list_contains($1::varchar[], m.assay)
    order by m.assay, s.sample_id
"""


@dataclass(frozen=True, eq=False)
class IdentitySamples:
    """Samples of all assays that are not made from others.

    Parameters
    ----------
    frame : polars.DataFrame
        assay, kind, sample_id, subject_id, timepoint, cell_type, sex (`female`, `male`, null), by
        assay and sample_id; one that was measured in two assays has two rows.
    people : tuple of str
        Subjects in byte order.
    said : ndarray of int of shape (n_rows,)
        Number of the person that the sheet names.
    """

    frame: pl.DataFrame
    people: tuple[str, ...]
    said: Ints

    @property
    def sheet_sex(self) -> Floats:
        """Whether each person is said to have two X: 1, 0, NaN = not said, or both are."""
        xx: Floats = np.full(len(self.people), np.nan)
        told = self.frame["sex"].to_list()
        for person in range(len(self.people)):
            words = {told[i] for i in np.flatnonzero(self.said == person)} - {None}
            if len(words) == 1:
                xx[person] = float(words == {"female"})
        return xx

    def rows_of(self, assay: str) -> dict[str, int]:
        """Return the row of each sample of an assay."""
        frame = self.frame.with_row_index("row").filter(pl.col("assay") == assay)
        return dict(zip(frame["sample_id"], frame["row"], strict=True))

    def of_kind(self, kind: str) -> list[str]:
        """Return the assays of a kind, in order."""
        found: list[str] = self.frame.filter(pl.col("kind") == kind)["assay"].unique().to_list()
        return sorted(found)


def identity_samples(con: duckdb.DuckDBPyConnection, study: Study) -> IdentitySamples:
    """Read which samples were measured, and whose they are said to be.

    Parameters
    ----------
    con : DuckDBPyConnection
        The warehouse.
    study : Study
    """
    column = sex_column(study)
    query = _MEASURED.format(sex="null" if column is None else f"s.{identifier(column)}")
    frame = pl.DataFrame(fetch(con, query, [list(study.measured_assays)]))
    frame = frame.with_columns(
        pl.Series("sex", [sex_of(word) for word in frame["sex"]], dtype=pl.String)
    )
    people = tuple(sorted(set(frame["subject_id"]), key=str.encode))
    number = {person: i for i, person in enumerate(people)}
    said = np.array([number[p] for p in frame["subject_id"]], dtype=np.int64)
    return IdentitySamples(frame, people, said)
