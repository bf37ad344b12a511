"""Questions of a view: asked on a cursor of its own, and kept to be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import pyarrow as pa

from cohortmart.core.warehouse.quoting import literal
from cohortmart.explore.answers.sql_values import with_values
from cohortmart.report.source import Source

#: Tables that only say what there is: no one asks how a page found its columns.
_OF_DUCKDB = ("duckdb_columns", "duckdb_tables", "duckdb_views", "memory.main.")
#: What the explorer's own name of a sample stands for, in SQL that anyone can run.
_SHOWN_SAMPLE = """with shown_sample as (
    select sample_id, sample_id as sample, subject_id, subject_id as subject, study_group,
        timepoint, visit_order, cell_type, visit_key
    from dim_sample
)
"""


@dataclass(frozen=True, eq=False)
class Asked(Source):
    """The tables of a study for one view, which keeps what it is asked.

    Parameters
    ----------
    there : frozenset of str
        Its tables, where they are known.
    questions : list of str
        SQL that `cohortmart sql` answers, each once, in the order in which it was asked.
    """

    questions: list[str] = field(default_factory=list)
    there: frozenset[str] = frozenset()

    @classmethod
    def on(cls, source: Source, con: Any, there: frozenset[str] = frozenset()) -> Asked:
        """Return the same tables, asked on a cursor.

        Parameters
        ----------
        source : Source
        con : DuckDBPyConnection
            A cursor of the source's connection, which gets its views.
        there : frozenset of str
            Tables of the warehouse; not looked up again if they are given.
        """
        for view in source.views:
            con.execute(view)
        values = {f.name: getattr(source, f.name) for f in fields(Source)}
        return cls(**(values | {"con": con, "there": there}))

    def is_there(self, *tables: str) -> bool:
        """Tell whether tables of the warehouse are there."""
        return self.there.issuperset(tables) if self.there else super().is_there(*tables)

    def table(
        self,
        query: str,
        params: Sequence[Any] | Mapping[str, Any] | None = None,
        *,
        shown: str | None = None,
    ) -> pa.Table:
        """Return the rows of a query as Arrow.

        Parameters
        ----------
        query : str
        params : sequence or mapping, optional
            Of its `?` in order, or of its `$name`.
        shown : str, optional
            SQL that gives the same rows from the tables that analysts see, where the query itself
            goes another way; it takes the same parameters.
        """
        if shown is not None or not any(name in query for name in _OF_DUCKDB):
            self._keep(query if shown is None else shown, params)
        return super().table(query, params)

    def note(self, query: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> None:
        """Keep a query that gives what is shown, where the view itself asks in another way.

        Parameters
        ----------
        query : str
            On the tables that analysts see.
        params : sequence or mapping, optional
        """
        self._keep(query, params)

    def _keep(self, query: str, params: Sequence[Any] | Mapping[str, Any] | None) -> None:
        text = with_values(query, params)
        if "shown_sample" in text:
            text = f"{_SHOWN_SAMPLE}select * from (\n{text}\n)"
        if text not in self.questions:
            self.questions.append(text)


def texts(values: Sequence[str]) -> str:
    """Return texts as a list of SQL: ('a', 'b').

    Parameters
    ----------
    values : sequence of str
        One or more.
    """
    return f"({', '.join(map(literal, values))})"
