"""The explorer's pages of single features on the demo: what they show is what the tables have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cohortmart.core.warehouse.home import Home
from cohortmart.explore.answers.explored import Explored
from cohortmart.explore.answers.feature import feature_view
from cohortmart.explore.answers.gene import gene_cpgs_view, gene_view
from cohortmart.explore.answers.gene_set import set_view
from cohortmart.explore.answers.results import VALUES, found_cpgs, layouts, results_of
from cohortmart.explore.answers.view import View
from cohortmart.report.blocks import Table, all_blocks

pytestmark = pytest.mark.slow

_SOME = """
    select r.feature_id from fct_contrast_result as r
    where r.analysis = $analysis
    group by r.feature_id order by hash(r.feature_id) limit 20
"""
#: A gene with CpGs that move, and one of those.
_MOVING = """
    select b.gene_name, min(b.probe_id) as probe_id from bridge_probe_gene as b
    where b.probe_id in (select probe_id from dmp_deg)
        and b.gene_name in (select gene_name from bridge_gene_set)
    group by b.gene_name order by b.gene_name limit 1
"""


@pytest.fixture(scope="module")
def explored(demo_run: Path) -> Iterator[Explored]:
    opened = Explored(Home(demo_run))
    yield opened
    opened.close()


def test_each_analysis_lies_as_the_fit_wrote_it(explored: Explored) -> None:
    laid = explored.kept("feature positions", layouts)
    with explored.asked() as asked:
        assert set(laid) == set(asked.analyses)
        for analysis in asked.analyses:
            ids = [row["feature_id"] for row in asked.rows(_SOME, {"analysis": analysis})]
            asked.questions.clear()
            found = results_of(explored, asked, analysis, ids, list(VALUES))
            assert found.equals(asked.con.sql(asked.questions[0]).to_arrow_table())
            assert found.num_rows == len(ids) * len(laid[analysis].contrasts)


def test_found_cpgs_are_those_of_dmp(explored: Explored) -> None:
    with explored.asked() as asked:
        query = "select probe_id from bridge_probe_gene group by 1 order by 1 limit 2000"
        ids = [row["probe_id"] for row in asked.rows(query)]
        asked.questions.clear()
        found = found_cpgs(explored, asked, ids)
        expected = {
            (r["analysis"], r["contrast"], r["feature_id"]) for r in asked.rows(asked.questions[0])
        }
    assert {(*where, i) for i, those in found.items() for where in those} == expected
    assert len(expected) > 20


def test_pages_have_their_parts_and_every_question_is_answered(explored: Explored) -> None:
    with explored.asked() as asked:
        row = asked.rows(_MOVING)[0]
        gene_set = asked.value("select gene_set from enrichment order by 1 limit 1")
        cpgs = asked.rows("select assay from staging.stg_lake__assays where kind = 'beta'")
    views = [
        gene_view(explored, {"name": row["gene_name"]}),
        gene_cpgs_view(explored, {"name": row["gene_name"]}),
        feature_view(explored, {"assay": cpgs[0]["assay"], "id": row["probe_id"]}),
        set_view(explored, {"name": gene_set}),
    ]
    assert _tables(views[0]) == {"contrasts"}
    assert {"cpgs", "pairs", "sets"} <= _tables(views[1])
    assert {"contrasts", "pairs"} <= _tables(views[2])
    assert _tables(views[3]) == {"enrichment", "genes"}
    with explored.cursor() as cursor:
        for view in views:
            for question in view.questions:
                cursor.sql(question).fetchall()


def _tables(view: View) -> set[str]:
    return {block.name for block in all_blocks(view.page) if isinstance(block, Table)}
