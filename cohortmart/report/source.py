"""The source of a report: the warehouse, read only, from which its pages get their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb
import pyarrow as pa

from cohortmart.core.pseudonyms import Names
from cohortmart.core.text import Noun, Nouns
from cohortmart.core.warehouse.home import Home


@dataclass(frozen=True)
class Detail:
    """How much is drawn and listed, whatever the size of the study.

    Parameters
    ----------
    top_features : int
        Rows of a table of features.
    bins : int
        Cells of a density picture along an axis.
    contrasts : int
        Contrasts with pictures of their own; the others are counted in the tables.
    trajectories : int
        Features whose course is drawn for every person, per analysis.
    feature_bytes : int
        Room in the page for the features that a search reaches, over all analyses.
    """

    top_features: int = 40
    bins: int = 40
    contrasts: int = 250
    trajectories: int = 8
    feature_bytes: int = 2_500_000

    def halved(self) -> Detail:
        """Return half of it, for a study that would make the page too large."""
        return Detail(
            max(self.top_features // 2, 5),
            max(self.bins * 3 // 4, 12),
            max(self.contrasts // 2, 10),
            max(self.trajectories // 2, 2),
            max(self.feature_bytes // 2, 250_000),
        )

    @classmethod
    def least(cls) -> Detail:
        """Return the detail below which halving changes nothing."""
        return cls(5, 12, 10, 2, 250_000)


@dataclass(frozen=True, eq=False)
class Source:
    """The tables of one study, and how it orders and names things.

    The connection has a view `shown_sample` (sample_id, sample, subject_id, subject,
    study_group, timepoint, visit_order, cell_type, visit_key): `sample` and `subject` are what
    may be shown. A page joins it and shows nothing else of a person.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        The warehouse, read-only.
    home : Home
    study : str
        Name of the study.
    groups, timepoints, analyses : tuple of str
        In the order of study.yml; analyses are those with results.
    names : Names
        What people and samples are called in the report.
    detail : Detail
    nouns : Nouns
        What the study calls people and the times they come at.
    views : tuple of str
        Statements that make the views which a cursor needs: every cursor has its own.
    shown : tuple of (str, str), optional
        Name and title of the pages made so far that have something to show.
    """

    con: duckdb.DuckDBPyConnection
    home: Home
    study: str
    groups: tuple[str, ...]
    timepoints: tuple[str, ...]
    analyses: tuple[str, ...]
    names: Names
    detail: Detail = field(default=Detail())
    nouns: Nouns = field(default=Nouns())
    views: tuple[str, ...] = ()
    shown: tuple[tuple[str, str], ...] | None = None

    @property
    def subject(self) -> Noun:
        """What the study calls a person."""
        return self.nouns.subject

    @property
    def timepoint(self) -> Noun:
        """What the study calls a time at which people are sampled."""
        return self.nouns.timepoint

    @property
    def has_groups(self) -> bool:
        """Whether there is more than one group: of one there is nothing to say."""
        return len(self.groups) > 1

    @property
    def has_cell_types(self) -> bool:
        """Whether there is more than one cell type."""
        return bool(self.value("select count(distinct cell_type) > 1 from shown_sample"))

    @property
    def pseudonymised(self) -> bool:
        """Whether the report leaves the house: no names, no single person's course or age."""
        return self.names.pseudonymised

    def with_detail(self, detail: Detail) -> Source:
        """Return the same source, to be shown in another detail."""
        return replace(self, detail=detail)

    def after(self, pages: Sequence[tuple[str, str]]) -> Source:
        """Return the same source for a page that follows others, with their names and titles."""
        return replace(self, shown=tuple(pages))

    def table(
        self, query: str, params: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> pa.Table:
        """Return the rows of a query as Arrow; `params` fill `?` or `$name`."""
        relation = self.con.sql(query, params=params) if params else self.con.sql(query)
        found: pa.Table = relation.to_arrow_table()
        return found

    def rows(
        self, query: str, params: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return the rows of a query as dicts: for few."""
        rows: list[dict[str, Any]] = self.table(query, params).to_pylist()
        return rows

    def value(self, query: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> Any:
        """Return the first value of the first row, None where there is no row."""
        rows = self.rows(query, params)
        return next(iter(rows[0].values())) if rows else None

    def is_there(self, *tables: str) -> bool:
        """Tell whether tables of the warehouse are there, without asking them for rows.

        Some views would compute all of their rows to give the first.
        """
        known = self.value(
            "select count(distinct table_name) from duckdb_columns() "
            "where schema_name = 'main' and list_contains(?, table_name)",
            [list(tables)],
        )
        return bool(known == len(set(tables)))

    def has_rows(self, table: str) -> bool:
        """Tell whether a table of the warehouse is there and has rows."""
        return self.is_there(table) and self.value(f"select true from {table} limit 1") is True
