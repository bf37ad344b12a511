"""Tools of agents: tables, columns, a query, contrasts, a gene; each answers with plain values."""

from __future__ import annotations

from typing import Any

from cohortmart.core.errors import InputError
from cohortmart.core.text import did_you_mean
from cohortmart.explore.agents.gene import gene_facts, listed
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.queries import Queries
from cohortmart.explore.answers.queries.plain import plain_answer
from cohortmart.explore.answers.queries.tables import asked_table, asked_tables

_CONTRASTS = """
    select s.analysis, s.contrast, d.meaning, d.expression, d.assay, d.n_subjects, d.n_samples,
        s.n_tested, s.n_up, s.n_down, s.threshold_p, s.threshold_adj_p, s.threshold_delta_beta,
        s.threshold_log_fc
    from contrast_summary as s
    inner join dim_contrast as d on d.analysis = s.analysis and d.contrast = s.contrast
    where (d.n_subjects >= 2 or not $pseudonymised)
        and ($analysis is null or s.analysis = $analysis)
    order by s.analysis, d.contrast_order, s.contrast
"""
#: Contrasts that are listed at a time.
_MOST_CONTRASTS = 400


class Tools:
    """What agents may ask of a study.

    Parameters
    ----------
    explored : Explored
        With numbers in place of people, nothing of a single person is told.
    """

    def __init__(self, explored: Explored) -> None:
        self.explored = explored
        self._queries = Queries(explored)

    def tables(self) -> dict[str, Any]:
        """Return the study's name, and each table with what a row of it is."""
        tables = asked_tables(self.explored)
        return {
            "study": self.explored.name,
            "tables": [{"table": table.name, "about": table.about} for table in tables],
        }

    def columns(self, table: str) -> dict[str, Any]:
        """Return what a row of a table is, and each column with type, unit and meaning."""
        found = asked_table(self.explored, table)
        columns = [{"column": c.name, "type": c.kind, "about": c.about} for c in found.columns]
        return {"table": found.name, "about": found.about, "columns": columns}

    def query(self, sql: str) -> dict[str, Any]:
        """Return the first rows of a query that reads."""
        given = plain_answer(self._queries.answer(sql))
        if not given["is_all"]:
            n = len(given["rows"])
            given["note"] = f"these are the first {n:,} rows, there are more: aggregate, or filter"
        return given

    def contrasts(self, analysis: str | None = None) -> dict[str, Any]:
        """Return what each contrast means and how many features were found in it.

        Raises
        ------
        InputError
            There is no such analysis.
        """
        with self.explored.asked() as asked:
            pseudonymised, words = asked.pseudonymised, asked.names.words
            known = {words(name): name for name in asked.analyses}
            if analysis is not None and analysis not in known:
                raise InputError(
                    f"there is no analysis `{analysis}` with results",
                    expected=", ".join(known),
                    hint=did_you_mean(analysis, list(known)),
                )
            params = {"pseudonymised": pseudonymised, "analysis": known.get(analysis or "")}
            return listed(asked.table(_CONTRASTS, params), words, _MOST_CONTRASTS)

    def gene(self, name: str) -> dict[str, Any]:
        """Return what is known of a gene."""
        return gene_facts(self.explored, name)
