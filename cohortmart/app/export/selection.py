"""Selection: which analyses and assays of a study are exported, from its warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from cohortmart.core.errors import InputError
from cohortmart.core.study.study_copy import StudyCopy
from cohortmart.core.text import did_you_mean, listed
from cohortmart.core.warehouse.home import Home
from cohortmart.report.context import report_source
from cohortmart.report.source import Source

#: Tables that list the assays with values, each of one kind.
_ASSAYS = """
    select distinct assay from fct_gene_expression
    union select assay from qc_probe
    union select assay from dim_measure
"""
#: One name for each feature: of a gene its symbol, of a probe its genes, else what it measures.
_LABELS = """
create or replace temp table feature_label as
    select v.assay, v.gene_id as feature_id, g.gene_name as label
    from (select distinct assay, gene_id from fct_gene_expression) as v
    inner join dim_gene as g using (gene_id)
    union all
    select q.assay, q.probe_id, string_agg(distinct b.gene_name, ';' order by b.gene_name)
    from qc_probe as q left join bridge_probe_gene as b using (probe_id) group by all
    union all
    select assay, feature_id, measure_name from dim_measure
"""
#: What meets the thresholds of its analysis, of whatever kind.
_FOUND = """
create or replace temp table found_feature as
    select analysis, contrast, gene_id as feature_id from deg
    union all select analysis, contrast, probe_id from dmp
    union all select analysis, contrast, feature_id from changed_measure
"""


@dataclass(frozen=True, eq=False)
class Selection:
    """What of a study is exported.

    The connection also has `feature_label` (assay, feature_id, label) and `found_feature`
    (analysis, contrast, feature_id).

    Parameters
    ----------
    source : Source
        The warehouse as the report sees it: with `pseudonymise`, its tables have no changes of
        a single person, and `source.names` are numbers.
    analyses, assays : tuple of str
        Names in the order of study.yml.
    is_whole : bool
        Nothing was left out.
    tables : tuple of str
        Tables that were named; all if empty.
    gzip : bool
        Text files are compressed.
    """

    source: Source
    analyses: tuple[str, ...]
    assays: tuple[str, ...]
    is_whole: bool
    tables: tuple[str, ...] = ()
    gzip: bool = False

    @property
    def pseudonymised(self) -> bool:
        """Whether the files leave the house: no names, no values of a single person."""
        return self.source.pseudonymised

    def words(self, text: str) -> str:
        """Return a text without ids of people and samples, where they are not to be shown."""
        return self.source.names.words(text)


@contextmanager
def selection(
    home: Home,
    *,
    analyses: Sequence[str] = (),
    assays: Sequence[str] = (),
    tables: Sequence[str] = (),
    pseudonymise: bool = False,
    gzip: bool = False,
) -> Iterator[Selection]:
    """Open the warehouse of an output folder for an export.

    Parameters
    ----------
    home : Home
    analyses, assays : sequence of str
        Names; where only one of the two is given, the other follows from it: the assays of these
        analyses, or the analyses of these assays. Where none is, all are.
    tables : sequence of str
    pseudonymise, gzip : bool

    Raises
    ------
    InputError
        There is no warehouse, or none of these names.
    """
    with report_source(home, pseudonymise=pseudonymise) as source:
        pairs = source.rows("select analysis, assay from analysis_run")
        assay_of = {str(r["analysis"]): str(r["assay"]) for r in pairs}
        known = StudyCopy(home).sorted("assays", {str(r["assay"]) for r in source.rows(_ASSAYS)})
        _refuse_unknown(home, "analysis", analyses, source.analyses)
        _refuse_unknown(home, "assay", assays, known)
        chosen = set(analyses) or {a for a in assay_of if not assays or assay_of[a] in assays}
        measured = set(assays) or {assay_of[a] for a in chosen if analyses} or set(known)
        source.con.execute(_LABELS)
        source.con.execute(_FOUND)
        yield Selection(
            source,
            tuple(a for a in source.analyses if a in chosen),
            tuple(a for a in known if a in measured),
            not analyses and not assays,
            tuple(tables),
            gzip,
        )


def _refuse_unknown(home: Home, what: str, given: Sequence[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise InputError(
                f"the study has no {what} `{name}`",
                file=home.warehouse,
                expected=listed(known) or "none is there yet",
                hint=did_you_mean(name, known),
            )
